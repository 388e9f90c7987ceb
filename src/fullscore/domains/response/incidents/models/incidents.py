"""Incidents: alerts of one cause."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from fullscore.domains.foundation.directory.models import Membership, Person, Team
from fullscore.domains.foundation.estate.models import Item
from fullscore.domains.response.incidents.models.sources import SEVERITY_CHOICES, covered
from fullscore.kit import access, time
from fullscore.kit.models import User


def _reached(reach: access.Reach) -> Q:
    """Return the condition that a grant covers an incident: its team, or an alert of it."""
    if reach.everywhere:
        return reach.rows()
    held = Incident.objects.filter(covered(reach, "alerts__")).values("pk")
    return reach.rows(team="owner_id") | Q(pk__in=held)


def _of_insiders(user: access.Actor) -> "models.QuerySet[Incident]":
    """Return the security incidents of which somebody is in the team, or named."""
    own = Membership.objects.on(time.now().date()).filter(person__user=user.pk).values("team")
    holds = Q(roles__person__user=user.pk, roles__ends_at__isnull=True)
    named = Q(assignee__user=user.pk) | Q(admitted__user=user.pk) | Q(declared_by=user.pk)
    rows = Incident.objects.filter(is_security=True)
    return rows.filter(Q(owner__in=own) | named | holds)


def closed_to(user: access.Actor) -> "models.QuerySet[Incident]":
    """Return the security incidents that are not for somebody, whatever their grants say."""
    security = Incident.objects.filter(is_security=True)
    if isinstance(user, User) and user.kind == User.Kind.SYSTEM:
        return security.none()
    return security.exclude(pk__in=_of_insiders(user).values("pk"))


class IncidentQuerySet(models.QuerySet["Incident"]):
    """Incidents, by who may see them."""

    def in_reach(self, reach: access.Reach) -> "IncidentQuerySet":
        """Return the incidents of a covered team, and those with an alert that is covered."""
        return self if reach.everywhere else self.filter(_reached(reach))

    def visible_to(self, user: access.Actor) -> "IncidentQuerySet":
        """Return the incidents in reach of the person's grants; security ones to insiders alone."""
        reach = access.reach(user, "incidents.view_incident")
        if not reach.is_anything:
            return self.none()
        if isinstance(user, User) and user.kind == User.Kind.SYSTEM:
            return self
        inside = Q(is_security=True, pk__in=_of_insiders(user).values("pk"))
        return self.filter(Q(is_security=False) & _reached(reach) | inside)

    def live(self) -> "IncidentQuerySet":
        """Return what is not over."""
        return self.exclude(state=Incident.State.RESOLVED)


class OfIncidentQuerySet(models.QuerySet[Any]):
    """Rows that hang on an incident, seen with it."""

    def in_reach(self, reach: access.Reach) -> "OfIncidentQuerySet":
        """Return the rows of the incidents a grant covers."""
        if reach.everywhere:
            return self
        return self.filter(incident__in=Incident.objects.in_reach(reach))

    def visible_to(self, user: access.Actor) -> "OfIncidentQuerySet":
        """Return the rows of the incidents the person may see."""
        reach = access.reach(user, access.permission(self.model, "view"))
        if not reach.is_anything:
            return self.none()
        return self.filter(incident__in=Incident.objects.visible_to(user))


LIVE = ~Q(state="resolved")
PRIORITY_CHOICES = [(1, "P1"), (2, "P2"), (3, "P3"), (4, "P4")]


class Incident(models.Model):
    """One cause, with all the alerts that follow from it."""

    class State(models.TextChoices):
        OPEN = "open"
        MITIGATED = "mitigated"  # nobody suffers any more; whether it is over is still to be said
        RESOLVED = "resolved"

    title = models.CharField(max_length=300)
    state = models.CharField(max_length=9, choices=State, default=State.OPEN)
    severity = models.PositiveSmallIntegerField(choices=SEVERITY_CHOICES)
    priority = models.PositiveSmallIntegerField(choices=PRIORITY_CHOICES, default=4)
    priority_reason = models.CharField("why this priority", max_length=500, blank=True)
    is_priority_set = models.BooleanField("priority set by hand", default=False)
    is_security = models.BooleanField(
        "security incident",
        default=False,
        help_text="Only its team, who has a role in it and who was let in see it.",
    )
    root_item = models.ForeignKey(
        Item, on_delete=models.SET_NULL, null=True, blank=True, related_name="incidents"
    )
    owner = models.ForeignKey(
        Team, on_delete=models.SET_NULL, null=True, blank=True, related_name="incidents"
    )
    assignee = models.ForeignKey(
        Person, on_delete=models.SET_NULL, null=True, blank=True, related_name="incidents"
    )
    commander = models.ForeignKey(
        Person, on_delete=models.SET_NULL, null=True, blank=True, related_name="commands"
    )
    declared_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    admitted = models.ManyToManyField(
        Person, blank=True, related_name="+", verbose_name="let in", editable=False
    )
    starts_at = models.DateTimeField("first symptom")
    detected_at = models.DateTimeField("since")
    acknowledged_at = models.DateTimeField(null=True)
    mitigated_at = models.DateTimeField(null=True)
    is_mitigated_by_hand = models.BooleanField(default=False, editable=False)
    resolved_at = models.DateTimeField("over", null=True)
    resolution = models.TextField(blank=True)
    next_update_at = models.DateTimeField("next update", null=True, blank=True)
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
            ("resolve_incident", "Can mitigate, resolve and reopen incidents"),
            ("publish_status", "Can publish updates of incidents"),
        ]
        indexes = [
            models.Index(fields=["severity", "id"]),
            models.Index(fields=["detected_at", "id"]),
            models.Index(fields=["priority", "id"]),
            models.Index(fields=["state", "-severity"], condition=LIVE, name="incident_live"),
            models.Index(fields=["owner"], condition=Q(is_security=True), name="incident_closed"),
        ]
        constraints = [
            models.CheckConstraint(
                name="incident_times_in_order",
                condition=Q(detected_at__gte=F("starts_at"))
                & (Q(acknowledged_at__isnull=True) | Q(acknowledged_at__gte=F("detected_at")))
                & (Q(mitigated_at__isnull=True) | Q(mitigated_at__gte=F("detected_at")))
                & (Q(resolved_at__isnull=True) | Q(resolved_at__gte=F("detected_at")))
                & (
                    Q(resolved_at__isnull=True)
                    | Q(mitigated_at__isnull=True)
                    | Q(resolved_at__gte=F("mitigated_at"))
                ),
                violation_error_message="An incident is noticed after it began, and over after it"
                " was noticed.",
            ),
            models.CheckConstraint(
                name="incident_mitigated_says_when",
                condition=(Q(state="open") & Q(mitigated_at__isnull=True))
                | (Q(state="mitigated") & Q(mitigated_at__isnull=False))
                | Q(state="resolved"),
                violation_error_message="Say since when nobody suffers from it any more.",
            ),
            models.CheckConstraint(
                name="incident_priority_has_a_reason",
                condition=Q(is_priority_set=False) | ~Q(priority_reason=""),
                violation_error_message="Say why the priority is not what was worked out.",
            ),
            models.CheckConstraint(
                name="incident_security_has_a_team",
                condition=Q(is_security=False) | Q(owner__isnull=False),
                violation_error_message="A security incident is its team's alone: choose the team.",
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
                violation_error_message="What was merged into another incident is over.",
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
