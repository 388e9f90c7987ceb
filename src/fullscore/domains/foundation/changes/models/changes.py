"""Changes: what is to be altered, in which window, how, and how it went."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from fullscore.domains.foundation.changes.models.standards import StandardChange
from fullscore.domains.foundation.changes.models.words import (
    Band,
    Kind,
    Result,
    Rollback,
    Verification,
)
from fullscore.domains.foundation.directory.models import Team
from fullscore.domains.foundation.estate.models import Item
from fullscore.domains.foundation.findings.models import Finding
from fullscore.kit import access
from fullscore.kit.models import User


class ChangeQuerySet(models.QuerySet["Change"]):
    """Changes, by who may see them and by where they stand."""

    def in_reach(self, reach: access.Reach) -> "ChangeQuerySet":
        """Return the changes of a covered team, and those that touch a covered item."""
        if reach.everywhere:
            return self
        touched = Change.items.through.objects.filter(item__in=Item.objects.in_reach(reach))
        return self.filter(reach.rows(team="owner_id") | Q(pk__in=touched.values("change")))

    def visible_to(self, user: access.Actor) -> "ChangeQuerySet":
        """Return the changes in reach of the person's grants."""
        return self.in_reach(access.reach(user, "changes.view_change"))

    def planned(self) -> "ChangeQuerySet":
        """Return what is still to come or under way."""
        return self.filter(state__in=Change.PLANNED)

    def under_way(self) -> "ChangeQuerySet":
        """Return what alters the estate now."""
        return self.filter(state__in=Change.UNDER_WAY)


class Change(models.Model):
    """A planned alteration of items, with a window in which it happens."""

    class State(models.TextChoices):
        DRAFT = "draft"
        ASSESSED = "assessed"
        WAITING = "waiting"
        APPROVED = "approved"
        RUNNING = "running"
        VERIFYING = "verifying"
        DONE = "done"
        FAILED = "failed"
        ROLLED_BACK = "rolled_back"
        ABANDONED = "abandoned"

    EDITABLE = (State.DRAFT, State.ASSESSED, State.WAITING, State.APPROVED)
    UNDER_WAY = (State.RUNNING, State.VERIFYING)
    PLANNED = (*EDITABLE, *UNDER_WAY)
    CLOSED = (State.DONE, State.FAILED, State.ROLLED_BACK)
    WENT_WRONG = (State.FAILED, State.ROLLED_BACK)
    VOIDING = (
        "kind",
        "starts_at",
        "ends_at",
        "plan",
        "rollback",
        "rollback_plan",
        "verification",
        "standard",
    )

    title = models.CharField(max_length=160)
    kind = models.CharField(max_length=9, choices=Kind, default=Kind.NORMAL)
    description = models.TextField("why", blank=True, help_text="What it is good for.")
    items = models.ManyToManyField(Item, related_name="changes")
    findings = models.ManyToManyField(
        Finding,
        related_name="changes",
        blank=True,
        help_text="What it is to repair: their checks run when it is done.",
    )
    standard = models.ForeignKey(
        StandardChange,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="changes",
        verbose_name="standard change",
    )
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    owner = models.ForeignKey(
        Team,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="changes",
        help_text="Empty: the team of the first item.",
    )
    executor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="carried out by",
    )
    state = models.CharField(max_length=11, choices=State, default=State.DRAFT, editable=False)
    starts_at = models.DateTimeField("window from")
    ends_at = models.DateTimeField("window to")
    plan = models.TextField(blank=True, help_text="One step a line.")
    rollback = models.CharField(
        "way back", max_length=9, choices=Rollback, default=Rollback.WRITTEN
    )
    rollback_plan = models.TextField("steps back", blank=True, help_text="One step a line.")
    verification = models.CharField(
        max_length=9,
        choices=Verification,
        default=Verification.AUTOMATED,
        help_text="Automated: the checks of its items and of what depends on them.",
    )
    points = models.PositiveSmallIntegerField("risk", null=True, editable=False)
    band = models.CharField(max_length=6, choices=Band, blank=True, editable=False)
    terms = models.JSONField(default=list, editable=False)
    may_auto_approve = models.BooleanField(default=False, editable=False)
    assessed_at = models.DateTimeField(null=True, editable=False)
    freeze_broken_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        editable=False,
    )
    commanded_for = models.CharField(
        "ordered for",
        max_length=80,
        blank=True,
        editable=False,
        help_text="The incident whose commander let an emergency start.",
    )
    started_at = models.DateTimeField(null=True, editable=False)
    findings_before = models.JSONField(default=list, editable=False)
    findings_after = models.JSONField(default=list, editable=False)
    result = models.CharField(max_length=4, choices=Result, blank=True, editable=False)
    verified_at = models.DateTimeField(null=True, editable=False)
    watched_until = models.DateTimeField(null=True, editable=False)
    rollback_proposed_at = models.DateTimeField(null=True, editable=False)
    rollback_why = models.TextField("why roll back", blank=True, editable=False)
    ended_at = models.DateTimeField("over", null=True, editable=False)
    outcome = models.TextField(blank=True, editable=False)
    review_due_at = models.DateTimeField("review due", null=True, editable=False)
    reviewed_at = models.DateTimeField("reviewed", null=True, editable=False)
    review = models.TextField(blank=True, editable=False)
    is_recorded = models.BooleanField(
        "recorded", default=False, editable=False, help_text="It was done outside and told of."
    )
    external_ref = models.CharField("reference outside", max_length=200, blank=True)

    is_default_price = True  # both said anew wherever a change stands in a queue
    waits_for = ""  # approval, review, window

    objects = ChangeQuerySet.as_manager()
    keeps_history = True

    class Meta:
        ordering = ["-starts_at"]
        permissions = [
            ("approve_change", "Can approve and reject changes"),
            ("execute_change", "Can carry out changes"),
            ("close_change", "Can review changes that are over"),
            ("break_freeze", "Can let a change start inside a freeze"),
        ]
        indexes = [
            models.Index(fields=["starts_at", "ends_at"]),
            models.Index(fields=["state", "starts_at"]),
            models.Index(fields=["-points", "id"]),
        ]
        constraints = [
            models.CheckConstraint(
                name="change_ends_after_it_starts",
                condition=Q(ends_at__gt=F("starts_at")),
                violation_error_message="A change must end after it starts.",
            ),
            models.CheckConstraint(
                name="change_under_way_has_one_executor",
                condition=~Q(state__in=["running", "verifying"])
                | Q(executor__isnull=False, started_at__isnull=False),
                violation_error_message="Somebody must carry out a change that runs.",
            ),
            models.CheckConstraint(
                name="change_done_was_verified",
                condition=~Q(state="done") | Q(is_recorded=True) | Q(result="good"),
                violation_error_message="Verify it first: what is done has a result.",
            ),
            models.CheckConstraint(
                name="change_over_says_when_and_how",
                condition=~Q(state__in=["done", "failed", "rolled_back"])
                | (Q(ended_at__isnull=False) & (Q(state="done") | ~Q(outcome=""))),
                violation_error_message="Say in a sentence how it ended.",
            ),
            models.CheckConstraint(
                name="change_weighed_before_it_waits",
                condition=Q(state__in=["draft", "abandoned"])
                | Q(is_recorded=True)
                | (Q(points__isnull=False) & ~Q(band="")),
                violation_error_message="Assess it first.",
            ),
            models.CheckConstraint(
                name="change_recorded_was_done_outside",
                condition=Q(is_recorded=False) | Q(state="done"),
                violation_error_message="A recorded change was done elsewhere: it is done.",
            ),
            models.CheckConstraint(
                name="change_auto_approval_has_a_way_back",
                condition=Q(may_auto_approve=False) | (~Q(kind="emergency") & ~Q(rollback="none")),
                violation_error_message="Only a change with a way back goes ahead by itself.",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_over(self) -> bool:
        """Say whether nothing more is done for it but a review."""
        return self.state in (*self.CLOSED, self.State.ABANDONED)


class OfChangeQuerySet(models.QuerySet["ChangeStep"]):
    """Rows that hang on a change, and are seen when it is."""

    def in_reach(self, reach: access.Reach) -> "OfChangeQuerySet":
        """Return the rows whose change a grant covers."""
        return self.filter(change__in=Change.objects.in_reach(reach))

    def visible_to(self, user: access.Actor) -> "OfChangeQuerySet":
        """Return the rows whose change the person may see."""
        return self.filter(change__in=Change.objects.visible_to(user))


class ChangeStep(models.Model):
    """One step of a plan, or of the way back."""

    change = models.ForeignKey(Change, on_delete=models.CASCADE, related_name="steps")
    is_back = models.BooleanField("of the way back", default=False)
    place = models.PositiveSmallIntegerField()
    title = models.CharField(max_length=300)
    done_at = models.DateTimeField("done", null=True)
    done_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    note = models.TextField(blank=True)

    objects = OfChangeQuerySet.as_manager()

    class Meta:
        ordering = ["is_back", "place"]
        verbose_name = "change step"
        constraints = [
            models.UniqueConstraint(
                fields=["change", "is_back", "place"], name="change_step_once_per_place"
            ),
            models.CheckConstraint(
                name="change_step_done_by_somebody",
                condition=Q(done_at__isnull=True, done_by__isnull=True)
                | Q(done_at__isnull=False, done_by__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.title


class ChangeEvent(models.Model):
    """Something that happened to a change. Never altered."""

    change = models.ForeignKey(Change, on_delete=models.CASCADE, related_name="events")
    at = models.DateTimeField()
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=20)
    text = models.TextField(blank=True)

    objects = OfChangeQuerySet.as_manager()

    class Meta:
        ordering = ["-at", "-pk"]
        verbose_name = "change event"
        indexes = [models.Index(fields=["change", "-at"])]

    def __str__(self) -> str:
        return f"{self.kind} {self.text}".strip()[:120]
