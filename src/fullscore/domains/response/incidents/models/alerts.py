"""Alerts, what happened to them, and silences."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from fullscore.domains.foundation.changes.models import Change
from fullscore.domains.foundation.estate.models import Item
from fullscore.domains.response.incidents.models.incidents import Incident, closed_to
from fullscore.domains.response.incidents.models.sources import (
    SEVERITY_CHOICES,
    AlertSource,
    covered,
)
from fullscore.kit import access


class AlertQuerySet(models.QuerySet["Alert"]):
    """Alerts, by who may see them."""

    def in_reach(self, reach: access.Reach) -> "AlertQuerySet":
        """Return the alerts whose item a grant covers; without an item, whose source it covers."""
        return self if reach.everywhere else self.filter(covered(reach))

    def visible_to(self, user: access.Actor) -> "AlertQuerySet":
        """Return the alerts in reach of the person's grants, security incidents' to insiders."""
        rows = self.in_reach(access.reach(user, "incidents.view_alert"))
        return rows.exclude(incident__in=closed_to(user).values("pk"))

    def live(self) -> "AlertQuerySet":
        """Return what is not resolved."""
        return self.exclude(state=Alert.State.RESOLVED)


LIVE = ~Q(state="resolved")


class Alert(models.Model):
    """One thing a sender says is wrong, from its first word to its last."""

    class State(models.TextChoices):
        OPEN = "open"
        ACKNOWLEDGED = "acknowledged"
        RESOLVED = "resolved"

    source = models.ForeignKey(
        AlertSource, on_delete=models.PROTECT, related_name="alerts", db_index=False
    )
    key = models.CharField(max_length=512)
    item = models.ForeignKey(
        Item, on_delete=models.SET_NULL, null=True, blank=True, related_name="alerts"
    )
    title = models.CharField(max_length=300)
    severity = models.PositiveSmallIntegerField(choices=SEVERITY_CHOICES)
    state = models.CharField(max_length=12, choices=State, default=State.OPEN)
    starts_at = models.DateTimeField("since")
    ends_at = models.DateTimeField("over", null=True)
    last_seen_at = models.DateTimeField()
    changed_at = models.DateTimeField(editable=False)  # its last change of state
    resolves_at = models.DateTimeField("resolved by itself at", null=True)
    acknowledged_until = models.DateTimeField(null=True)
    count = models.PositiveIntegerField("times said", default=1)
    labels = models.JSONField(default=dict)
    annotations = models.JSONField(default=dict)
    link = models.CharField(max_length=1000, blank=True)
    group = models.CharField(max_length=512, blank=True)
    incident = models.ForeignKey(
        Incident, on_delete=models.SET_NULL, null=True, related_name="alerts"
    )
    wants_placing = models.BooleanField(default=True, editable=False)
    is_silenced = models.BooleanField(default=False)
    expected_by = models.ForeignKey(
        Change, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    objects = AlertQuerySet.as_manager()
    audit_leaves_out = ("last_seen_at", "count")

    class Meta:
        ordering = ["-severity"]
        permissions = [("acknowledge_alert", "Can acknowledge and resolve alerts")]
        indexes = [
            models.Index(fields=["severity", "id"]),
            models.Index(fields=["starts_at", "id"]),
            models.Index(fields=["source", "key", "-ends_at"], name="alert_by_key"),
            models.Index(
                fields=["resolves_at"],
                condition=LIVE & Q(resolves_at__isnull=False),
                name="alert_resolving",
            ),
            models.Index(fields=["starts_at"], condition=Q(wants_placing=True), name="alert_new"),
            models.Index(fields=["item", "state"]),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["source", "key"], condition=LIVE, name="alert_one_open_per_key"
            ),
            models.CheckConstraint(
                name="alert_ends_after_it_starts",
                condition=Q(ends_at__isnull=True) | Q(ends_at__gte=F("starts_at")),
            ),
            models.CheckConstraint(
                name="alert_resolved_has_an_end",
                condition=Q(state="resolved", ends_at__isnull=False)
                | (LIVE & Q(ends_at__isnull=True)),
            ),
        ]

    def __str__(self) -> str:
        return self.title


class AlertEventQuerySet(models.QuerySet["AlertEvent"]):
    """What happened to alerts, seen with the alert."""

    def visible_to(self, user: access.Actor) -> "AlertEventQuerySet":
        """Return the events of alerts the person may see."""
        return self.filter(alert__in=Alert.objects.visible_to(user))


class AlertEvent(models.Model):
    """A change of an alert's state, severity or text; a repetition is none. Never changed."""

    alert = models.ForeignKey(Alert, on_delete=models.CASCADE, related_name="events")
    at = models.DateTimeField()
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    kind = models.CharField(max_length=20)
    severity = models.PositiveSmallIntegerField(choices=SEVERITY_CHOICES)
    note = models.CharField(max_length=300, blank=True)

    objects = AlertEventQuerySet.as_manager()

    class Meta:
        ordering = ["-at"]
        verbose_name = "alert event"
        indexes = [
            models.Index(fields=["alert", "-at"]),
            models.Index(fields=["at", "kind"]),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.note}".strip()


class SilenceQuerySet(models.QuerySet[Any]):
    """Silences, by who may see them: of an item with it, of labels by whoever sees the whole."""

    def in_reach(self, reach: access.Reach) -> "SilenceQuerySet":
        """Return the silences of items a grant covers."""
        return self if reach.everywhere else self.filter(item__in=Item.objects.in_reach(reach))

    def visible_to(self, user: access.Actor) -> "SilenceQuerySet":
        """Return the silences in reach of the person's grants."""
        return self.in_reach(access.reach(user, "incidents.view_silence"))


class Silence(models.Model):
    """For whom no incident is opened for a while: alerts are stored and resolved as ever."""

    matching = models.CharField(
        max_length=1000,
        blank=True,
        help_text='What labels must say, such as alertname="DiskFull", severity!="critical".',
    )
    item = models.ForeignKey(
        Item, on_delete=models.CASCADE, null=True, blank=True, related_name="silences"
    )
    reason = models.CharField(max_length=300)
    starts_at = models.DateTimeField("from")
    ends_at = models.DateTimeField("until")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    objects = SilenceQuerySet.as_manager()
    keeps_history = True

    class Meta:
        ordering = ["-ends_at"]
        constraints = [
            models.CheckConstraint(
                name="silence_ends_after_it_starts",
                condition=Q(ends_at__gte=F("starts_at")),
                violation_error_message="A silence must end after it starts.",
            ),
            models.CheckConstraint(
                name="silence_names_something",
                condition=~Q(matching="") | Q(item__isnull=False),
                violation_error_message="Say which labels, or which item, the silence is for.",
            ),
        ]

    def __str__(self) -> str:
        return f"silence of {self.item or self.matching}"[:120]
