"""One metric with one set of labels."""

from django.db import models

from fullscore.domains.foundation.estate.models import Item, OfItemQuerySet
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
