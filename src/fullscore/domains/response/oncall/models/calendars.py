"""Calendars that other tools keep, and what they say of who is on call."""

from django.db import models
from django.db.models import F, Q

from fullscore.domains.foundation.directory.models import Person
from fullscore.domains.response.oncall.models.schedules import Schedule
from fullscore.kit import access
from fullscore.kit.models.querysets import VisibleQuerySet
from fullscore.kit.models.secret import Secret


class DutyCalendarQuerySet(VisibleQuerySet["DutyCalendar"]):
    """Calendars, changed by whoever may change the schedule."""

    def in_reach(self, reach: access.Reach) -> "DutyCalendarQuerySet":
        """Return the calendars of covered teams' schedules."""
        return self.filter(reach.rows(team="schedule__team_id"))


class DutyCalendar(models.Model):
    """A calendar that says who is on call: over the layers of its schedule, under overrides.

    It is read from a private address, kept as a secret, or it is a text that was given once.
    """

    class State(models.TextChoices):
        NEW = "new"
        READ = "read"
        FAILED = "failed", "not read"
        PAUSED = "paused"

    schedule = models.ForeignKey(Schedule, on_delete=models.CASCADE, related_name="calendars")
    name = models.CharField(max_length=60)
    position = models.PositiveSmallIntegerField(default=1, help_text="Higher ones win.")
    text = models.TextField(
        "its text", blank=True,
        help_text="An exported .ics file, pasted whole. Empty where it is read from an address.",
    )  # fmt: skip
    host = models.CharField("read from", max_length=120, blank=True, editable=False)
    secret = models.ForeignKey(
        Secret, on_delete=models.PROTECT, null=True, editable=False, related_name="+"
    )
    state = models.CharField(max_length=6, choices=State, default=State.NEW, editable=False)
    read_at = models.DateTimeField("last read", null=True, editable=False)
    failing_since = models.DateTimeField(null=True, editable=False)
    problem = models.CharField(max_length=300, blank=True, editable=False)

    objects = DutyCalendarQuerySet.as_manager()
    audit_leaves_out = ("text", "read_at", "failing_since", "problem")

    class Meta:
        ordering = ["schedule", "position", "pk"]
        verbose_name = "duty calendar"

    def __str__(self) -> str:
        return self.name


class CalendarDutyQuerySet(VisibleQuerySet["CalendarDuty"]):
    """What calendars say, seen by whoever sees who is on call."""

    def that_count(self) -> "CalendarDutyQuerySet":
        """Return those of known people, in calendars that are not paused; the last one wins."""
        rows = self.exclude(person=None).exclude(calendar__state=DutyCalendar.State.PAUSED)
        return rows.order_by("calendar__position", "calendar", "level", "starts_at", "-ends_at",
                             "pk")  # fmt: skip

    def unmatched(self) -> "CalendarDutyQuerySet":
        """Return those that say nobody whom the directory knows."""
        return self.filter(person=None).exclude(calendar__state=DutyCalendar.State.PAUSED)


class CalendarDuty(models.Model):
    """One event of a calendar: who is on call from when until when, as far as it is known."""

    calendar = models.ForeignKey(DutyCalendar, on_delete=models.CASCADE, related_name="duties")
    person = models.ForeignKey(
        Person, on_delete=models.SET_NULL, null=True, related_name="calendar_duties"
    )
    called = models.CharField("what it says", max_length=200, blank=True)
    starts_at = models.DateTimeField("from")
    ends_at = models.DateTimeField("until")
    level = models.PositiveSmallIntegerField(default=0)  # [L3] before a name: higher ones win

    objects = CalendarDutyQuerySet.as_manager()

    class Meta:
        ordering = ["starts_at"]
        verbose_name = "calendar duty"
        verbose_name_plural = "calendar duties"
        indexes = [
            models.Index(fields=["calendar", "ends_at"]),
            models.Index(fields=["starts_at", "id"]),
        ]
        constraints = [
            models.CheckConstraint(
                name="calendar_duty_ends_after_it_starts", condition=Q(ends_at__gt=F("starts_at"))
            )
        ]

    def __str__(self) -> str:
        return f"{self.person or self.called} in {self.calendar}"
