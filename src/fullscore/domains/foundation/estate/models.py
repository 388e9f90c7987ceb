"""Items, what they need, who says so, and how they were."""

import uuid
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower

from fullscore.domains.foundation.directory.models import Person, Team
from fullscore.domains.foundation.estate.kinds import CHOICES, LINK_CHOICES
from fullscore.kit import access
from fullscore.kit.models import VersionBase
from fullscore.kit.time import FOREVER


class ItemQuerySet(models.QuerySet["Item"]):
    """Items, by who may see them."""

    def in_reach(self, reach: access.Reach) -> "ItemQuerySet":
        """Return the items a grant covers: by owning team or by site."""
        return self.filter(reach.rows(team="owner_id", site="site_id") | _is_site(reach))

    def visible_to(self, user: access.Actor) -> "ItemQuerySet":
        """Return the items in reach of the person's grants."""
        return self.in_reach(access.reach(user, "estate.view_item"))

    def live(self) -> "ItemQuerySet":
        """Return what is not retired."""
        return self.exclude(state=Item.State.RETIRED)


def _is_site(reach: access.Reach) -> Q:
    return Q(pk__in=reach.sites) if reach.sites else Q(pk__in=[])


def check_words(value: Any) -> None:
    """Raise ValidationError unless a value is a list of short words."""
    if not isinstance(value, list) or not all(isinstance(w, str) and len(w) <= 60 for w in value):
        raise ValidationError("Write words of at most 60 letters, separated by commas.")


class Item(models.Model):
    """Anything that can fail, cost, expire or be owned."""

    class State(models.TextChoices):
        PLANNED = "planned"
        STAGED = "staged"
        ACTIVE = "active"
        RETIRING = "retiring"
        RETIRED = "retired"

    class Environment(models.TextChoices):
        PRODUCTION = "production"
        STAGING = "staging"
        TEST = "test"
        DEVELOPMENT = "development"
        NONE = "none"

    class Criticality(models.IntegerChoices):
        STOPS = 1, "1 · stops the company"
        HURTS = 2, "2 · hurts customers"
        SLOWS = 3, "3 · slows us down"
        UNNOTICED = 4, "4 · nobody notices"

    kind = models.CharField(max_length=24, choices=CHOICES)
    name = models.CharField(max_length=200)
    key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    state = models.CharField(max_length=8, choices=State, default=State.ACTIVE)
    environment = models.CharField(
        max_length=11, choices=Environment, default=Environment.PRODUCTION
    )
    criticality = models.PositiveSmallIntegerField(choices=Criticality, default=Criticality.SLOWS)
    site = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="at_site"
    )
    owner = models.ForeignKey(
        Team, on_delete=models.PROTECT, null=True, blank=True, related_name="items"
    )
    contact = models.ForeignKey(
        Person, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    supported_until = models.DateField(null=True, blank=True)
    support_source = models.CharField(max_length=120, blank=True)
    monthly_cost = models.DecimalField(max_digits=12, decimal_places=2, null=True, blank=True)
    attributes = models.JSONField(default=dict, blank=True)
    tags = models.JSONField(default=list, blank=True, validators=[check_words])
    seen_at = models.DateTimeField(null=True, blank=True, editable=False)
    merged_into = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, editable=False, related_name="+"
    )

    objects = ItemQuerySet.as_manager()
    audit_leaves_out = ("seen_at",)

    class Meta:
        ordering = ["name"]
        permissions = [("merge_item", "Can merge and split items")]
        indexes = [
            models.Index(fields=["name", "id"]),
            models.Index(fields=["kind", "name"]),
            models.Index(fields=["criticality", "id"]),
        ]
        constraints = [
            models.UniqueConstraint(
                F("kind"),
                F("site"),
                Lower("name"),
                condition=~Q(state="retired"),
                name="item_name_once_per_kind_and_site",
                violation_error_message="There is a live item of this kind and name at this site.",
            ),
            models.UniqueConstraint(
                F("kind"),
                Lower("name"),
                condition=~Q(state="retired") & Q(site__isnull=True),
                name="item_name_once_per_kind_without_site",
                violation_error_message="There is a live item of this kind and name already.",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class OfItemQuerySet(models.QuerySet[Any]):
    """Rows that hang on an item, and are seen when the item is."""

    def in_reach(self, reach: access.Reach) -> "OfItemQuerySet":
        """Return the rows whose item the grant covers."""
        return self.filter(item__in=Item.objects.in_reach(reach))

    def visible_to(self, user: access.Actor) -> "OfItemQuerySet":
        """Return the rows whose item the person may see."""
        reach = access.reach(user, "estate.view_item")
        return self if reach.everywhere else self.filter(item__in=Item.objects.visible_to(user))


class OfServiceQuerySet(models.QuerySet[Any]):
    """Costs of services, seen when the service is."""

    def in_reach(self, reach: access.Reach) -> "OfServiceQuerySet":
        """Return the rows whose service the grant covers."""
        return self.filter(service__in=Item.objects.in_reach(reach))

    def visible_to(self, user: access.Actor) -> "OfServiceQuerySet":
        """Return the rows whose service the person may see."""
        return self.filter(service__in=Item.objects.visible_to(user))


class LinkQuerySet(models.QuerySet[Any]):
    """Links and requirements: seen when both ends are."""

    def visible_to(self, user: access.Actor) -> "LinkQuerySet":
        """Return the rows all of whose items the person may see."""
        if access.reach(user, "estate.view_item").everywhere:
            return self
        seen = Item.objects.visible_to(user)
        if self.model is Requirement:
            return self.filter(dependent__in=seen)
        return self.filter(from_item__in=seen, to_item__in=seen)


class Requirement(models.Model):
    """That an item needs some number of a set of others."""

    named_by = ("dependent",)
    dependent = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="requirements")
    kind = models.CharField(max_length=12, choices=LINK_CHOICES, default="needs")
    name = models.CharField(max_length=80, blank=True)
    needed = models.PositiveIntegerField(
        null=True,
        blank=True,
        help_text="How many must be up; empty: all; 0: helped by, not needed.",
    )

    objects = LinkQuerySet.as_manager()
    keeps_history = True

    class Meta:
        ordering = ["dependent", "kind", "name"]
        constraints = [
            models.UniqueConstraint(
                fields=["dependent", "kind", "name"], name="requirement_once_per_name"
            )
        ]

    def __str__(self) -> str:
        return f"{self.dependent} {self.get_kind_display()} {self.name}".strip()


class Link(models.Model):
    """That one item stands in some relation to another."""

    kind = models.CharField(max_length=12, choices=LINK_CHOICES)
    from_item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="links_out")
    to_item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="links_in")
    requirement = models.ForeignKey(
        Requirement, on_delete=models.CASCADE, null=True, blank=True, related_name="links"
    )
    confidence = models.FloatField(
        default=1.0, validators=[MinValueValidator(0), MaxValueValidator(1)]
    )
    source = models.CharField(max_length=40, default="person")

    objects = LinkQuerySet.as_manager()
    keeps_history = True

    class Meta:
        ordering = ["from_item", "kind", "to_item"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "from_item", "to_item"], name="link_once_per_pair_and_kind"
            ),
            models.CheckConstraint(
                name="link_joins_two_items",
                condition=~Q(from_item=F("to_item")),
                violation_error_message="An item cannot be linked to itself.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.from_item} {self.get_kind_display()} {self.to_item}"


class Identifier(models.Model):
    """A word by which an item is recognised."""

    STRONG = ("serial", "system_uuid", "machine_id", "cloud_id", "chassis_mac", "engine_id")
    KINDS = [(k, k.replace("_", " ")) for k in (*STRONG, "mac", "ssh_key", "fqdn", "address")]

    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="identifiers")
    kind = models.CharField(max_length=12, choices=KINDS)
    value = models.CharField(max_length=200)
    is_shared = models.BooleanField(default=False)

    objects = OfItemQuerySet.as_manager()

    class Meta:
        ordering = ["item", "kind", "value"]
        indexes = [models.Index(fields=["kind", "value"])]
        constraints = [
            models.UniqueConstraint(
                fields=["item", "kind", "value"], name="identifier_once_per_item"
            ),
            models.UniqueConstraint(
                fields=["kind", "value"],
                condition=Q(is_shared=False)
                & Q(kind__in=["serial", "system_uuid", "machine_id", "cloud_id", "chassis_mac"]),
                name="identifier_strong_belongs_to_one_item",
                violation_error_message="Another item has this identifier already.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.value}"


class Claim(models.Model):
    """What one source says about one attribute of an item."""

    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="claims")
    attribute = models.CharField(max_length=60)
    value = models.JSONField()
    source = models.CharField(max_length=40)
    observed_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    objects = OfItemQuerySet.as_manager()

    class Meta:
        ordering = ["item", "attribute"]
        constraints = [
            models.UniqueConstraint(
                fields=["item", "attribute", "source"], name="claim_one_per_source"
            )
        ]

    def __str__(self) -> str:
        return f"{self.source} says {self.attribute} is {self.value}"


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


class Listener(models.Model):
    """A socket something listens on."""

    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="listeners")
    address = models.CharField(max_length=45)
    transport = models.CharField(max_length=4)
    port = models.PositiveIntegerField()
    process = models.CharField(max_length=80, blank=True)
    unit = models.CharField(max_length=120, blank=True)
    is_intended = models.BooleanField(default=False)
    seen_at = models.DateTimeField()
    seen_by = models.CharField(max_length=8, default="probe")

    objects = OfItemQuerySet.as_manager()

    class Meta:
        ordering = ["item", "port"]
        permissions = [("declare_listener", "Can declare listeners as intended")]
        constraints = [
            models.UniqueConstraint(
                fields=["item", "address", "transport", "port"], name="listener_once_per_socket"
            )
        ]

    def __str__(self) -> str:
        return f"{self.transport} {self.address}:{self.port}"


class Certificate(models.Model):
    """A certificate seen in use."""

    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="certificates")
    path = models.CharField(max_length=300)
    sha256 = models.CharField(max_length=64)
    subject = models.CharField(max_length=300, blank=True)
    names = models.JSONField(default=list)
    issuer = models.CharField(max_length=300, blank=True)
    not_before = models.DateTimeField(null=True)
    not_after = models.DateTimeField(null=True)
    key_kind = models.CharField(max_length=12, blank=True)
    key_bits = models.PositiveIntegerField(null=True)
    signature = models.CharField(max_length=40, blank=True)
    seen_at = models.DateTimeField()

    objects = OfItemQuerySet.as_manager()

    class Meta:
        ordering = ["not_after"]
        constraints = [
            models.UniqueConstraint(fields=["item", "path"], name="certificate_once_per_path")
        ]

    def __str__(self) -> str:
        return self.subject or self.path


class DowntimeCost(models.Model):
    """What an hour without a service costs, in the reporting currency.

    What is not stated is taken from the criticality, and marked as a default.
    """

    service = models.OneToOneField(Item, on_delete=models.CASCADE, related_name="downtime_cost")
    low = models.DecimalField("low, per hour", max_digits=12, decimal_places=2)
    base = models.DecimalField("likely, per hour", max_digits=12, decimal_places=2)
    high = models.DecimalField("high, per hour", max_digits=12, decimal_places=2)
    note = models.CharField("how it was estimated", max_length=300, blank=True)

    objects = OfServiceQuerySet.as_manager()
    keeps_history = True
    named_by = ("service",)

    class Meta:
        ordering = ["-base"]
        constraints = [
            models.CheckConstraint(
                name="downtime_cost_in_order",
                condition=Q(low__gte=0, base__gte=F("low"), high__gte=F("base")),
                violation_error_message="Write it as 0 ≤ low ≤ likely ≤ high.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.service}: {self.base:,.0f} per hour"


class ItemVersion(VersionBase):
    """How an item was, for one interval."""

    record = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="versions")
    kind = models.CharField(max_length=24)
    name = models.CharField(max_length=200)
    carried = ("kind", "name")

    class Meta:
        ordering = ["-starts_at"]
        indexes = [
            models.Index(fields=["record", "starts_at"]),
            models.Index(fields=["kind", "name", "starts_at", "ends_at"]),
            models.Index(fields=["starts_at"]),
            models.Index(fields=["ends_at"]),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["record"], condition=Q(ends_at=FOREVER), name="item_version_one_open"
            )
        ]

    def __str__(self) -> str:
        return f"{self.name} from {self.starts_at:%F %T}"
