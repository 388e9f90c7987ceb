"""Campaigns: a plan in waves, approved by its digest, and what is done on each server."""

from typing import Any

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q

from fullscore.domains.foundation.changes.models import Change
from fullscore.domains.foundation.estate.models import Item
from fullscore.domains.infrastructure.patching.models.baselines import Baseline, Ring
from fullscore.domains.infrastructure.servers.models import Server
from fullscore.kit import access
from fullscore.kit.models.querysets import VisibleQuerySet


class Campaign(models.Model):
    """One roll-out of a baseline's updates, wave by wave."""

    class State(models.TextChoices):
        DRAFT = "draft"
        PROPOSED = "proposed"
        APPROVED = "approved"
        RUNNING = "running"
        PAUSED = "paused"
        DONE = "done"
        STOPPED = "stopped"

    class WayBack(models.TextChoices):
        DOWNGRADE = "downgrade", "downgrade to what was kept"
        NONE = "none", "none"

    class NoWayBack(models.TextChoices):
        REFUSED = "refused", "the server is not altered"
        ACCEPTED = "accepted", "it goes on without a way back"

    class NewDependencies(models.TextChoices):
        ALLOWED = "allowed"
        REFUSED = "refused"

    class Reboots(models.TextChoices):
        NEEDED = "needed", "where it is needed"
        NEVER = "never"

    class Way(models.TextChoices):
        SSH = "ssh", "over SSH, by steps of our own"
        ANSIBLE = "ansible", "by Ansible's playbooks"

    PLANNABLE = (State.DRAFT, State.PROPOSED, State.APPROVED)
    UNDER_WAY = (State.RUNNING, State.PAUSED)
    AGREED = (State.APPROVED, State.RUNNING, State.PAUSED, State.DONE)

    title = models.CharField(max_length=120)
    baseline = models.ForeignKey(Baseline, on_delete=models.PROTECT, related_name="campaigns")
    cut_off_at = models.DateTimeField(
        "cut-off", help_text="Updates that were not known by then wait for the next campaign."
    )
    begins_at = models.DateTimeField(
        "not before", help_text="The first ring begins with the first window after it."
    )
    run_minutes = models.PositiveSmallIntegerField(
        "a server takes (minutes)",
        default=30,
        validators=[MinValueValidator(10), MaxValueValidator(240)],
        help_text="The longest expected; windows are cut into slots of this length.",
    )
    error_limit = models.PositiveSmallIntegerField(
        "failures borne",
        null=True,
        blank=True,
        help_text="With more it pauses. Empty: one, or a twentieth of the servers.",
    )
    settle_minutes = models.PositiveSmallIntegerField(
        "watched afterwards (minutes)",
        default=10,
        validators=[MaxValueValidator(10)],
        help_text="What is wrong with a server or its services at the end of this time fails it;"
        " at most half of what a server takes.",
    )
    way_back = models.CharField(max_length=9, choices=WayBack, default=WayBack.DOWNGRADE)
    no_way_back = models.CharField(
        "where old versions cannot be kept",
        max_length=8,
        choices=NoWayBack,
        default=NoWayBack.REFUSED,
        help_text="The plan names those packages once the hosts were looked at.",
    )
    new_dependencies = models.CharField(
        "new dependencies",
        max_length=7,
        choices=NewDependencies,
        default=NewDependencies.ALLOWED,
        help_text="Of servers nobody could look at: may new packages that the updates need come"
        " along? Nothing is ever removed there.",
    )
    reboots = models.CharField(max_length=6, choices=Reboots, default=Reboots.NEEDED)
    drains = models.BooleanField(
        "taken out of service first",
        default=False,
        help_text="Each host runs its own /etc/fullscore/drain before it is altered, and"
        " /etc/fullscore/undrain once it is verified. One without them is not altered.",
    )
    way = models.CharField(
        "carried out",
        max_length=7,
        choices=Way,
        default=Way.SSH,
        help_text="The same steps either way. Ansible needs the extra: pip install"
        " 'fullscore[ansible]'.",
    )
    release_from = models.CharField(
        "upgrades from", max_length=40, blank=True,
        help_text="A release, such as debian 12: then it brings servers to the next one instead of"
        " installing updates.",
    )  # fmt: skip
    drafted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", editable=False
    )
    authors = models.ManyToManyField(
        settings.AUTH_USER_MODEL, related_name="+", editable=False,
        help_text="Who drafted, altered or planned it: none of them approves it.",
    )  # fmt: skip
    state = models.CharField(max_length=8, choices=State, default=State.DRAFT, editable=False)
    is_planning = models.BooleanField(default=False, editable=False)
    planned_at = models.DateTimeField("planned", null=True, editable=False)
    is_looking = models.BooleanField(default=False, editable=False)
    looked_at = models.DateTimeField("looked at", null=True, editable=False)
    digest = models.CharField(max_length=64, blank=True, editable=False)
    cost = models.FloatField(null=True, editable=False)
    bound = models.FloatField(null=True, editable=False)
    rounds = models.PositiveSmallIntegerField(default=0, editable=False)
    kept = models.JSONField(default=list, editable=False)  # redundancy left by service and wave
    simulated_at = models.DateTimeField("simulated", null=True, editable=False)
    problems = models.JSONField(default=list, editable=False)  # what the simulation found
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        editable=False,
    )
    approved_at = models.DateTimeField("approved", null=True, editable=False)
    approved_digest = models.CharField(max_length=64, blank=True, editable=False)
    change = models.ForeignKey(
        Change, on_delete=models.PROTECT, null=True, related_name="campaigns", editable=False
    )
    started_at = models.DateTimeField("started", null=True, editable=False)
    ended_at = models.DateTimeField("over", null=True, editable=False)
    why = models.CharField("why it stands", max_length=300, blank=True, editable=False)
    borne = models.PositiveSmallIntegerField(default=0, editable=False)  # failures resumed after

    objects = VisibleQuerySet.as_manager()
    keeps_history = True
    audit_leaves_out = ("is_planning", "is_looking")

    class Meta:
        ordering = ["-begins_at"]
        verbose_name = "patch campaign"
        permissions = [
            ("approve_campaign", "Can approve the plans of patch campaigns"),
            ("execute_campaign", "Can start, pause, stop and roll back patch campaigns"),
        ]
        constraints = [
            models.CheckConstraint(
                name="campaign_approved_by_another",
                condition=Q(approved_by__isnull=True) | ~Q(approved_by=F("drafted_by")),
                violation_error_message="Someone else must approve your campaign.",
            ),
            models.CheckConstraint(
                name="campaign_runs_the_approved_plan",
                condition=~Q(state__in=["approved", "running", "paused", "done"])
                | (~Q(digest="") & Q(approved_digest=F("digest"), approved_by__isnull=False)),
                violation_error_message="What runs is the plan that was approved: have it"
                " approved anew.",
            ),
            models.CheckConstraint(
                name="campaign_paused_says_why",
                condition=~Q(state="paused") | ~Q(why=""),
                violation_error_message="Say why it is paused.",
            ),
        ]

    def __str__(self) -> str:
        return self.title


class AcceptedOutage(models.Model):
    """That somebody lets a service be down within a time, so that its servers can be patched."""

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="outages")
    service = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="accepted_outages")
    starts_at = models.DateTimeField("from")
    ends_at = models.DateTimeField("until")
    reason = models.CharField(max_length=300)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    objects = VisibleQuerySet.as_manager()

    class Meta:
        ordering = ["starts_at"]
        verbose_name = "accepted outage"
        constraints = [
            models.CheckConstraint(
                name="accepted_outage_ends_after_it_starts",
                condition=Q(ends_at__gt=F("starts_at")),
                violation_error_message="It must end after it starts.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.service} may be down"


class Wave(models.Model):
    """Servers that are patched in one slot."""

    class State(models.TextChoices):
        PLANNED = "planned"
        RUNNING = "running"
        DONE = "done"
        MISSED = "missed"

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="waves")
    number = models.PositiveSmallIntegerField()
    starts_at = models.DateTimeField("from")
    ends_at = models.DateTimeField("until")
    state = models.CharField(max_length=8, choices=State, default=State.PLANNED, editable=False)
    started_at = models.DateTimeField("started", null=True, editable=False)
    ended_at = models.DateTimeField("over", null=True, editable=False)

    objects = VisibleQuerySet.as_manager()

    class Meta:
        ordering = ["campaign", "number"]
        verbose_name = "patch wave"
        indexes = [models.Index(fields=["starts_at", "id"])]
        constraints = [
            models.UniqueConstraint(fields=["campaign", "number"], name="wave_once_per_number"),
            models.CheckConstraint(
                name="wave_ends_after_it_starts", condition=Q(ends_at__gt=F("starts_at"))
            ),
        ]

    def __str__(self) -> str:
        return f"wave {self.number}"


class ServerRunQuerySet(models.QuerySet[Any]):
    """Runs, seen when the server's item is."""

    def visible_to(self, user: access.Actor) -> "ServerRunQuerySet":
        """Return the runs on servers the person may see."""
        if not access.may(user, "patching.view_serverrun"):
            return self.none()
        return self.filter(server__item__in=Item.objects.visible_to(user))

    def in_reach(self, reach: access.Reach) -> "ServerRunQuerySet":
        """Return the runs on servers that a grant covers."""
        return self.filter(server__item__in=Item.objects.in_reach(reach))


class ServerRun(models.Model):
    """What a campaign does on one server, or why it cannot."""

    class State(models.TextChoices):
        UNPLACED = "unplaced"
        PLANNED = "planned"
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"
        UNKNOWN = "unknown"
        SKIPPED = "skipped"
        BACK = "back", "rolled back"

    OPEN = (State.PLANNED, State.RUNNING)
    WENT_WRONG = (State.FAILED, State.UNKNOWN)

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="runs")
    wave = models.ForeignKey(Wave, on_delete=models.CASCADE, null=True, related_name="runs")
    server = models.ForeignKey(Server, on_delete=models.CASCADE, related_name="patch_runs")
    ring = models.ForeignKey(Ring, on_delete=models.SET_NULL, null=True, related_name="+")
    packages = models.JSONField(default=list)  # [name, from, to]
    manager = models.CharField(max_length=8, default="deb", editable=False)  # whose they are
    # What the host said it would do, seen before the approval: upgraded, added, removed, each
    # [name, before, afterwards].
    looked_at = models.DateTimeField("looked at", null=True, editable=False)
    transaction = models.JSONField(default=dict, editable=False)
    lacks = models.JSONField("without a way back", default=list, editable=False)  # names
    unseen = models.CharField(
        "why it was not looked at", max_length=300, blank=True, editable=False
    )
    risk = models.FloatField(default=1.0)
    state = models.CharField(max_length=8, choices=State, default=State.PLANNED, editable=False)
    is_live = models.BooleanField(default=False, editable=False)  # its campaign runs
    is_back = models.BooleanField("rolled back", default=False, editable=False)
    holder = models.CharField(max_length=40, blank=True, editable=False)  # process that is at it
    beat_at = models.DateTimeField(null=True, editable=False)  # when that last said it lives
    why = models.CharField(max_length=300, blank=True, editable=False)
    started_at = models.DateTimeField("started", null=True, editable=False)
    ended_at = models.DateTimeField("over", null=True, editable=False)

    objects = ServerRunQuerySet.as_manager()
    named_by = ("server__item", "campaign")
    audit_leaves_out = ("holder", "beat_at")

    class Meta:
        ordering = ["campaign", "wave__number", "pk"]
        verbose_name = "server run"
        indexes = [models.Index(fields=["state", "beat_at"])]
        constraints = [
            models.UniqueConstraint(
                fields=["campaign", "server"], name="server_run_once_per_campaign"
            ),
            models.UniqueConstraint(
                fields=["server"],
                condition=Q(is_live=True),
                name="server_run_one_live",
                violation_error_message="Another campaign is patching this server.",
            ),
            models.CheckConstraint(
                name="server_run_unplaced_says_why",
                condition=~Q(state__in=["unplaced", "failed", "unknown", "skipped"]) | ~Q(why=""),
                violation_error_message="Say why.",
            ),
            models.CheckConstraint(
                name="server_run_has_its_wave",
                condition=Q(state="unplaced", wave__isnull=True) | ~Q(state="unplaced"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.server} in {self.campaign}"
