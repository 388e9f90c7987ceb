"""Which series are watched, what is known of each, and what was unusual."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q

from fullscore.domains.foundation.estate.models import Item
from fullscore.domains.foundation.telemetry.models import Metric, Series
from fullscore.kit import access
from fullscore.kit.models.querysets import VisibleQuerySet


class WatchQuerySet(VisibleQuerySet[Any]):
    """Watches: of one series seen with it, others by whoever may see any."""

    def visible_to(self, user: access.Actor) -> "WatchQuerySet":
        """Return the watches whose series the person may see."""
        seen = Q(series__isnull=True) | Q(series__in=Series.objects.visible_to(user))
        found: WatchQuerySet = super().visible_to(user).filter(seen)  # type: ignore[assignment]
        return found


class Watch(models.Model):
    """That series are watched for what is unusual: one, or those of a metric on some items."""

    metric = models.ForeignKey(
        Metric, on_delete=models.CASCADE, null=True, blank=True, related_name="watches",
        help_text="All series of this metric, on the items the selector names.",
    )  # fmt: skip
    selector = models.CharField(
        max_length=300, blank=True,
        help_text="Which items, such as kind=host&environment=production. Empty: every item.",
    )  # fmt: skip
    series = models.OneToOneField(
        Series, on_delete=models.CASCADE, null=True, blank=True, related_name="watch",
        help_text="Or this one series, instead of a metric.",
    )  # fmt: skip
    is_paging = models.BooleanField(
        "pages", default=False,
        help_text="Let what is unusual be an alert, too; otherwise it calls nobody.",
    )  # fmt: skip

    objects = WatchQuerySet.as_manager()
    keeps_history = True
    named_by = ("metric", "series__metric")

    class Meta:
        ordering = ["pk"]
        verbose_name_plural = "watches"
        constraints = [
            models.CheckConstraint(
                name="watch_of_a_metric_or_a_series",
                condition=Q(metric__isnull=False, series__isnull=True)
                | Q(metric__isnull=True, series__isnull=False, selector=""),
                violation_error_message="Name a metric, with a selector if you like, or a series.",
            ),
            models.UniqueConstraint(
                fields=["metric", "selector"],
                condition=Q(metric__isnull=False),
                name="watch_once_per_metric_and_selector",
                violation_error_message="These series are watched already.",
            ),
        ]

    def __str__(self) -> str:
        what = str(self.series or self.metric)
        return f"{what} on {self.selector}" if self.selector else what


class OfSeriesQuerySet(models.QuerySet[Any]):
    """Rows that hang on a series, seen with it."""

    def in_reach(self, reach: access.Reach) -> "OfSeriesQuerySet":
        """Return the rows of series whose item a grant covers."""
        if reach.everywhere:
            return self
        return self.filter(series__item__in=Item.objects.in_reach(reach))

    def visible_to(self, user: access.Actor) -> "OfSeriesQuerySet":
        """Return the rows of series the person may see."""
        reach = access.reach(user, access.permission(self.model, "view"))
        found = self.in_reach(reach)
        if access.reach(user, "telemetry.view_series").everywhere:
            return found
        return found.filter(series__in=Series.objects.visible_to(user))


class Watched(models.Model):
    """A series that is watched: what is usual for it, and what of the unusual is expected."""

    series = models.OneToOneField(Series, on_delete=models.CASCADE, related_name="watched")
    state = models.BinaryField(editable=False)  # `Detector.packed()`: figures, no code
    since = models.DateTimeField("watched since")
    fed_until = models.DateTimeField("looked at until")
    # Hour of the week (UTC, from Monday 00:00; “any”) → least and most that is expected then.
    expected = models.JSONField(default=dict)

    objects = OfSeriesQuerySet.as_manager()
    named_by = ("series__metric",)
    audit_leaves_out = ("state", "fed_until")

    class Meta:
        ordering = ["-fed_until"]
        verbose_name = "watched series"
        verbose_name_plural = "watched series"
        indexes = [models.Index(fields=["fed_until", "id"])]

    def __str__(self) -> str:
        return str(self.series)


class Anomaly(models.Model):
    """That a value was unlike what is usual for its hour: evidence, not a page."""

    series = models.ForeignKey(Series, on_delete=models.CASCADE, related_name="anomalies")
    at = models.DateTimeField()
    words = models.CharField("how unusual", max_length=300)
    value = models.FloatField()
    usual = models.FloatField(null=True)
    score = models.FloatField()  # 0 … 1
    is_expected = models.BooleanField("expected", default=False)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )

    objects = OfSeriesQuerySet.as_manager()
    named_by = ("series__metric",)

    class Meta:
        ordering = ["-at", "-pk"]
        verbose_name_plural = "anomalies"
        indexes = [
            models.Index(fields=["series", "-at"]),
            models.Index(fields=["at", "id"]),
        ]
        constraints = [
            models.UniqueConstraint(fields=["series", "at"], name="anomaly_once_per_moment")
        ]

    def __str__(self) -> str:
        return f"{self.series}: {self.words}"
