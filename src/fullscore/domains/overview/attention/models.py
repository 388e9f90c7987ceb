"""The queue stores no copy of the work: only what somebody does not want to see for a while, and
who was proposed for what."""

from django.conf import settings
from django.db import models
from django.db.models import Q, QuerySet

from fullscore.domains.foundation.directory.models import Person, Team
from fullscore.kit import access
from fullscore.kit.access import Actor


class SnoozeQuerySet(models.QuerySet["Snooze"]):
    """One's own snoozes; nobody else's queue is anybody's business."""

    def visible_to(self, user: Actor) -> QuerySet["Snooze"]:
        """Return the person's own."""
        return self.filter(user=user.pk)


class Snooze(models.Model):
    """That a row stays out of one person's queue until a moment, and why."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=80)
    until = models.DateTimeField()
    cost_per_hour = models.FloatField()
    reason = models.CharField(max_length=300)
    times = models.PositiveSmallIntegerField(default=1)

    objects = SnoozeQuerySet.as_manager()

    class Meta:
        ordering = ["until"]
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="snooze_once_per_row")]

    def __str__(self) -> str:
        return f"{self.key} until {self.until:%F %H:%M}"


class SharingQuerySet(models.QuerySet["Sharing"]):
    """Rounds of sharing out, by the team whose work it was."""

    def visible_to(self, user: Actor) -> QuerySet["Sharing"]:
        """Return the rounds of the teams in reach."""
        return self.in_reach(access.reach(user, "attention.view_sharing"))

    def in_reach(self, reach: access.Reach) -> QuerySet["Sharing"]:
        """Return the rounds of the teams a grant covers."""
        return self.filter(reach.rows(team="team_id"))


class Sharing(models.Model):
    """One round in which a team's open work was shared out: proposals, not orders."""

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="+")
    hours_each = models.FloatField(
        "hours each",
        default=8.0,
        help_text="Free hours of a full day's worker until the next round.",
    )
    at = models.DateTimeField("shared out", editable=False)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", editable=False
    )

    objects = SharingQuerySet.as_manager()
    named_by = ("team",)

    class Meta:
        ordering = ["-at"]
        verbose_name_plural = "sharings"
        constraints = [
            models.CheckConstraint(
                name="sharing_of_some_hours",
                condition=Q(hours_each__gt=0, hours_each__lte=80),
                violation_error_message="Share out more than 0 and at most 80 hours each.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.team}, {self.at:%-d %b %H:%M} UTC"


class ProposalQuerySet(models.QuerySet["Proposal"]):
    """Proposals, seen by whom they name and by whoever may see the round."""

    def in_reach(self, reach: access.Reach) -> QuerySet["Proposal"]:
        """Return the proposals of the rounds a grant covers."""
        return self.filter(sharing__in=Sharing.objects.in_reach(reach))

    def visible_to(self, user: Actor) -> QuerySet["Proposal"]:
        """Return one's own, and those of the teams in reach."""
        rounds = Sharing.objects.visible_to(user)
        return self.filter(Q(person__user=user.pk) | Q(sharing__in=rounds))


class Proposal(models.Model):
    """That somebody take something, until they accept or refuse."""

    class State(models.TextChoices):
        PROPOSED = "proposed"
        ACCEPTED = "accepted"
        REFUSED = "refused"
        PASSED = "passed"  # done, taken or shared out anew before anybody answered

    sharing = models.ForeignKey(Sharing, on_delete=models.CASCADE, related_name="proposals")
    key = models.CharField(max_length=80)
    title = models.CharField(max_length=300)
    person = models.ForeignKey(
        Person, on_delete=models.CASCADE, null=True, related_name="+", verbose_name="for"
    )
    cost_per_hour = models.FloatField("cost of waiting per hour")
    work_hours = models.FloatField("hours of work")
    state = models.CharField(max_length=8, choices=State, default=State.PROPOSED)
    reason = models.CharField(max_length=300, blank=True)

    objects = ProposalQuerySet.as_manager()

    class Meta:
        ordering = ["-cost_per_hour"]
        constraints = [
            models.UniqueConstraint(fields=["sharing", "key"], name="proposal_once_per_round")
        ]

    def __str__(self) -> str:
        return self.title
