"""Incidents: alerts of one cause."""

from django.db import models
from django.db.models import F, Q

from fullscore.domains.foundation.directory.models import Person, Team
from fullscore.domains.foundation.estate.models import Item
from fullscore.domains.response.incidents.models.sources import SEVERITY_CHOICES, covered
from fullscore.kit import access


class IncidentQuerySet(models.QuerySet["Incident"]):
    """Incidents, by who may see them."""

    def in_reach(self, reach: access.Reach) -> "IncidentQuerySet":
        """Return the incidents of a covered team, and those with an alert that is covered."""
        if reach.everywhere:
            return self
        held = Incident.objects.filter(covered(reach, "alerts__")).values("pk")
        return self.filter(reach.rows(team="owner_id") | Q(pk__in=held))

    def visible_to(self, user: access.Actor) -> "IncidentQuerySet":
        """Return the incidents in reach of the person's grants."""
        return self.in_reach(access.reach(user, "incidents.view_incident"))

    def live(self) -> "IncidentQuerySet":
        """Return what is not over."""
        return self.exclude(state=Incident.State.RESOLVED)


LIVE = ~Q(state="resolved")


class Incident(models.Model):
    """One cause, with all the alerts that follow from it."""

    class State(models.TextChoices):
        OPEN = "open"
        MITIGATED = "mitigated"  # no alert of it is open; whether it is over is still to be said
        RESOLVED = "resolved"

    title = models.CharField(max_length=300)
    state = models.CharField(max_length=9, choices=State, default=State.OPEN)
    severity = models.PositiveSmallIntegerField(choices=SEVERITY_CHOICES)
    root_item = models.ForeignKey(
        Item, on_delete=models.SET_NULL, null=True, blank=True, related_name="incidents"
    )
    owner = models.ForeignKey(
        Team, on_delete=models.SET_NULL, null=True, blank=True, related_name="incidents"
    )
    assignee = models.ForeignKey(
        Person, on_delete=models.SET_NULL, null=True, blank=True, related_name="incidents"
    )
    starts_at = models.DateTimeField("first symptom")
    detected_at = models.DateTimeField("since")
    acknowledged_at = models.DateTimeField(null=True)
    mitigated_at = models.DateTimeField(null=True)
    resolved_at = models.DateTimeField("over", null=True)
    resolution = models.TextField(blank=True)
    merged_into = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, related_name="merged"
    )
    again_of = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, related_name="+")

    is_default_price = True  # said anew wherever an incident is priced

    objects = IncidentQuerySet.as_manager()
    keeps_history = True

    class Meta:
        ordering = ["-severity"]
        permissions = [
            ("acknowledge_incident", "Can take, assign and note"),
            ("resolve_incident", "Can resolve and reopen incidents"),
        ]
        indexes = [
            models.Index(fields=["severity", "id"]),
            models.Index(fields=["detected_at", "id"]),
            models.Index(fields=["state", "-severity"], condition=LIVE, name="incident_live"),
        ]
        constraints = [
            models.CheckConstraint(
                name="incident_times_in_order",
                condition=Q(detected_at__gte=F("starts_at"))
                & (Q(acknowledged_at__isnull=True) | Q(acknowledged_at__gte=F("detected_at")))
                & (Q(resolved_at__isnull=True) | Q(resolved_at__gte=F("detected_at"))),
            ),
            models.CheckConstraint(
                name="incident_resolved_says_how",
                condition=(LIVE & Q(resolved_at__isnull=True))
                | (Q(state="resolved", resolved_at__isnull=False) & ~Q(resolution="")),
                violation_error_message="Say in a sentence how it was resolved.",
            ),
            models.CheckConstraint(
                name="incident_merged_is_over",
                condition=Q(merged_into__isnull=True) | Q(state="resolved"),
            ),
        ]

    def __str__(self) -> str:
        return self.title


class Parting(models.Model):
    """That a person took two incidents apart: no rule puts them together again for a while."""

    earlier = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="+")
    later = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="+")
    until = models.DateTimeField()

    class Meta:
        ordering = ["-until"]
        constraints = [
            models.UniqueConstraint(fields=["earlier", "later"], name="parting_once_per_pair"),
            models.CheckConstraint(name="parting_in_order", condition=Q(earlier__lt=F("later"))),
        ]

    def __str__(self) -> str:
        return f"{self.earlier_id} and {self.later_id} apart until {self.until:%F %T}"
