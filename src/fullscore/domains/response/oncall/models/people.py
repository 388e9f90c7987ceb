"""What is one person's own: swaps, days away, and how they are reached."""

from typing import Any

from django.db import models
from django.db.models import F, Q

from fullscore.domains.foundation.directory.models import Membership, Person
from fullscore.domains.response.oncall.models.schedules import Shift
from fullscore.kit import access, time
from fullscore.kit.models.querysets import VisibleQuerySet
from fullscore.kit.models.secret import Secret

URGENCIES = [("important", "important"), ("normal", "normal")]


class SwapQuerySet(VisibleQuerySet["Swap"]):
    """Swaps: who covers whom is known to whoever sees the schedule."""


class Swap(models.Model):
    """A shift somebody would like another to take. It needs both people."""

    class State(models.TextChoices):
        OPEN = "open"
        ACCEPTED = "accepted"
        WITHDRAWN = "withdrawn"

    shift = models.ForeignKey(Shift, on_delete=models.SET_NULL, null=True, related_name="swaps")
    person = models.ForeignKey(
        Person, on_delete=models.CASCADE, related_name="swaps", verbose_name="offered by"
    )
    starts_at = models.DateTimeField("from")
    ends_at = models.DateTimeField("until")
    wanted = models.ForeignKey(
        Person, on_delete=models.SET_NULL, null=True, blank=True, related_name="+",
        verbose_name="asked for",
    )  # fmt: skip
    taker = models.ForeignKey(
        Person, on_delete=models.SET_NULL, null=True, related_name="+", verbose_name="taken by"
    )
    state = models.CharField(max_length=9, choices=State, default=State.OPEN, editable=False)
    note = models.CharField(max_length=200, blank=True)

    objects = SwapQuerySet.as_manager()
    keeps_history = True

    class Meta:
        ordering = ["-starts_at"]
        verbose_name = "shift swap"
        constraints = [
            models.CheckConstraint(
                name="swap_ends_after_it_starts",
                condition=Q(ends_at__gt=F("starts_at")),
                violation_error_message="It must end after it starts.",
            ),
            models.UniqueConstraint(
                fields=["shift"], condition=Q(state="open"), name="swap_one_open_per_shift",
                violation_error_message="This shift is offered already.",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.person}'s shift"


def own_or_reports(user: access.Actor, path: str = "person") -> Q:
    """Return the condition that keeps rows of the person behind an account, and of reports."""
    me = Person.objects.filter(user=user.pk).values("pk")
    reports = Membership.objects.on(time.now().date()).filter(manager__in=me).values("person")
    return Q(**{f"{path}__in": me}) | Q(**{f"{path}__in": reports})


class AbsenceQuerySet(models.QuerySet["Absence"]):
    """Days away: one's own, and those of the people who answer to one."""

    def in_reach(self, reach: access.Reach) -> "AbsenceQuerySet":
        """Return all: whose they are decides, not a grant's team."""
        return self

    def visible_to(self, user: access.Actor) -> "AbsenceQuerySet":
        """Return one's own, and those of one's reports."""
        return self.filter(own_or_reports(user))


class Absence(models.Model):
    """Days on which somebody cannot be on call. Why is nobody's business, so it is not kept."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="absences")
    starts_at = models.DateTimeField("from")
    ends_at = models.DateTimeField("until")

    objects = AbsenceQuerySet.as_manager()

    class Meta:
        ordering = ["-starts_at"]
        constraints = [
            models.CheckConstraint(
                name="absence_ends_after_it_starts",
                condition=Q(ends_at__gt=F("starts_at")),
                violation_error_message="It must end after it starts.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.person} away"


class OwnQuerySet(models.QuerySet[Any]):
    """How somebody is reached: nobody's but their own to see."""

    def in_reach(self, reach: access.Reach) -> "OwnQuerySet":
        """Return all: whose they are decides, not a grant's team."""
        return self

    def visible_to(self, user: access.Actor) -> "OwnQuerySet":
        """Return one's own."""
        return self.filter(person__user=user.pk)


class ContactChannel(models.Model):
    """One way to reach somebody."""

    class Kind(models.TextChoices):
        EMAIL = "email", "e-mail"
        WEBHOOK = "webhook", "signed webhook"
        NTFY = "ntfy"
        SLACK = "slack", "Slack"
        TEAMS = "teams", "Microsoft Teams"
        TELEGRAM = "telegram", "Telegram"
        SMS = "sms", "SMS gateway"

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="channels")
    kind = models.CharField(max_length=8, choices=Kind)
    address = models.CharField(max_length=500)
    secret = models.ForeignKey(
        Secret, on_delete=models.PROTECT, null=True, editable=False, related_name="+"
    )
    confirmed_at = models.DateTimeField(null=True, editable=False)
    last_sent_at = models.DateTimeField("last reached", null=True, editable=False)
    failures = models.PositiveSmallIntegerField("failed in a row", default=0, editable=False)
    problem = models.CharField(max_length=300, blank=True, editable=False)

    objects = OwnQuerySet.as_manager()
    audit_hides = ("address",)
    audit_leaves_out = ("last_sent_at", "failures", "problem")

    class Meta:
        ordering = ["person", "pk"]
        verbose_name = "contact channel"
        constraints = [
            models.UniqueConstraint(
                fields=["person", "kind", "address"], name="channel_once_per_person",
                violation_error_message="You have this channel already.",
            )
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.address}"


class CalendarKey(models.Model):
    """What opens the private address of one person's calendar; only its digest is kept."""

    person = models.OneToOneField(Person, on_delete=models.CASCADE, related_name="calendar_key")
    digest = models.CharField(max_length=64, unique=True)
    made_at = models.DateTimeField()

    audit_hides = ("digest",)

    class Meta:
        ordering = ["person"]
        verbose_name = "calendar key"

    def __str__(self) -> str:
        return f"calendar of {self.person}"


class ContactRule(models.Model):
    """When a channel is used: so many minutes after a page of an urgency."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="contact_rules")
    urgency = models.CharField(max_length=9, choices=URGENCIES, default="important")
    channel = models.ForeignKey(ContactChannel, on_delete=models.CASCADE, related_name="rules")
    delay_minutes = models.PositiveSmallIntegerField("minutes after", default=0)

    objects = OwnQuerySet.as_manager()

    class Meta:
        ordering = ["person", "urgency", "delay_minutes", "pk"]
        verbose_name = "contact rule"
        constraints = [
            models.UniqueConstraint(
                fields=["channel", "urgency"], name="contact_rule_once_per_channel",
                violation_error_message="This channel has a rule for that urgency already.",
            ),
            models.CheckConstraint(
                name="contact_rule_within_an_hour",
                condition=Q(delay_minutes__lte=60),
                violation_error_message="At most 60 minutes after the page.",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.channel} after {self.delay_minutes} min"
