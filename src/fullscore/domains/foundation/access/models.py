"""Who was given what, where and for how long; the keys of programs; ways in for once."""

from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import BigIntegerField, F, Q
from django.db.models.functions import Coalesce

from fullscore.domains.foundation.access import roles
from fullscore.domains.foundation.directory.models import Team
from fullscore.domains.foundation.estate.models import Item
from fullscore.kit import access

SCOPE = r"read(:[a-z][a-z-]*)?|act(:[a-z][a-z-]*(\.[a-z][a-z_]*)?)?"
_is_scope = RegexValidator(rf"^({SCOPE})\Z", "Not a scope.")


def check_scopes(value: Any) -> None:
    """Refuse what is no list of `read`, `read:noun`, `act`, `act:noun` or `act:noun.verb`."""
    if not isinstance(value, list) or not value:
        raise ValidationError("Name at least one scope: read, read:item, act:finding.acknowledge …")
    for scope in value:
        try:
            _is_scope(scope)
        except ValidationError as error:
            raise ValidationError(
                f"“{scope}” is not a scope: write read, read:item, act or act:finding.acknowledge."
            ) from error


class RoleGrantQuerySet(models.QuerySet["RoleGrant"]):
    """Grants, by day and by who may see them."""

    def on(self, day: date) -> "RoleGrantQuerySet":
        """Return the grants that hold on a day; intervals are half open."""
        return self.filter(Q(ends_on__isnull=True) | Q(ends_on__gt=day), starts_on__lte=day)

    def in_reach(self, reach: access.Reach) -> "RoleGrantQuerySet":
        """Return the grants within a team or site of the reach."""
        return self.filter(reach.rows(team="team_id", site="site_id"))

    def visible_to(self, user: access.Actor) -> "RoleGrantQuerySet":
        """Return one's own grants, and those in reach of the view permission."""
        reach = access.reach(user, "access.view_rolegrant")
        return self.filter(Q(user_id=user.pk) | reach.rows(team="team_id", site="site_id"))


class RoleGrant(models.Model):
    """That an account holds a role: everywhere, for one team's things, or at one site."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="role_grants",
        verbose_name="account",
    )
    role = models.CharField(max_length=20, choices=roles.CHOICES)
    team = models.ForeignKey(
        Team, on_delete=models.PROTECT, null=True, blank=True, related_name="role_grants"
    )
    site = models.ForeignKey(
        Item,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="role_grants",
        limit_choices_to={"kind": "site"},
    )
    starts_on = models.DateField()
    ends_on = models.DateField(null=True, blank=True)
    granted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", editable=False
    )

    objects = RoleGrantQuerySet.as_manager()

    class Meta:
        ordering = ["user", "role"]
        verbose_name = "access role"
        constraints = [
            models.CheckConstraint(
                name="role_grant_for_a_team_or_a_site",
                condition=Q(team__isnull=True) | Q(site__isnull=True),
                violation_error_message="A role is granted for a team or for a site, not for both.",
            ),
            models.CheckConstraint(
                name="role_grant_ends_after_starting",
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")),
                violation_error_message="A role cannot end before it starts.",
            ),
            models.UniqueConstraint(
                F("user"),
                F("role"),
                Coalesce("team", 0, output_field=BigIntegerField()),
                Coalesce("site", 0, output_field=BigIntegerField()),
                condition=Q(ends_on__isnull=True),
                name="role_grant_open_once",
                violation_error_message="This account holds this role there already.",
            ),
        ]

    def __str__(self) -> str:
        where = self.team or self.site
        return f"{self.get_role_display()} for {where}" if where else self.get_role_display()


class KeyQuerySet(models.QuerySet[Any]):
    """What opens an account: seen by its owner, and by who may see all of them."""

    def in_reach(self, reach: access.Reach) -> "KeyQuerySet":
        """Return everything to who holds the permission everywhere; keys belong to no team."""
        return self.filter(reach.rows())

    def visible_to(self, user: access.Actor) -> "KeyQuerySet":
        """Return one's own, or all with the view permission everywhere."""
        reach = access.reach(user, access.permission(self.model, "view"))
        return self if reach.everywhere else self.filter(user_id=user.pk)


class ApiTokenQuerySet(KeyQuerySet):
    """Tokens, by whether they still open."""

    def in_reach(self, reach: access.Reach) -> "ApiTokenQuerySet":
        """Leave the rows as seen: everybody may revoke the tokens they see."""
        return self if reach.is_anything else self.none()

    def live(self, now: datetime) -> "ApiTokenQuerySet":
        """Return the tokens that are neither expired nor revoked."""
        return self.filter(revoked_at__isnull=True, expires_at__gt=now)


class ApiToken(models.Model):
    """A program's key: acts as its account, within its scopes, until it expires."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="api_tokens",
        verbose_name="account",
    )
    name = models.CharField(max_length=80)
    prefix = models.CharField(max_length=11, editable=False, db_index=True)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    scopes = models.JSONField(default=list, validators=[check_scopes])
    address_range = models.CharField(max_length=49, blank=True)
    issued_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = ApiTokenQuerySet.as_manager()
    audit_hides = ("digest",)
    audit_leaves_out = ("last_used_at",)

    class Meta:
        ordering = ["-issued_at"]
        verbose_name = "API token"
        permissions = [("revoke_apitoken", "Can revoke API tokens")]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"


class SignInLink(models.Model):
    """A way in that works once: for a first sign-in, or when everything else is lost."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="sign_in_links"
    )
    digest = models.CharField(max_length=64, unique=True, editable=False)
    is_from_machine = models.BooleanField(
        default=False, help_text="Made on the machine itself, by whoever owns its data folder."
    )
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = KeyQuerySet.as_manager()
    audit_hides = ("digest",)

    class Meta:
        ordering = ["-expires_at"]
        verbose_name = "sign-in link"

    def __str__(self) -> str:
        return f"link for {self.user}"
