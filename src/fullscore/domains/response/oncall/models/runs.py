"""What runs: escalations, their timers, pages to people, and attempts to deliver them.

Nothing of it is in anybody's memory: a process that dies leaves rows that are due, and another
takes them up.
"""

from typing import Any

from django.db import models
from django.db.models import Q

from fullscore.domains.foundation.directory.models import Person, Team
from fullscore.domains.foundation.estate.models import Item
from fullscore.domains.response.oncall.models.people import URGENCIES, ContactChannel
from fullscore.domains.response.oncall.models.policies import SEVERITY_CHOICES, EscalationPolicy
from fullscore.kit import access
from fullscore.kit.models.secret import Secret

LIVE = Q(state__in=["running", "acknowledged", "snoozed", "unanswered"])


def _covered(reach: access.Reach, path: str = "") -> Q:
    return reach.rows(team=f"{path}team_id") | Q(
        **{f"{path}item__in": Item.objects.in_reach(reach)}
    )


class RunQuerySet(models.QuerySet["Run"]):
    """Escalations, by who may see them."""

    def in_reach(self, reach: access.Reach) -> "RunQuerySet":
        """Return those of a covered team, and those about a covered item."""
        return self if reach.everywhere else self.filter(_covered(reach))

    def visible_to(self, user: access.Actor) -> "RunQuerySet":
        """Return what is in reach of the person's grants, and what called the person."""
        called = Page.objects.filter(person__user=user.pk).values("run")
        reach = access.reach(user, "oncall.view_run")
        return self if reach.everywhere else self.filter(_covered(reach) | Q(pk__in=called))

    def live(self) -> "RunQuerySet":
        """Return what is not over."""
        return self.filter(LIVE)


class Run(models.Model):
    """One escalation: people are called until somebody answers."""

    class State(models.TextChoices):
        RUNNING = "running", "calling"
        ACKNOWLEDGED = "acknowledged"
        SNOOZED = "snoozed"
        UNANSWERED = "unanswered"  # all steps were taken; the last resort is called again and again
        OVER = "over"

    subject = models.CharField(max_length=60)  # the noun it is about, such as incidents.incident
    record = models.BigIntegerField()
    title = models.CharField(max_length=300)
    url = models.CharField("address", max_length=300, blank=True)
    severity = models.PositiveSmallIntegerField(choices=SEVERITY_CHOICES)
    priority = models.PositiveSmallIntegerField(null=True)  # 1 for P1; None: nobody weighed it
    urgency = models.CharField(max_length=9, choices=URGENCIES)
    item = models.ForeignKey(Item, on_delete=models.SET_NULL, null=True, related_name="escalations")
    team = models.ForeignKey(Team, on_delete=models.SET_NULL, null=True, related_name="escalations")
    policy = models.ForeignKey(
        EscalationPolicy, on_delete=models.SET_NULL, null=True, related_name="runs"
    )
    plan = models.JSONField(default=list)  # the policy's steps as they were when it began
    alerts = models.JSONField(default=list)  # when alerts of it began, in Unix seconds
    state = models.CharField(max_length=12, choices=State, default=State.RUNNING)
    first_round = models.PositiveIntegerField(default=0)  # since the last time it began anew
    started_at = models.DateTimeField("since")
    answered_by = models.ForeignKey(
        Person, on_delete=models.SET_NULL, null=True, related_name="answered"
    )
    answered_at = models.DateTimeField(null=True)
    resumes_at = models.DateTimeField("calls again at", null=True)
    over_at = models.DateTimeField("over", null=True)

    objects = RunQuerySet.as_manager()
    audit_leaves_out = ("plan", "alerts", "priority")

    class Meta:
        ordering = ["-started_at"]
        verbose_name = "escalation"
        permissions = [("acknowledge_run", "Can answer, snooze and hand on escalations")]
        indexes = [
            models.Index(fields=["started_at", "id"]),
            models.Index(fields=["severity", "id"]),
            models.Index(fields=["resumes_at"], condition=Q(resumes_at__isnull=False),
                         name="run_resuming"),
        ]  # fmt: skip
        constraints = [
            models.UniqueConstraint(
                fields=["subject", "record"], condition=LIVE, name="run_one_live_per_subject"
            )
        ]

    def __str__(self) -> str:
        return self.title


class OfRunQuerySet(models.QuerySet[Any]):
    """What belongs to an escalation, seen with it."""

    def visible_to(self, user: access.Actor) -> "OfRunQuerySet":
        """Return what belongs to escalations the person may see."""
        return self.filter(run__in=Run.objects.visible_to(user))


class Timer(models.Model):
    """A step that is still to be taken: once, whoever looks and however often."""

    class State(models.TextChoices):
        WAITING = "waiting"
        DONE = "done"
        CANCELLED = "cancelled"

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="timers")
    step = models.PositiveSmallIntegerField()  # place in the run's plan; its length: last resort
    round = models.PositiveIntegerField()
    due_at = models.DateTimeField()
    state = models.CharField(max_length=9, choices=State, default=State.WAITING)
    done_at = models.DateTimeField(null=True)
    note = models.CharField(max_length=300, blank=True)

    objects = OfRunQuerySet.as_manager()

    class Meta:
        ordering = ["due_at"]
        indexes = [models.Index(fields=["due_at"], condition=Q(state="waiting"), name="timer_due")]
        constraints = [
            models.UniqueConstraint(
                fields=["run", "step", "round"], name="timer_once_per_step_and_round"
            )
        ]

    def __str__(self) -> str:
        return f"step {self.step + 1}, round {self.round + 1}"


class Page(models.Model):
    """One call to one person, by whichever of their channels."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="pages")
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="pages")
    at = models.DateTimeField()
    urgency = models.CharField(max_length=9, choices=URGENCIES)
    why = models.CharField(max_length=200)
    is_night = models.BooleanField(default=False)  # by the person's own clock

    objects = OfRunQuerySet.as_manager()

    class Meta:
        ordering = ["-at"]
        indexes = [
            models.Index(fields=["run", "person", "-at"]),
            models.Index(fields=["person", "-at"]),
        ]

    def __str__(self) -> str:
        return f"{self.person} called"


class AttemptQuerySet(models.QuerySet["Attempt"]):
    """Deliveries: seen with the escalation; tests of a channel by its owner alone."""

    def visible_to(self, user: access.Actor) -> "AttemptQuerySet":
        """Return those of escalations the person may see, and the person's own tests."""
        own = Q(page__isnull=True, channel__person__user=user.pk)
        seen = Run.objects.visible_to(user)
        return self.filter(own | Q(page__run__in=seen) | Q(run__in=seen))


class Attempt(models.Model):
    """One delivery by one channel: claimed with a lease, sent with a key of its own, marked."""

    class Kind(models.TextChoices):
        PAGE = "page"
        TEST = "test"
        CODE = "code", "confirmation code"
        HOOK = "hook", "webhook of a step"

    class State(models.TextChoices):
        WAITING = "waiting"
        SENDING = "sending"
        SENT = "sent"
        FAILED = "failed"
        CANCELLED = "cancelled"

    page = models.ForeignKey(Page, on_delete=models.CASCADE, null=True, related_name="attempts")
    channel = models.ForeignKey(
        ContactChannel, on_delete=models.CASCADE, null=True, related_name="attempts"
    )
    run = models.ForeignKey(Run, on_delete=models.CASCADE, null=True, related_name="hooks")
    address = models.CharField(max_length=500, blank=True)  # of a webhook; a channel has its own
    secret = models.ForeignKey(Secret, on_delete=models.SET_NULL, null=True, related_name="+")
    kind = models.CharField(max_length=4, choices=Kind, default=Kind.PAGE)
    way = models.CharField(max_length=8, choices=ContactChannel.Kind)
    key = models.CharField(max_length=32, unique=True)  # the same however often it is sent
    due_at = models.DateTimeField()
    state = models.CharField(max_length=9, choices=State, default=State.WAITING)
    lease_until = models.DateTimeField(null=True)
    tries = models.PositiveSmallIntegerField(default=0)
    sent_at = models.DateTimeField(null=True)
    answer = models.CharField(max_length=300, blank=True)
    link_used_at = models.DateTimeField(null=True)

    objects = AttemptQuerySet.as_manager()

    class Meta:
        ordering = ["-due_at"]
        verbose_name = "page delivery"
        verbose_name_plural = "page deliveries"
        indexes = [
            models.Index(fields=["due_at", "id"]),
            models.Index(
                fields=["due_at"], condition=Q(state__in=["waiting", "sending"]), name="attempt_due"
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["page", "channel"], condition=Q(page__isnull=False),
                name="attempt_once_per_page_and_channel",
            ),
            models.CheckConstraint(
                name="attempt_by_a_channel_or_of_a_run",
                condition=Q(channel__isnull=False) | Q(run__isnull=False, kind="hook"),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.get_kind_display()} by {self.get_way_display()}"


class RunEvent(models.Model):
    """Something that happened in an escalation. Never changed."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="events")
    at = models.DateTimeField()
    text = models.CharField(max_length=300)

    objects = OfRunQuerySet.as_manager()

    class Meta:
        ordering = ["-at", "-pk"]
        verbose_name = "escalation event"
        indexes = [models.Index(fields=["run", "-at"]), models.Index(fields=["at", "id"])]

    def __str__(self) -> str:
        return self.text
