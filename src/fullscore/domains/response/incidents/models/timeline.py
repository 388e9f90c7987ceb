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
        """Return the entries of incidents the person may see, of alerts they may see."""
        if access.reach(user, "incidents.view_alert").everywhere:
            return self.filter(incident__in=Incident.objects.visible_to(user))
        seen = Q(alert__isnull=True) | Q(alert__in=Alert.objects.visible_to(user))
        return self.filter(seen, incident__in=Incident.objects.visible_to(user))


class TimelineEntry(models.Model):
    """Something that happened in an incident. Never changed."""

    class Kind(models.TextChoices):
        ALERT = "alert"
        ACK = "ack", "taken"
        STATUS = "status"
        DECISION = "decision"
        NOTE = "note"
        PAGE = "page", "call"

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="timeline")
    alert = models.ForeignKey(Alert, on_delete=models.CASCADE, null=True, related_name="+")
    at = models.DateTimeField()
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    kind = models.CharField(max_length=8, choices=Kind)
    # Items are called “item 12” here: who reads it may not see them all.
    text = models.TextField()

    objects = TimelineEntryQuerySet.as_manager()

    class Meta:
        ordering = ["-at", "-pk"]
        verbose_name = "timeline entry"
        verbose_name_plural = "timeline entries"
        indexes = [models.Index(fields=["incident", "-at"])]

    def __str__(self) -> str:
        return self.text[:120]
