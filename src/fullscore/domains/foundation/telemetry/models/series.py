"""One metric with one set of labels."""

from django.db import models
from django.db.models import Q

from fullscore.domains.foundation.estate.models import Item, OfItemQuerySet
from fullscore.domains.foundation.telemetry.models.keys import PushKey
from fullscore.domains.foundation.telemetry.models.metrics import Metric
from fullscore.kit import access


class SeriesQuerySet(OfItemQuerySet):
    """Series, seen with their item; those without an owner by whoever sees everything."""

    def visible_to(self, user: access.Actor) -> "SeriesQuerySet":
        """Return the series of the items the person may see."""
        reach = access.reach(user, "telemetry.view_series")
        if reach.everywhere:
            return self
        return self.filter(item__in=Item.objects.in_reach(reach))

    def told_once(self) -> "SeriesQuerySet":
        """Return the series without those that another source tells as well."""
        return self.filter(is_double=False)

    def unowned(self) -> "SeriesQuerySet":
        """Return the series that no rule could give to an item, but for our own."""
        return self.filter(item=None).exclude(bound_by=Series.BoundBy.OURS)


class Series(models.Model):
    """One metric with one set of labels. Its key is the series of the sample store."""

    class BoundBy(models.TextChoices):
        """Which rule found the owner, in the order in which they are tried."""

        HAND = "hand", "by hand"
        SENDER = "sender", "its sender"
        TARGET = "target", "its target"
        ITEM = "item", "the label item"
        MACHINE = "machine", "the machine's id"
        CLOUD = "cloud", "the cloud's id"
        NAME = "name", "the host's name"
        ADDRESS = "address", "the address in instance"
        OURS = "ours", "this program"
        NOBODY = "", "no rule"

    metric = models.ForeignKey(Metric, on_delete=models.PROTECT, related_name="series")
    item = models.ForeignKey(Item, on_delete=models.SET_NULL, null=True, related_name="series")
    labels = models.JSONField(default=dict)
    fingerprint = models.BinaryField(max_length=16, unique=True, editable=False)
    key = models.ForeignKey(
        PushKey, on_delete=models.SET_NULL, null=True, editable=False, related_name="series"
    )
    bound_by = models.CharField(
        max_length=8, choices=BoundBy, default="", blank=True, editable=False
    )
    binding = models.CharField(max_length=200, blank=True, editable=False)  # why it is nobody's
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    # How often it comes, learnt from its last hour; unknown for a new one.
    every_seconds = models.PositiveIntegerField("every", null=True, editable=False)
    is_muted = models.BooleanField("muted", default=False)
    muted_until = models.DateTimeField(null=True, editable=False)  # null: until somebody says so
    is_double = models.BooleanField(
        "told twice",
        default=False,
        editable=False,
        help_text="Another source says the same of the same host: charts and checks take that.",
    )

    objects = SeriesQuerySet.as_manager()
    audit_leaves_out = ("last_at", "every_seconds", "is_double")
    named_by = ("metric",)

    class Meta:
        ordering = ["metric", "pk"]
        verbose_name_plural = "series"
        indexes = [
            models.Index(fields=["item", "metric"]),
            models.Index(fields=["last_at", "id"]),
            models.Index(
                fields=["key"], condition=Q(item__isnull=True), name="series_without_owner"
            ),
        ]

    def __str__(self) -> str:
        labels = ", ".join(f"{k}={v}" for k, v in sorted(self.labels.items()))
        return f"{self.metric}{{{labels}}}" if labels else str(self.metric)
