"""Findings, what happened to them, and the proof that they are gone."""

from datetime import datetime
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from fullscore.domains.foundation.directory.models import Person, Team
from fullscore.domains.foundation.estate.models import Item
from fullscore.domains.foundation.findings.models.checking import Check, CheckRun
from fullscore.domains.foundation.findings.models.people import about_nobody_or, people_seen_by
from fullscore.kit import access, time
from fullscore.kit.checks import SEVERITIES
from fullscore.kit.models import VersionBase
from fullscore.kit.time import FOREVER

SEVERITY_CHOICES = [(n, SEVERITIES[n]) for n in (5, 4, 3, 2, 1)]


class FindingQuerySet(models.QuerySet["Finding"]):
    """Findings, by who may see them and by what is open."""

    def in_reach(self, reach: access.Reach) -> "FindingQuerySet":
        """Return the findings whose item or owning team a grant covers."""
        return self if reach.everywhere else self.filter(_inside(reach))

    def visible_to(self, user: access.Actor) -> "FindingQuerySet":
        """Return what is in reach; what is about a person only to that person and the manager."""
        reach = access.reach(user, "findings.view_finding")
        if not reach.is_anything:
            return self.none()
        if reach.everywhere:
            return self.filter(about_nobody_or(user))
        impersonal = _inside(reach) & Q(person__isnull=True)
        return self.filter(impersonal | Q(person__in=people_seen_by(user)))

    def live(self) -> "FindingQuerySet":
        """Return what is not closed."""
        return self.exclude(state=Finding.State.CLOSED)

    def pressing(self) -> "FindingQuerySet":
        """Return what needs somebody: open or taken, not muted now."""
        is_muted = Q(muted_until__gt=time.now())
        return self.filter(state__in=Finding.PRESSING).exclude(is_muted)


def _inside(reach: access.Reach) -> Q:
    return reach.rows(team="owner_id") | Q(item__in=Item.objects.in_reach(reach))


LIVE = ~Q(state="closed")
SORTED = ("severity", "due_on", "opened_at", "closed_at")
FILTERED = ("state", "due_on", "owner", "assignee", "check_of", "item", "muted_until", "person")


def _all_by(field: str) -> models.Index:
    """Return the index that lists findings in one order, live or closed ones passed over."""
    return models.Index(fields=[field, "id", "state"], name=f"finding_by_{field}")


def _live_by(field: str) -> models.Index:
    """Return the index that lists live findings in one order, filters answered on the way."""
    beside = [f for f in ("severity", *FILTERED) if f != field]
    fields = [field, "id", *beside]
    return models.Index(fields=fields, condition=LIVE, name=f"finding_live_by_{field}")


def _where_told(field: str) -> models.Index:
    """Return the index of a reference that few findings have."""
    told = Q(**{f"{field}__isnull": False})
    return models.Index(fields=[field], condition=told, name=f"finding_of_{field}")


class Finding(models.Model):
    """One thing that is wrong, from when it was found to the proof that it is gone."""

    class State(models.TextChoices):
        OPEN = "open"
        ACKNOWLEDGED = "acknowledged"
        FIXED = "fixed"
        EXCEPTED = "excepted"
        CLOSED = "closed"

    class Closing(models.TextChoices):
        VERIFIED = "verified"
        GONE = "gone"

    PRESSING = (State.OPEN, State.ACKNOWLEDGED, State.FIXED)

    check_of = models.ForeignKey(
        Check, on_delete=models.PROTECT, related_name="findings", verbose_name="check"
    )
    item = models.ForeignKey(
        Item, on_delete=models.CASCADE, null=True, related_name="findings", db_index=False
    )
    record = models.CharField(max_length=80, blank=True)
    person = models.ForeignKey(
        Person, on_delete=models.CASCADE, null=True, related_name="+", db_index=False
    )
    key = models.CharField(max_length=200, blank=True)
    fingerprint = models.CharField(max_length=32, editable=False)
    severity = models.PositiveSmallIntegerField(choices=SEVERITY_CHOICES)
    title = models.CharField(max_length=300)
    figure = models.FloatField(null=True)
    limit = models.FloatField(null=True)
    unit = models.CharField(max_length=12, blank=True)
    evidence = models.JSONField(default=list)
    advice = models.TextField(blank=True)
    cost = models.JSONField(default=dict)
    owner = models.ForeignKey(
        Team, on_delete=models.SET_NULL, null=True, blank=True, related_name="findings"
    )
    assignee = models.ForeignKey(
        Person, on_delete=models.SET_NULL, null=True, blank=True, related_name="assigned_findings"
    )
    state = models.CharField(max_length=12, choices=State, default=State.OPEN)
    closed_as = models.CharField(max_length=8, choices=Closing, blank=True)
    due_on = models.DateField("due", null=True, blank=True)
    opened_at = models.DateTimeField("since")
    closed_at = models.DateTimeField("closed", null=True)
    fixed_at = models.DateTimeField(null=True, editable=False)
    muted_until = models.DateTimeField(null=True, blank=True)
    because_of = models.ForeignKey(
        "self", on_delete=models.SET_NULL, null=True, related_name="consequences", db_index=False
    )
    again_of = models.ForeignKey(
        "self", on_delete=models.SET_NULL, null=True, related_name="+", db_index=False
    )
    reopened_count = models.PositiveIntegerField(default=0)
    is_flapping = models.BooleanField(default=False)
    good_streak = models.PositiveSmallIntegerField(default=0, editable=False)

    # Said anew wherever a finding is priced.
    is_default_price = True
    late_since: datetime | None = None

    objects = FindingQuerySet.as_manager()
    audit_leaves_out = ("figure", "evidence", "good_streak")

    class Meta:
        ordering = ["-severity"]
        permissions = [
            ("acknowledge_finding", "Can take, assign, comment and say fixed"),
            ("mute_finding", "Can mute findings"),
        ]
        indexes = [
            # One for each sort that the list offers, so that every page costs the same: of all
            # findings, and of the live ones with what they are filtered by beside the order, so
            # that what does not pass is skipped, and counted, without reading its row.
            *(_all_by(field) for field in SORTED),
            *(_live_by(field) for field in SORTED),
            models.Index(fields=["item", "state"]),
            models.Index(fields=["fingerprint", "-opened_at"]),
            models.Index(fields=["check_of", "item"], condition=LIVE, name="finding_live_of_check"),
            models.Index(fields=["owner"], condition=LIVE, name="finding_live_of_owner"),
            models.Index(
                fields=["assignee"],
                condition=LIVE & Q(assignee__isnull=False),
                name="finding_live_of_assignee",
            ),
            models.Index(
                fields=["muted_until"],
                condition=LIVE & Q(muted_until__isnull=False),
                name="finding_live_muted",
            ),
            *(_where_told(field) for field in ("person", "because_of", "again_of")),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["fingerprint"],
                condition=~Q(state="closed"),
                name="finding_one_live_per_fingerprint",
            ),
            models.CheckConstraint(
                name="finding_closed_has_a_time",
                condition=Q(state="closed", closed_at__isnull=False)
                | (~Q(state="closed") & Q(closed_at__isnull=True)),
            ),
        ]

    def __str__(self) -> str:
        return self.title


class FindingVersion(VersionBase):
    """How a finding stood, for one interval."""

    record = models.ForeignKey(Finding, on_delete=models.CASCADE, related_name="versions")
    carried: ClassVar[dict[str, str]] = {}

    class Meta:
        ordering = ["-starts_at"]
        indexes = [
            models.Index(fields=["record", "starts_at"]),
            models.Index(fields=["starts_at"]),
            models.Index(fields=["ends_at"]),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["record"], condition=Q(ends_at=FOREVER), name="finding_version_one_open"
            )
        ]

    def __str__(self) -> str:
        return f"finding {self.record_id} from {self.starts_at:%F %T}"


class OfFindingQuerySet(models.QuerySet["Event"]):
    """Rows that hang on a finding, and are seen when it is."""

    def visible_to(self, user: access.Actor) -> "OfFindingQuerySet":
        """Return the rows whose finding the person may see."""
        return self.filter(finding__in=Finding.objects.visible_to(user))


class Event(models.Model):
    """Something that happened to a finding. Never changed."""

    finding = models.ForeignKey(Finding, on_delete=models.CASCADE, related_name="events")
    at = models.DateTimeField()
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    kind = models.CharField(max_length=20)
    before = models.CharField(max_length=120, blank=True)
    after = models.CharField(max_length=120, blank=True)
    note = models.TextField(blank=True)

    objects = OfFindingQuerySet.as_manager()

    class Meta:
        ordering = ["-at"]
        indexes = [models.Index(fields=["finding", "-at"]), models.Index(fields=["at"])]

    def __str__(self) -> str:
        return f"{self.kind} {self.after}".strip()


class Proof(models.Model):
    """What was read when a finding was closed, so that nobody has to believe it."""

    finding = models.ForeignKey(Finding, on_delete=models.CASCADE, related_name="proofs")
    run = models.ForeignKey(CheckRun, on_delete=models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField()
    how = models.CharField(max_length=120)
    figure = models.FloatField(null=True)
    limit = models.FloatField(null=True)
    evidence = models.JSONField(default=list)
    check_version = models.PositiveIntegerField(default=1)
    sha256 = models.CharField(max_length=64)

    objects = OfFindingQuerySet.as_manager()

    class Meta:
        ordering = ["-at"]
        indexes = [models.Index(fields=["finding", "-at"])]

    def __str__(self) -> str:
        return f"{self.how} at {self.at:%F %T}"


class Comment(models.Model):
    """What somebody says about a finding, in Markdown."""

    finding = models.ForeignKey(Finding, on_delete=models.CASCADE, related_name="comments")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    text = models.TextField()

    objects = OfFindingQuerySet.as_manager()

    class Meta:
        ordering = ["at"]

    def __str__(self) -> str:
        return self.text[:80]
