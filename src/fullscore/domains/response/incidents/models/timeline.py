"""What happened in incidents."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from fullscore.domains.response.incidents.models.alerts import Alert
from fullscore.domains.response.incidents.models.incidents import Incident
from fullscore.kit import access


class TimelineEntryQuerySet(models.QuerySet["TimelineEntry"]):
    """What happened in incidents: seen with the incident, and with the alert it is about."""

    def visible_to(self, user: access.Actor) -> "TimelineEntryQuerySet":
        """Return the entries of incidents the person may see, of alerts they may see.

        What was hidden is left to those who may change incidents.
        """
        rows = self.filter(incident__in=Incident.objects.visible_to(user))
        if not access.may(user, "incidents.change_incident"):
            rows = rows.filter(hidden_at__isnull=True)
        if access.reach(user, "incidents.view_alert").everywhere:
            return rows
        return rows.filter(Q(alert__isnull=True) | Q(alert__in=Alert.objects.visible_to(user)))

    def shown(self) -> "TimelineEntryQuerySet":
        """Return what is not hidden."""
        return self.filter(hidden_at__isnull=True)


class TimelineEntry(models.Model):
    """Something that happened in an incident: never changed, only hidden behind a newer one."""

    class Kind(models.TextChoices):
        ALERT = "alert"
        ACK = "ack", "taken"
        STATUS = "status"
        DECISION = "decision"
        NOTE = "note"
        PAGE = "page", "call"
        CHANGE = "change"
        COMMAND = "command"
        MESSAGE = "message"
        METRIC = "metric", "measurement"
        ROLE = "role"
        TASK = "task"

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="timeline")
    alert = models.ForeignKey(Alert, on_delete=models.CASCADE, null=True, related_name="+")
    at = models.DateTimeField()
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    kind = models.CharField(max_length=8, choices=Kind)
    # Items are called “item 12” here: who reads it may not see them all.
    text = models.TextField()
    link = models.CharField(max_length=1000, blank=True)
    hidden_at = models.DateTimeField("hidden", null=True, blank=True)
    hidden_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    replaces = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="replaced_by"
    )

    objects = TimelineEntryQuerySet.as_manager()

    class Meta:
        ordering = ["-at", "-pk"]
        verbose_name = "timeline entry"
        verbose_name_plural = "timeline entries"
        indexes = [models.Index(fields=["incident", "-at"])]
        constraints = [
            models.CheckConstraint(
                name="timeline_hidden_says_by_whom",
                condition=Q(hidden_at__isnull=True, hidden_by__isnull=True)
                | Q(hidden_at__isnull=False, hidden_by__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return self.text[:120]
