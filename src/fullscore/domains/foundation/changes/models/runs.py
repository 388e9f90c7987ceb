"""Runbooks being run: which step stands where, what each showed, and by which account hosts are
altered."""

from typing import Any

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Q

from fullscore.domains.foundation.changes.models.changes import Change
from fullscore.domains.foundation.changes.models.runbooks import Runbook, RunbookVersion
from fullscore.domains.foundation.estate.models import Item
from fullscore.engines.runbooks import Step
from fullscore.kit import access
from fullscore.kit.models.querysets import VisibleQuerySet
from fullscore.kit.models.secret import Secret

HOST = r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?|[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*"
ACCOUNT = r"[A-Za-z_][A-Za-z0-9_.@\\-]*\$?"


class OfItemSeen(VisibleQuerySet[Any]):
    """Rows of an item, seen with it by whoever may see their kind at all."""

    path = "item"

    def visible_to(self, user: access.Actor) -> "OfItemSeen":
        """Return the rows of items the person may see."""
        seen = super().visible_to(user)
        return seen.filter(**{f"{self.path}__in": Item.objects.visible_to(user)})  # type: ignore[return-value]

    def in_reach(self, reach: access.Reach) -> "OfItemSeen":
        """Return the rows of items that a grant covers."""
        if reach.everywhere:
            return self
        return self.filter(**{f"{self.path}__in": Item.objects.in_reach(reach)})


class RunbookRun(models.Model):
    """One run of a version of a runbook for an item, from its first step to its end."""

    class State(models.TextChoices):
        RUNNING = "running"
        WAITING = "waiting"
        DONE = "done"
        FAILED = "failed"
        STOPPED = "stopped"

    class Asks(models.TextChoices):
        """What a run waits for."""

        READ = "read", "somebody to read on"
        ANSWER = "answer", "an answer"
        TIME = "time", "its time"
        APPROVAL = "approval", "an approval"
        FAILED = "failed", "somebody to see what failed"
        UNKNOWN = "unknown", "somebody to look at the host"

    LIVE = (State.RUNNING, State.WAITING)

    runbook = models.ForeignKey(Runbook, on_delete=models.PROTECT, related_name="runs")
    version = models.ForeignKey(RunbookVersion, on_delete=models.PROTECT, related_name="runs")
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="runbook_runs")
    given = models.JSONField("parameters", default=dict)
    reference = models.CharField("for", max_length=80, blank=True)  # as of Trouble: “incident 12”
    is_dry = models.BooleanField("dry run", default=False)
    state = models.CharField(max_length=7, choices=State, default=State.RUNNING)
    asks = models.CharField("waits for", max_length=8, choices=Asks, blank=True)
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    driver = models.ForeignKey(  # whoever let it go on last: in whose name the next step is done
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    started_at = models.DateTimeField("started")
    ended_at = models.DateTimeField("over", null=True)
    outcome = models.CharField(max_length=300, blank=True)
    helped = models.BooleanField(null=True)
    is_back = models.BooleanField("on the way back", default=False)
    following = models.PositiveSmallIntegerField("next step", default=1)
    is_stopping = models.BooleanField(default=False)
    holder = models.CharField(max_length=32, blank=True)
    beat_at = models.DateTimeField(null=True)

    objects = OfItemSeen.as_manager()
    named_by = ("runbook", "item")
    audit_leaves_out = ("holder", "beat_at")

    class Meta:
        ordering = ["-started_at"]
        verbose_name = "runbook run"
        indexes = [models.Index(fields=["state", "beat_at"]), models.Index(fields=["reference"])]
        constraints = [
            models.UniqueConstraint(
                fields=["runbook", "item"],
                condition=Q(state__in=["running", "waiting"], is_dry=False),
                name="runbook_run_once_at_a_time",
                violation_error_message="It is being run for this item already: go on there.",
            ),
            models.CheckConstraint(
                name="runbook_run_over_says_when",
                condition=Q(state__in=["running", "waiting"], ended_at__isnull=True)
                | (~Q(state__in=["running", "waiting"]) & Q(ended_at__isnull=False)),
            ),
            models.CheckConstraint(
                name="runbook_run_waits_for_something",
                condition=(Q(state="waiting") & ~Q(asks="")) | (~Q(state="waiting") & Q(asks="")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.runbook} for {self.item}"

    @property
    def is_live(self) -> bool:
        """Say whether it is not over."""
        return self.state in self.LIVE

    def step(self, place: int) -> Step | None:
        """Return a step of the way it is on; None after the last."""
        way = self.version.book.way(self.is_back)
        return way[place - 1] if 1 <= place <= len(way) else None


class OfRunbookRun(OfItemSeen):
    """Rows that hang on a run, and are seen when it is."""

    path = "run__item"


class RunbookStepRun(models.Model):
    """One step of a run as it was done, with what it showed. A step done again is another row."""

    class State(models.TextChoices):
        RUNNING = "running"
        WAITING = "waiting"
        DONE = "done"
        FAILED = "failed"
        UNKNOWN = "unknown", "nobody knows"
        SKIPPED = "skipped"
        STOPPED = "stopped"

    OPEN = (State.RUNNING, State.WAITING)

    run = models.ForeignKey(RunbookRun, on_delete=models.CASCADE, related_name="steps")
    number = models.PositiveIntegerField()  # in the order in which they were done
    is_back = models.BooleanField("of the way back", default=False)
    place = models.PositiveSmallIntegerField()
    title = models.CharField(max_length=160)
    kind = models.CharField(max_length=8)
    state = models.CharField(max_length=7, choices=State, default=State.RUNNING)
    result = models.CharField(max_length=60, blank=True)  # good, bad, or an answer
    command = models.TextField(blank=True)  # exactly what is run
    is_altering = models.BooleanField("alters", default=False)
    change = models.ForeignKey(
        Change, on_delete=models.PROTECT, null=True, related_name="runbook_steps"
    )
    output = models.TextField(blank=True)  # at most 64 KiB
    status = models.IntegerField("exit status", null=True)
    note = models.TextField(blank=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    started_at = models.DateTimeField("started")
    sent_at = models.DateTimeField("sent", null=True)  # noted before a command is sent
    due_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField("over", null=True)

    objects = OfRunbookRun.as_manager()

    class Meta:
        ordering = ["run", "number"]
        verbose_name = "runbook step"
        constraints = [
            models.UniqueConstraint(fields=["run", "number"], name="runbook_step_once"),
            models.UniqueConstraint(
                fields=["run"], condition=Q(ended_at__isnull=True), name="runbook_step_one_open"
            ),
            models.CheckConstraint(
                name="runbook_step_over_says_when",
                condition=Q(state__in=["running", "waiting"], ended_at__isnull=True)
                | (~Q(state__in=["running", "waiting"]) & Q(ended_at__isnull=False)),
            ),
            models.CheckConstraint(
                name="runbook_step_alters_within_a_change",
                condition=Q(sent_at__isnull=True) | Q(is_altering=False) | Q(change__isnull=False),
                violation_error_message="What alters a host is a change.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.place}. {self.title}"


class CommandAccess(models.Model):
    """The account by which runbooks run commands on a host: another than that which reads it.

    Where the host stands and by which key it is known is told by whoever reads it.
    """

    item = models.OneToOneField(Item, on_delete=models.CASCADE, related_name="command_access")
    address = models.CharField(
        max_length=255,
        validators=[RegexValidator(rf"\A(?:{HOST})\Z", "Give a host name or an address.")],
        help_text="A host name or an address.",
    )
    port = models.PositiveIntegerField(
        default=22, validators=[MinValueValidator(1), MaxValueValidator(65535)]
    )
    host_key = models.CharField(
        "key of the host",
        max_length=2000,
        blank=True,
        help_text="Its public key as one line. Empty: nobody has trusted it, and nothing is sent.",
    )
    reader = models.CharField("reading account", max_length=80, blank=True, editable=False)
    user = models.CharField(
        max_length=80,
        default="fullscore-run",
        validators=[RegexValidator(rf"\A(?:{ACCOUNT})\Z", "Give the name of an account.")],
        help_text="An account of its own, which may do what the runbooks need and no more.",
    )
    credential = models.ForeignKey(
        Secret, on_delete=models.SET_NULL, null=True, editable=False, related_name="+"
    )
    public_key = models.CharField(max_length=800, blank=True, editable=False)

    objects = OfItemSeen.as_manager()
    named_by = ("item",)

    class Meta:
        ordering = ["item"]
        verbose_name = "command access"
        verbose_name_plural = "command accesses"
        constraints = [
            models.CheckConstraint(
                name="command_access_is_no_reader",
                condition=~Q(user=models.F("reader")),
                violation_error_message="The account that reads the host must not run commands:"
                " make another one.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.user} on {self.address}"
