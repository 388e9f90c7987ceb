"""People, teams, and who was where on any day."""

from django.conf import settings
from django.db import models
from django.db.models import Q, QuerySet

from fullscore.kit.access import Actor
from fullscore.kit.models.querysets import VisibleQuerySet


class Team(models.Model):
    """People who answer for something together."""

    name = models.CharField(max_length=120, unique=True)
    parent = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="children"
    )
    email = models.EmailField(blank=True)

    objects = VisibleQuerySet.as_manager()
    keeps_history = True

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                name="team_is_not_its_own_parent",
                condition=~Q(parent=models.F("pk")),
                violation_error_message="A team cannot be part of itself.",
            )
        ]

    def __str__(self) -> str:
        return self.name


class PersonQuerySet(VisibleQuerySet["Person"]):
    """People, with those who have left."""

    def here(self) -> QuerySet["Person"]:
        """Return those who have not left: nobody else is given anything to do or to answer for."""
        return self.exclude(state=Person.State.LEFT)


class Person(models.Model):
    """Somebody who works here, with or without an account."""

    class State(models.TextChoices):
        COMING = "coming"
        ACTIVE = "active"
        AWAY = "away"
        LEFT = "left"

    name = models.CharField(max_length=120)
    email = models.EmailField(blank=True)
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="person",
        verbose_name="account",
    )
    time_zone = models.CharField(max_length=64, default="UTC")
    starts_on = models.DateField(null=True, blank=True)
    ends_on = models.DateField(null=True, blank=True)
    state = models.CharField(max_length=8, choices=State, default=State.ACTIVE)

    objects = PersonQuerySet.as_manager()
    keeps_history = True

    class Meta:
        ordering = ["name"]
        verbose_name_plural = "people"
        constraints = [
            models.CheckConstraint(
                name="person_ends_after_starting",
                condition=Q(ends_on__isnull=True)
                | Q(starts_on__isnull=True)
                | Q(ends_on__gte=models.F("starts_on")),
                violation_error_message="Somebody cannot leave before starting.",
            )
        ]

    def __str__(self) -> str:
        return self.name


class MembershipQuerySet(VisibleQuerySet["Membership"]):
    """Memberships, by day."""

    def on(self, day: object) -> QuerySet["Membership"]:
        """Return the memberships that hold on a day; intervals are half open."""
        return self.filter(Q(ends_on__isnull=True) | Q(ends_on__gt=day), starts_on__lte=day)

    def visible_to(self, user: Actor) -> "MembershipQuerySet":
        """Return all memberships to whoever may see people."""
        return super().visible_to(user)  # type: ignore[return-value]


class Membership(models.Model):
    """One person's place in one team, for a time."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="memberships")
    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="memberships")
    manager = models.ForeignKey(
        Person, on_delete=models.SET_NULL, null=True, blank=True, related_name="reports"
    )
    role = models.CharField(max_length=80, blank=True)
    is_primary = models.BooleanField(default=True)
    starts_on = models.DateField()
    ends_on = models.DateField(null=True, blank=True)

    objects = MembershipQuerySet.as_manager()
    keeps_history = True

    class Meta:
        ordering = ["team", "person"]
        constraints = [
            models.CheckConstraint(
                name="membership_manager_is_another",
                condition=Q(manager__isnull=True) | ~Q(manager=models.F("person")),
                violation_error_message="Nobody manages themselves.",
            ),
            models.CheckConstraint(
                name="membership_ends_after_starting",
                condition=Q(ends_on__isnull=True) | Q(ends_on__gt=models.F("starts_on")),
                violation_error_message="A membership must end after it starts.",
            ),
            models.UniqueConstraint(
                fields=["person"],
                condition=Q(is_primary=True, ends_on__isnull=True),
                name="membership_one_primary_per_person",
                violation_error_message="This person has a primary team: end that one first.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person} in {self.team}"
