"""Policies: who is called one after the other, and for what."""

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, URLValidator
from django.db import models
from django.db.models import Q

from fullscore.domains.foundation.directory.models import Person, Team
from fullscore.domains.foundation.estate import queries as estate
from fullscore.domains.response.oncall.models.people import URGENCIES
from fullscore.domains.response.oncall.models.schedules import Schedule, check_hours, check_zone
from fullscore.kit import access
from fullscore.kit.checks import SEVERITIES
from fullscore.kit.errors import Invalid
from fullscore.kit.models.querysets import VisibleQuerySet
from fullscore.kit.models.secret import Secret

SEVERITY_CHOICES = [(n, SEVERITIES[n]) for n in (5, 4, 3, 2, 1)]


class PolicyQuerySet(VisibleQuerySet["EscalationPolicy"]):
    """Policies, known to whoever sees any."""

    def in_reach(self, reach: access.Reach) -> "PolicyQuerySet":
        """Return the policies of covered teams."""
        return self.filter(reach.rows(team="team_id"))


class EscalationPolicy(models.Model):
    """Steps taken until somebody answers."""

    class Empty(models.TextChoices):
        NEXT = "next", "take the next step at once"
        HOLD = "hold", "wait until somebody is on call"
        CATCH = "catch", "call the catch-all person"

    name = models.CharField(max_length=80, unique=True)
    team = models.ForeignKey(
        Team, on_delete=models.SET_NULL, null=True, blank=True, related_name="policies"
    )
    repeats = models.PositiveSmallIntegerField(
        "times repeated", default=2, validators=[MaxValueValidator(9)]
    )
    when_empty = models.CharField(
        "when nobody is on call", max_length=5, choices=Empty, default=Empty.NEXT
    )
    catch_all = models.ForeignKey(
        Person, on_delete=models.SET_NULL, null=True, blank=True, related_name="+",
        help_text="Called when nobody else is left.",
    )  # fmt: skip
    ack_minutes = models.PositiveSmallIntegerField(
        "asks again after", default=30,
        help_text="Minutes after an acknowledgement; 0: never. Only what is P1 is asked.",
    )  # fmt: skip

    objects = PolicyQuerySet.as_manager()
    keeps_history = True

    class Meta:
        ordering = ["name"]
        verbose_name = "escalation policy"
        verbose_name_plural = "escalation policies"
        constraints = [
            models.CheckConstraint(
                name="policy_catches_with_somebody",
                condition=~Q(when_empty="catch") | Q(catch_all__isnull=False),
                violation_error_message="Name the catch-all person.",
            ),
            models.CheckConstraint(
                name="policy_repeats_at_most_nine_times",
                condition=Q(repeats__lte=9),
                violation_error_message="A policy is repeated at most nine times.",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class StepQuerySet(VisibleQuerySet["EscalationStep"]):
    """Steps, changed by whoever may change the policy."""

    def in_reach(self, reach: access.Reach) -> "StepQuerySet":
        """Return the steps of covered teams' policies."""
        return self.filter(reach.rows(team="policy__team_id"))


class EscalationStep(models.Model):
    """One step. A condition that does not hold passes over the step after it."""

    class Kind(models.TextChoices):
        WAIT = "wait", "wait"
        PERSON = "person", "call a person"
        SCHEDULE = "schedule", "call who is on call"
        NEXT = "next", "call who is on call next"
        TEAM = "team", "call everybody of a team"
        ROLE = "role", "call a role of a team"
        ROBIN = "robin", "call the team one by one, in turn"
        SEVERITY = "severity", "only if at least as severe"
        HOURS = "hours", "only in these hours"
        ALERTS = "alerts", "only from so many alerts in so many minutes"
        WEBHOOK = "webhook", "call a signed webhook"
        DECLARE = "declare", "declare a major incident"
        RESOLVE = "resolve", "resolve it"

    policy = models.ForeignKey(EscalationPolicy, on_delete=models.CASCADE, related_name="steps")
    position = models.PositiveSmallIntegerField(default=1)
    kind = models.CharField(max_length=8, choices=Kind)
    urgency = models.CharField(max_length=9, choices=URGENCIES, default="important")
    minutes = models.PositiveSmallIntegerField(default=5)
    count = models.PositiveSmallIntegerField(
        "alerts", default=3, help_text="At least so many, within the minutes of the step."
    )
    address = models.CharField(
        "webhook", max_length=500, blank=True, validators=[URLValidator(["https", "http"])],
        help_text="Signed with the key you give the step afterwards.",
    )  # fmt: skip
    secret = models.ForeignKey(
        Secret, on_delete=models.SET_NULL, null=True, editable=False, related_name="+"
    )
    person = models.ForeignKey(
        Person, on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    schedule = models.ForeignKey(
        Schedule, on_delete=models.CASCADE, null=True, blank=True, related_name="steps"
    )
    team = models.ForeignKey(
        Team, on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    role = models.CharField(max_length=80, blank=True)
    severity = models.PositiveSmallIntegerField(choices=SEVERITY_CHOICES, null=True, blank=True)
    hours = models.CharField(max_length=300, blank=True, validators=[check_hours])
    zone = models.CharField(
        "time zone", max_length=64, blank=True, validators=[check_zone],
        help_text="Of the hours; UTC when empty.",
    )  # fmt: skip

    objects = StepQuerySet.as_manager()
    keeps_history = True

    class Meta:
        ordering = ["policy", "position", "pk"]
        verbose_name = "escalation step"
        constraints = [
            models.CheckConstraint(
                name="step_names_what_it_needs",
                condition=Q(kind="wait", minutes__gte=1)
                | Q(kind="person", person__isnull=False)
                | Q(kind__in=["schedule", "next"], schedule__isnull=False)
                | Q(kind__in=["team", "robin"], team__isnull=False)
                | (Q(kind="role", team__isnull=False) & ~Q(role=""))
                | Q(kind="severity", severity__isnull=False)
                | Q(kind="alerts", count__gte=1, minutes__gte=1)
                | (Q(kind="webhook") & ~Q(address=""))
                | Q(kind__in=["declare", "resolve"])
                | (Q(kind="hours") & ~Q(hours="")),
                violation_error_message="Say whom or what this kind of step is about.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.policy} {self.position}"

    def clean(self) -> None:
        """Say which field a kind needs: the constraint, which names none, is the last resort."""
        missing = [name for name in NEEDS.get(self.kind, ()) if not getattr(self, name)]
        if missing:
            raise ValidationError(dict.fromkeys(missing, "This kind of step needs it."))


NEEDS: dict[str, tuple[str, ...]] = {
    "wait": ("minutes",), "person": ("person",), "schedule": ("schedule",), "next": ("schedule",),
    "team": ("team",), "robin": ("team",), "role": ("team", "role"), "severity": ("severity",),
    "hours": ("hours",), "alerts": ("count", "minutes"), "webhook": ("address",),
}  # fmt: skip


class RouteQuerySet(VisibleQuerySet["EscalationRoute"]):
    """Routes, changed by whoever may change the policy they lead to."""

    def in_reach(self, reach: access.Reach) -> "RouteQuerySet":
        """Return the routes to covered teams' policies."""
        return self.filter(reach.rows(team="policy__team_id"))


class EscalationRoute(models.Model):
    """Which policy serves what; the first that fits counts."""

    position = models.PositiveSmallIntegerField(default=100, help_text="Lower ones come first.")
    policy = models.ForeignKey(EscalationPolicy, on_delete=models.CASCADE, related_name="routes")
    selector = models.CharField(
        max_length=300, blank=True,
        help_text="Which items, as in the list of items: kind=service, tag=shop; empty: all.",
    )  # fmt: skip
    team = models.ForeignKey(
        Team, on_delete=models.CASCADE, null=True, blank=True, related_name="+",
        help_text="Only what this team owns.",
    )  # fmt: skip
    min_severity = models.PositiveSmallIntegerField(
        "from severity", choices=SEVERITY_CHOICES, default=4
    )
    important_from = models.PositiveSmallIntegerField(
        "important from", choices=SEVERITY_CHOICES, default=4
    )

    objects = RouteQuerySet.as_manager()
    keeps_history = True

    class Meta:
        ordering = ["position", "pk"]
        verbose_name = "escalation route"

    def __str__(self) -> str:
        return f"{self.selector or 'everything'} → {self.policy}"

    def clean(self) -> None:
        """Refuse a selector that cannot be read: nobody would be called by it."""
        try:
            estate.selected(self.selector)
        except Invalid as error:
            raise ValidationError({"selector": str(error)}) from error
