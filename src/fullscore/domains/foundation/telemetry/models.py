"""Names of what the sample store keeps as numbers, and who may send them."""

from django.db import models
from django.db.models import Q

from fullscore.domains.foundation.estate.models import Item, OfItemQuerySet
from fullscore.kit import access
from fullscore.kit.models.querysets import VisibleQuerySet


class Metric(models.Model):
    """What is measured: name, unit, and whether it only rises."""

    class Kind(models.TextChoices):
        GAUGE = "gauge"
        COUNTER = "counter"

    name = models.CharField(max_length=200, unique=True)
    title = models.CharField(max_length=200, blank=True)
    unit = models.CharField(max_length=12, blank=True)
    kind = models.CharField(max_length=8, choices=Kind, default=Kind.GAUGE)
    decimals = models.PositiveSmallIntegerField(default=2)

    objects = VisibleQuerySet.as_manager()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.title or self.name


class SeriesQuerySet(OfItemQuerySet):
    """Series, seen with their item; those without an owner by whoever sees everything."""

    def visible_to(self, user: access.Actor) -> "SeriesQuerySet":
        """Return the series of the items the person may see."""
        reach = access.reach(user, "telemetry.view_series")
        if reach.everywhere:
            return self
        return self.filter(item__in=Item.objects.in_reach(reach))


class Series(models.Model):
    """One metric with one set of labels. Its key is the series of the sample store."""

    metric = models.ForeignKey(Metric, on_delete=models.PROTECT, related_name="series")
    item = models.ForeignKey(Item, on_delete=models.SET_NULL, null=True, related_name="series")
    labels = models.JSONField(default=dict)
    fingerprint = models.BinaryField(max_length=16, unique=True, editable=False)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    is_muted = models.BooleanField(default=False)

    objects = SeriesQuerySet.as_manager()
    audit_leaves_out = ("last_at",)

    class Meta:
        ordering = ["metric", "pk"]
        verbose_name_plural = "series"
        indexes = [
            models.Index(fields=["item", "metric"]),
            models.Index(fields=["last_at", "id"]),
        ]

    def __str__(self) -> str:
        labels = ", ".join(f"{k}={v}" for k, v in sorted(self.labels.items()))
        return f"{self.metric}{{{labels}}}" if labels else str(self.metric)


class PushKeyQuerySet(OfItemQuerySet):
    """Keys, seen with their item."""


class PushKey(models.Model):
    """What a host proves itself with when it pushes: it may push as that host only."""

    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="push_keys")
    name = models.CharField(max_length=80)
    prefix = models.CharField(max_length=12, editable=False)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    per_minute = models.PositiveIntegerField(default=30)
    created_at = models.DateTimeField(editable=False)
    last_used_at = models.DateTimeField(null=True, editable=False)
    revoked_at = models.DateTimeField(null=True, editable=False)

    objects = PushKeyQuerySet.as_manager()
    audit_leaves_out = ("last_used_at",)
    audit_hides = ("digest",)

    class Meta:
        ordering = ["item", "name"]
        verbose_name = "push key"
        constraints = [
            models.UniqueConstraint(
                fields=["item", "name"],
                condition=Q(revoked_at__isnull=True),
                name="push_key_name_once_per_item",
                violation_error_message="This item has a key of this name already.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"
