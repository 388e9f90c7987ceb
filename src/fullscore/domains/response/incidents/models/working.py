"""Who does what in an incident: roles, tasks, and the checklists that tasks come from."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from fullscore.domains.foundation.directory.models import Person
from fullscore.domains.response.incidents.models.incidents import (
    PRIORITY_CHOICES,
    Incident,
    OfIncidentQuerySet,
)
from fullscore.kit.models.querysets import VisibleQuerySet


class Role(models.TextChoices):
    """What somebody answers for in an incident."""

    COMMANDER = "commander", "incident commander"
    COMMUNICATIONS = "communications"
    OPERATIONS = "operations"
    SCRIBE = "scribe"


class IncidentRole(models.Model):
    """Who had a role in an incident, from when until when: one at a time for each role."""

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="roles")
    role = models.CharField(max_length=14, choices=Role)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="incident_roles")
    starts_at = models.DateTimeField("from")
    ends_at = models.DateTimeField("until", null=True, blank=True)

    objects = OfIncidentQuerySet.as_manager()
    named_by = ("incident",)

    class Meta:
        ordering = ["-starts_at"]
        verbose_name = "incident role"
        indexes = [models.Index(fields=["starts_at", "id"])]
        constraints = [
            models.UniqueConstraint(
                fields=["incident", "role"],
                condition=Q(ends_at__isnull=True),
                name="incident_role_one_holder",
                violation_error_message="Somebody has this role: hand it over instead.",
            ),
            models.CheckConstraint(
                name="incident_role_ends_after_it_starts",
                condition=Q(ends_at__isnull=True) | Q(ends_at__gte=F("starts_at")),
                violation_error_message="A role ends after it starts.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_role_display()}: {self.person}"


class ChecklistStep(models.Model):
    """Something to do in every incident of a kind; it becomes a task of each."""

    class Kind(models.TextChoices):
        ANY = "any", "every incident"
        ORDINARY = "ordinary", "all but security incidents"
        SECURITY = "security", "security incidents"

    title = models.CharField(max_length=200)
    least_priority = models.PositiveSmallIntegerField(
        "down to priority",
        choices=PRIORITY_CHOICES,
        default=4,
        help_text="P2: for incidents of P1 and P2.",
    )
    kind = models.CharField("for", max_length=8, choices=Kind, default=Kind.ANY)
    role = models.CharField(
        max_length=14, choices=Role, blank=True, help_text="Who has this role is to do it."
    )
    due_minutes = models.PositiveIntegerField(
        "minutes until due", null=True, blank=True, help_text="After the incident was noticed."
    )
    position = models.PositiveSmallIntegerField("place", default=10)

    objects = VisibleQuerySet.as_manager()
    keeps_history = True

    class Meta:
        ordering = ["position"]
        verbose_name = "incident checklist step"
        constraints = [
            models.UniqueConstraint(
                fields=["title", "kind"],
                name="checklist_step_once_per_kind",
                violation_error_message="There is such a step for this kind of incident.",
            )
        ]

    def __str__(self) -> str:
        return self.title


class IncidentTask(models.Model):
    """Something to be done in an incident."""

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="tasks")
    title = models.CharField("task", max_length=200)
    assignee = models.ForeignKey(
        Person, on_delete=models.SET_NULL, null=True, blank=True, related_name="incident_tasks"
    )
    role = models.CharField(max_length=14, choices=Role, blank=True)
    due_at = models.DateTimeField("due", null=True, blank=True)
    created_at = models.DateTimeField("since")
    done_at = models.DateTimeField("done", null=True, blank=True)
    done_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    step = models.ForeignKey(
        ChecklistStep, on_delete=models.SET_NULL, null=True, blank=True, related_name="tasks"
    )

    objects = OfIncidentQuerySet.as_manager()

    class Meta:
        ordering = ["due_at", "pk"]
        verbose_name = "incident task"
        indexes = [models.Index(fields=["due_at", "id"])]
        constraints = [
            models.UniqueConstraint(
                fields=["incident", "step"],
                condition=Q(step__isnull=False),
                name="incident_task_once_per_step",
            ),
            models.CheckConstraint(
                name="incident_task_done_after_it_was_set",
                condition=(Q(done_at__isnull=True) & Q(done_by__isnull=True))
                | Q(done_at__gte=F("created_at")),
                violation_error_message="A task is done after it was set.",
            ),
        ]

    def __str__(self) -> str:
        return self.title
