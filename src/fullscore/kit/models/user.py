"""The thin user model: audit points to it, so it stands in the kit."""

from typing import ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.db.models.functions import Lower

from fullscore.kit import access


class UserQuerySet(models.QuerySet["User"]):
    """Accounts, by who may see them."""

    def in_reach(self, reach: access.Reach) -> "UserQuerySet":
        """Return all of them: accounts are no team's, and their verbs look at every grant."""
        return self if reach.is_anything else self.none()

    def visible_to(self, user: access.Actor) -> "UserQuerySet":
        """Return one's own account, and all of them with the view permission."""
        if access.reach(user, "kit.view_user").is_anything:
            return self
        return self.filter(pk=user.pk)


class UserManager(BaseUserManager.from_queryset(UserQuerySet)):  # type: ignore[misc]
    """Makes accounts; what they may do comes from role grants, never from flags."""

    def create_user(self, email: str, password: str | None = None, **values: object) -> "User":
        """Return a saved account; without a password it can sign in by link or passkey only."""
        user: User = self.model(email=self.normalize_email(email), **values)
        user.set_password(password)
        user.save(using=self._db)
        return user


class User(AbstractBaseUser, PermissionsMixin):
    """An account that can act: a person's, a service's, or the system's own."""

    class Kind(models.TextChoices):
        PERSON = "person"
        SERVICE = "service"
        SYSTEM = "system"

    email = models.EmailField(unique=True)
    name = models.CharField(max_length=120, blank=True)
    kind = models.CharField(max_length=8, choices=Kind, default=Kind.PERSON)
    is_active = models.BooleanField(default=True)
    time_zone = models.CharField(max_length=64, default="UTC")
    theme = models.CharField(max_length=5, blank=True)
    has_shortcuts = models.BooleanField("single-letter shortcuts", default=True)
    joined_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    audit_hides = ("password",)
    audit_leaves_out = ("last_login",)

    class Meta:
        ordering = ["name", "email"]
        verbose_name = "account"
        constraints = [
            models.UniqueConstraint(
                Lower("email"),
                name="user_email_unique_whatever_its_case",
                violation_error_message="There is an account with this address already.",
            )
        ]

    def __str__(self) -> str:
        return self.name or self.email

    @property
    def initials(self) -> str:
        """Return one or two letters for the avatar."""
        words = (self.name or self.email).replace("@", " ").split()
        return "".join(word[0] for word in words[:2]).upper()


SYSTEM_EMAIL = "system@fullscore.invalid"


def system() -> User:
    """Return the account under which clocked work and reactions are recorded."""
    user: User
    user, _ = User.objects.get_or_create(
        email=SYSTEM_EMAIL,
        defaults={"name": "Fullscore", "kind": User.Kind.SYSTEM, "password": "!"},
    )
    return user
