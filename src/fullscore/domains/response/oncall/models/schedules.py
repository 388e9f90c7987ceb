"""Schedules, the layers they are made of, and what was arranged by hand."""

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from holidays import country_holidays

from fullscore.domains.foundation.directory.models import Person, Team
from fullscore.engines.rota.clock import zone_named
from fullscore.engines.rota.hours import windows
from fullscore.kit import access
from fullscore.kit.models.querysets import VisibleQuerySet


def check_zone(name: str) -> None:
    """Refuse a time zone that does not exist."""
    try:
        zone_named(name)
    except ValueError as error:
        raise ValidationError(str(error)) from error


def check_hours(text: str) -> None:
    """Refuse hours that cannot be read."""
    try:
        windows(text)
    except ValueError as error:
        raise ValidationError(str(error)) from error


def check_region(code: str) -> None:
    """Refuse a region whose public holidays are not known."""
    country, _, part = code.partition("-")
    try:
        country_holidays(country, subdiv=part or None, years=2026)
    except NotImplementedError as error:
        raise ValidationError(f"The public holidays of “{code}” are not known.") from error


class ScheduleQuerySet(VisibleQuerySet["Schedule"]):
    """Schedules: who is on call is known to whoever sees any of them."""

    def in_reach(self, reach: access.Reach) -> "ScheduleQuerySet":
        """Return the schedules of covered teams."""
        return self.filter(reach.rows(team="team_id"))


class Schedule(models.Model):
    """Who is called when, for one purpose."""

    name = models.CharField(max_length=80, unique=True)
    team = models.ForeignKey(
        Team, on_delete=models.SET_NULL, null=True, blank=True, related_name="schedules"
    )
    zone = models.CharField(
        "time zone", max_length=64, default="UTC", validators=[check_zone],
        help_text="Such as Europe/Berlin: turns begin by its wall clock.",
    )  # fmt: skip
    region = models.CharField(
        "public holidays of", max_length=12, blank=True, validators=[check_region],
        help_text="A country, or country-region, such as DE-BY: duty then weighs more.",
    )  # fmt: skip
    feed_digest = models.CharField(max_length=64, blank=True, editable=False)

    objects = ScheduleQuerySet.as_manager()
    keeps_history = True
    audit_hides = ("feed_digest",)

    class Meta:
        ordering = ["name"]
        verbose_name = "on-call schedule"

    def __str__(self) -> str:
        return self.name


class LayerQuerySet(VisibleQuerySet["Layer"]):
    """Layers, changed by whoever may change the schedule."""

    def in_reach(self, reach: access.Reach) -> "LayerQuerySet":
        """Return the layers of covered teams' schedules."""
        return self.filter(reach.rows(team="schedule__team_id"))


class Layer(models.Model):
    """People who take turns; a later layer wins where both have somebody."""

    class Unit(models.TextChoices):
        HOURS = "hours"
        DAYS = "days"
        WEEKS = "weeks"

    schedule = models.ForeignKey(Schedule, on_delete=models.CASCADE, related_name="layers")
    name = models.CharField(max_length=60)
    position = models.PositiveSmallIntegerField(default=1, help_text="Higher ones win.")
    starts_on = models.DateField("first day")
    starts_time = models.TimeField("handed over at", help_text="By the schedule's wall clock.")
    unit = models.CharField(max_length=5, choices=Unit, default=Unit.WEEKS)
    length = models.PositiveSmallIntegerField("turn lasts", default=1)
    hours = models.CharField(
        max_length=300, blank=True, validators=[check_hours],
        help_text="When it counts, such as “Mon-Fri 18:00-08:00, Fri 18:00-Mon 08:00”; "
        "empty: always.",
    )  # fmt: skip
    ends_at = models.DateTimeField("until", null=True, blank=True)

    objects = LayerQuerySet.as_manager()
    keeps_history = True

    class Meta:
        ordering = ["schedule", "position", "pk"]
        verbose_name = "rota layer"
        constraints = [
            models.CheckConstraint(
                name="layer_turn_lasts_something",
                condition=Q(length__gte=1),
                violation_error_message="A turn lasts at least one unit.",
            )
        ]

    def __str__(self) -> str:
        return self.name


class TurnQuerySet(VisibleQuerySet["Turn"]):
    """Places in layers, changed by whoever may change the schedule."""

    def in_reach(self, reach: access.Reach) -> "TurnQuerySet":
        """Return the places in covered teams' schedules."""
        return self.filter(reach.rows(team="layer__schedule__team_id"))


class Turn(models.Model):
    """One person's place in the order of a layer; somebody may have two."""

    layer = models.ForeignKey(Layer, on_delete=models.CASCADE, related_name="turns")
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="turns")
    position = models.PositiveSmallIntegerField(default=1)

    objects = TurnQuerySet.as_manager()
    keeps_history = True

    class Meta:
        ordering = ["layer", "position", "pk"]
        verbose_name = "rota turn"

    def __str__(self) -> str:
        return f"{self.person} in {self.layer}"


class OverrideQuerySet(VisibleQuerySet["Override"]):
    """What was arranged by hand, by whoever may change the schedule."""

    def in_reach(self, reach: access.Reach) -> "OverrideQuerySet":
        """Return what was arranged in covered teams' schedules."""
        return self.filter(reach.rows(team="schedule__team_id"))


class Override(models.Model):
    """Somebody is on call for a while, whatever the layers say; the last one listed wins."""

    schedule = models.ForeignKey(Schedule, on_delete=models.CASCADE, related_name="overrides")
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="overrides")
    starts_at = models.DateTimeField("from")
    ends_at = models.DateTimeField("until")
    reason = models.CharField(max_length=200, blank=True)
    cancelled_at = models.DateTimeField(null=True, editable=False)

    objects = OverrideQuerySet.as_manager()
    keeps_history = True

    class Meta:
        ordering = ["-starts_at"]
        verbose_name = "rota override"
        indexes = [models.Index(fields=["schedule", "ends_at"])]
        constraints = [
            models.CheckConstraint(
                name="override_ends_after_it_starts",
                condition=Q(ends_at__gt=F("starts_at")),
                violation_error_message="It must end after it starts.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.person} on {self.schedule}"


class ShiftQuerySet(VisibleQuerySet["Shift"]):
    """Shifts, past and to come."""


class Shift(models.Model):
    """One person on call without a break. What is past is never written anew."""

    schedule = models.ForeignKey(Schedule, on_delete=models.CASCADE, related_name="shifts")
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="shifts")
    starts_at = models.DateTimeField("from")
    ends_at = models.DateTimeField("until")

    objects = ShiftQuerySet.as_manager()

    class Meta:
        ordering = ["starts_at"]
        verbose_name = "on-call shift"
        indexes = [
            models.Index(fields=["schedule", "starts_at"]),
            models.Index(fields=["person", "ends_at"]),
            models.Index(fields=["starts_at", "id"]),
        ]
        constraints = [
            models.CheckConstraint(
                name="shift_ends_after_it_starts", condition=Q(ends_at__gt=F("starts_at"))
            )
        ]

    def __str__(self) -> str:
        return f"{self.person} on {self.schedule}"
