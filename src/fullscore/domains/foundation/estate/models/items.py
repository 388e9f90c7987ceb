"""Items, the words they are recognised by, and how they were."""

import uuid
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower

from fullscore.domains.foundation.directory.models import Person, Team
from fullscore.domains.foundation.estate.kinds import CHOICES
from fullscore.engines import identity
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
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="at_site",
        limit_choices_to={"kind": "site"},
    )  # fmt: skip
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


class Identifier(models.Model):
    """A word by which an item is recognised."""

    KINDS = [(kind, kind.replace("_", " ")) for kind in identity.KINDS]

    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="identifiers")
    kind = models.CharField(max_length=12, choices=KINDS)
    value = models.CharField(max_length=200)
    vendor = models.CharField(
        max_length=60, blank=True, help_text="Of a serial number: two vendors count alike."
    )
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
                fields=["kind", "value", "vendor"],
                condition=Q(is_shared=False)
                & (
                    Q(kind__in=["system_uuid", "machine_id", "cloud_id", "chassis_mac"])
                    | Q(kind="engine_id")
                    | (Q(kind="serial") & ~Q(vendor=""))
                ),
                name="identifier_strong_belongs_to_one_item",
                violation_error_message="Another item has this identifier already.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.value}"


class ItemVersion(VersionBase):
    """How an item was, for one interval."""

    record = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="versions")
    kind = models.CharField(max_length=24)
    name = models.CharField(max_length=200)
    site_id = models.BigIntegerField(null=True)
    item_state = models.CharField(max_length=8)  # `state` is all of it
    environment = models.CharField(max_length=11)
    criticality = models.PositiveSmallIntegerField()
    carried: ClassVar[dict[str, str]] = {
        "kind": "kind", "name": "name", "site_id": "site_id", "item_state": "state",
        "environment": "environment", "criticality": "criticality",
    }  # fmt: skip

    class Meta:
        ordering = ["-starts_at"]
        indexes = [
            models.Index(fields=["record", "starts_at"]),
            models.Index(fields=["kind", "name", "starts_at", "ends_at"]),
            models.Index(fields=["name", "record", "starts_at", "ends_at"]),
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
