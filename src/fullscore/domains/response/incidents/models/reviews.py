"""What is learnt from incidents: reviews, what is to be done, and the changes they hang on."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from fullscore.domains.foundation.changes.models import Change
from fullscore.domains.foundation.directory.models import Person
from fullscore.domains.response.incidents.models.incidents import Incident, OfIncidentQuerySet
from fullscore.kit import access


class Review(models.Model):
    """What one incident taught: whom it hurt, how it was noticed, why it could happen."""

    class State(models.TextChoices):
        DRAFT = "draft"
        CLOSED = "closed"

    incident = models.OneToOneField(Incident, on_delete=models.CASCADE, related_name="review")
    state = models.CharField(max_length=6, choices=State, default=State.DRAFT, editable=False)
    due_on = models.DateField("due", help_text="Five working days after it was over.")
    summary = models.TextField("what happened", blank=True)
    detection = models.TextField("how it was noticed", blank=True)
    factors = models.TextField(
        "what made it possible",
        blank=True,
        help_text="Conditions, not people: what would have let anybody do the same?",
    )
    went_well = models.TextField("what went well", blank=True)
    impact = models.JSONField(default=list, editable=False)  # [{"item": 12, "seconds": 340}]
    opened_at = models.DateTimeField("begun", editable=False)
    closed_at = models.DateTimeField("closed", null=True, blank=True, editable=False)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True,
        related_name="+", editable=False,
    )  # fmt: skip

    objects = OfIncidentQuerySet.as_manager()
    keeps_history = True
    named_by = ("incident",)

    class Meta:
        ordering = ["due_on"]
        verbose_name = "incident review"
        permissions = [("close_review", "Can close reviews of incidents")]
        indexes = [models.Index(fields=["due_on", "id"])]
        constraints = [
            models.CheckConstraint(
                name="review_closed_says_what_was_learnt",
                condition=Q(state="draft", closed_at__isnull=True)
                | (Q(state="closed", closed_at__isnull=False) & ~Q(factors="") & ~Q(summary="")),
                violation_error_message="Say what happened and what made it possible, then close.",
            )
        ]

    def __str__(self) -> str:
        return f"Review of {self.incident}"[:160]


class ReviewActionQuerySet(models.QuerySet[Any]):
    """What is to be done after incidents: seen with the incident."""

    def in_reach(self, reach: access.Reach) -> "ReviewActionQuerySet":
        """Return the actions of the incidents a grant covers."""
        if reach.everywhere:
            return self
        return self.filter(review__incident__in=Incident.objects.in_reach(reach))

    def visible_to(self, user: access.Actor) -> "ReviewActionQuerySet":
        """Return the actions of the incidents the person may see."""
        if not access.reach(user, "incidents.view_reviewaction").is_anything:
            return self.none()
        return self.filter(review__incident__in=Incident.objects.visible_to(user))


class ReviewAction(models.Model):
    """Something a review wants done so that it does not happen again, or hurts less."""

    class Kind(models.TextChoices):
        PREVENT = "prevent", "prevent it"
        DETECT = "detect", "notice it sooner"
        MITIGATE = "mitigate", "let it hurt less"
        PROCESS = "process", "work differently"

    review = models.ForeignKey(Review, on_delete=models.CASCADE, related_name="actions")
    title = models.CharField("action", max_length=200)
    kind = models.CharField(max_length=8, choices=Kind)
    owner = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="review_actions")
    due_on = models.DateField("due")
    change = models.ForeignKey(
        Change, on_delete=models.SET_NULL, null=True, blank=True, related_name="review_actions",
        editable=False,
    )  # fmt: skip
    created_at = models.DateTimeField("since", editable=False)
    done_at = models.DateTimeField("done", null=True, blank=True, editable=False)
    verified_at = models.DateTimeField("verified", null=True, blank=True, editable=False)
    verified_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True,
        related_name="+", editable=False,
    )  # fmt: skip
    proof = models.TextField("how one can tell", blank=True, editable=False)

    objects = ReviewActionQuerySet.as_manager()
    keeps_history = True

    class Meta:
        ordering = ["due_on", "pk"]
        verbose_name = "review action"
        indexes = [models.Index(fields=["due_on", "id"])]
        constraints = [
            models.CheckConstraint(
                name="review_action_done_before_it_is_verified",
                condition=Q(verified_at__isnull=True, verified_by__isnull=True)
                | Q(verified_by__isnull=False, done_at__isnull=False,
                    verified_at__gte=F("done_at")),
                violation_error_message="Only what is done can be verified.",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.title


class IncidentChangeQuerySet(OfIncidentQuerySet):
    """Links of incidents and changes: seen by who may see both."""

    def in_reach(self, reach: access.Reach) -> "IncidentChangeQuerySet":
        """Return the links of the incidents a grant covers."""
        found: IncidentChangeQuerySet = super().in_reach(reach)  # type: ignore[assignment]
        return found

    def visible_to(self, user: access.Actor) -> "IncidentChangeQuerySet":
        """Return the links of which the person may see both ends."""
        rows = super().visible_to(user).filter(change__in=Change.objects.visible_to(user))
        found: IncidentChangeQuerySet = rows  # type: ignore[assignment]
        return found


class IncidentChange(models.Model):
    """That a change caused an incident, or was made to end it."""

    class Kind(models.TextChoices):
        CAUSE = "cause", "caused it"
        FIX = "fix", "was made because of it"

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="change_links")
    change = models.ForeignKey(Change, on_delete=models.CASCADE, related_name="incident_links")
    kind = models.CharField("part", max_length=5, choices=Kind)
    at = models.DateTimeField("linked")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    objects = IncidentChangeQuerySet.as_manager()
    named_by = ("incident",)

    class Meta:
        ordering = ["-at"]
        verbose_name = "change of incident"
        verbose_name_plural = "changes of incidents"
        indexes = [models.Index(fields=["at", "id"])]
        constraints = [
            models.UniqueConstraint(
                fields=["incident", "change"],
                name="incident_change_once",
                violation_error_message="This change is linked to this incident already.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.change} {self.get_kind_display()}: {self.incident}"[:200]
