"""Who says what of items: sources, sightings, claims, and where record and world differ."""

from datetime import datetime, timedelta

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q

from fullscore.domains.foundation.estate.kinds import CHOICES
from fullscore.domains.foundation.estate.models.items import Item, OfItemQuerySet
from fullscore.kit import access
from fullscore.kit.models.querysets import VisibleQuerySet


class SourceQuerySet(VisibleQuerySet["Source"]):
    """Sources: seen by whoever may see sources at all, for they tell of no single item."""


class Source(models.Model):
    """Somebody or something that says what exists, and how often it does."""

    class Kind(models.TextChoices):
        PERSON = "person"
        IMPORT = "import"
        PROBE = "probe"
        SNMP = "snmp", "SNMP"
        CLOUD = "cloud"
        LIBVIRT = "libvirt"
        SCAN = "scan"

    name = models.CharField(max_length=80, unique=True)
    kind = models.CharField(max_length=8, choices=Kind)
    expected_every_seconds = models.PositiveIntegerField(
        "expected every", default=86_400, validators=[MinValueValidator(1)],
        help_text="Seconds. What it does not renew three times is no longer said.",
    )  # fmt: skip
    accepts_new = models.BooleanField(
        "takes in what is new", default=False,
        help_text="What it sees and nobody knows becomes an item without a person accepting it.",
    )  # fmt: skip
    last_run_at = models.DateTimeField("last told", null=True, editable=False)

    objects = SourceQuerySet.as_manager()
    audit_leaves_out = ("last_run_at",)
    keeps_history = True
    LIVES = 3  # intervals that a claim lives without being renewed

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def lifetime(self) -> timedelta:
        """Return how long what it says holds without being said again."""
        return self.LIVES * timedelta(seconds=self.expected_every_seconds)


class SightingQuerySet(models.QuerySet["Sighting"]):
    """What sources saw, by who may see the item; what is no item yet, by its site."""

    def in_reach(self, reach: access.Reach) -> "SightingQuerySet":
        """Return the sightings of covered items, and those of nothing known at covered sites."""
        if reach.everywhere:
            return self
        known = Q(item__in=Item.objects.in_reach(reach))
        return self.filter(known | Q(item__isnull=True, site__in=Item.objects.in_reach(reach)))

    def visible_to(self, user: access.Actor) -> "SightingQuerySet":
        """Return the sightings in reach of the person's grants."""
        return self.in_reach(access.reach(user, "estate.view_item"))

    def live(self, now: datetime) -> "SightingQuerySet":
        """Return those that have been renewed in time."""
        return self.filter(expires_at__gt=now)


class Sighting(models.Model):
    """One thing as one source sees it: which item it is, or why nobody knows yet.

    A candidate is no item and stands in no list of items until somebody adopts it.
    """

    class Outcome(models.TextChoices):
        MATCHED = "matched"
        DISPUTED = "disputed", "one thing or two?"
        PROPOSED = "proposed"
        CANDIDATE = "candidate"
        DISMISSED = "dismissed"

    WAITING = (Outcome.DISPUTED, Outcome.PROPOSED, Outcome.CANDIDATE)

    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="sightings")
    ref = models.CharField("its name there", max_length=200)
    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=24, choices=CHOICES)
    site = models.ForeignKey(
        Item, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    item = models.ForeignKey(
        Item, on_delete=models.CASCADE, null=True, blank=True, related_name="sightings"
    )
    proposed = models.ForeignKey(
        Item, on_delete=models.SET_NULL, null=True, blank=True, related_name="+",
        verbose_name="probably",
    )  # fmt: skip
    outcome = models.CharField("is", max_length=9, choices=Outcome)
    evidence = models.JSONField(default=list)
    words = models.JSONField("recognised by", default=list)  # [kind, value, vendor]
    values = models.JSONField("what it says", default=dict)
    hash = models.CharField(max_length=64)
    first_seen_at = models.DateTimeField("first seen")
    seen_at = models.DateTimeField("last seen")
    expires_at = models.DateTimeField("holds until")

    objects = SightingQuerySet.as_manager()
    audit_leaves_out = ("seen_at", "expires_at")
    named_by = ("source",)

    class Meta:
        ordering = ["-seen_at"]
        permissions = [("decide_sighting", "Can say which item a sighting is")]
        indexes = [
            models.Index(fields=["outcome", "-seen_at"]),
            models.Index(fields=["item", "expires_at"]),
        ]
        constraints = [
            models.UniqueConstraint(fields=["source", "ref"], name="sighting_once_per_source"),
            models.CheckConstraint(
                name="sighting_matched_is_an_item",
                condition=~Q(outcome="matched") | Q(item__isnull=False),
                violation_error_message="Say which item it is.",
            ),
            models.CheckConstraint(
                name="sighting_seen_after_first",
                condition=Q(seen_at__gte=F("first_seen_at"), expires_at__gt=F("seen_at")),
                violation_error_message="It cannot have been last seen before it was first seen.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} by {self.source}"


class ClaimQuerySet(OfItemQuerySet):
    """Claims, which live as long as their sighting is renewed."""

    def live(self, now: datetime) -> "ClaimQuerySet":
        """Return what is still being said."""
        return self.filter(sighting__expires_at__gt=now)


class Claim(models.Model):
    """What one source says about one attribute of an item, as long as its sighting holds."""

    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="claims")
    attribute = models.CharField(max_length=60)
    value = models.JSONField()
    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="claims")
    sighting = models.ForeignKey(Sighting, on_delete=models.CASCADE, related_name="claims")
    observed_at = models.DateTimeField("says so since")

    objects = ClaimQuerySet.as_manager()
    named_by = ("item",)

    class Meta:
        ordering = ["item", "attribute"]
        constraints = [
            models.UniqueConstraint(
                fields=["item", "attribute", "source"], name="claim_one_per_source"
            )
        ]

    def __str__(self) -> str:
        return f"{self.attribute} is {self.value}"


class Difference(models.Model):
    """That the record says one thing of an item, and a source sees another."""

    class State(models.TextChoices):
        OPEN = "open"
        ACCEPTED = "accepted"  # the world is right: the record follows
        REJECTED = "rejected"  # the record is right: the world is to follow
        IGNORED = "ignored"
        GONE = "gone"  # both agree again

    UNDECIDED = (State.OPEN, State.REJECTED, State.IGNORED)

    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="differences")
    attribute = models.CharField(max_length=60)
    intended = models.JSONField("recorded", null=True)
    actual = models.JSONField("seen", null=True)
    source = models.CharField(max_length=40)
    first_seen_at = models.DateTimeField("since")
    state = models.CharField(max_length=8, choices=State, default=State.OPEN)
    until = models.DateField("ignored until", null=True, blank=True)
    note = models.TextField(blank=True)

    objects = OfItemQuerySet.as_manager()
    named_by = ("item",)

    class Meta:
        ordering = ["first_seen_at"]
        permissions = [("decide_difference", "Can accept, reject and ignore differences")]
        constraints = [
            models.UniqueConstraint(
                fields=["item", "attribute"],
                condition=Q(state__in=["open", "rejected", "ignored"]),
                name="difference_one_undecided_per_attribute",
            )
        ]

    def __str__(self) -> str:
        return f"{self.attribute} of {self.item}"
