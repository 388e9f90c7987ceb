"""Samples as people and programs ask for them: found by words, in units, bounded in points."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np
from django.db.models import Q, QuerySet

from fullscore.connectors.samples.contract import FUNCTIONS
from fullscore.domains.foundation.estate.models import Item
from fullscore.domains.foundation.telemetry import queries
from fullscore.domains.foundation.telemetry.models import Metric, Series, Threshold
from fullscore.domains.foundation.telemetry.models.thresholds import made_unit
from fullscore.domains.foundation.telemetry.queries import LOOKBACK_MS, MOST_POINTS, milliseconds
from fullscore.domains.foundation.telemetry.reading.judged import catalog_of, held
from fullscore.interfaces.web.figures import duration
from fullscore.kit import time
from fullscore.kit.access import Actor
from fullscore.kit.errors import Invalid

MOST_WORDS = 6


@dataclass(frozen=True, slots=True)
class Span:
    """A time asked for, and in which steps it is answered."""

    start: datetime
    end: datetime
    step_seconds: int

    @property
    def resolution(self) -> str:
        """Say which resolution an answer has, and of what it is made."""
        age = time.now() - self.start
        kept, days = "raw samples", queries.retention()
        if age > timedelta(days=days.five_minute_days):
            kept = "hourly figures"
        elif age > timedelta(days=days.raw_days):
            kept = "five-minute figures"
        return f"steps of {duration(self.step_seconds)}, of {kept}"


def span(start: datetime, end: datetime, *, step_seconds: int | None = None) -> Span:
    """Return a span in steps of which at most 1,500 lie in it. Raises Invalid."""
    if not start < end:
        raise Invalid("The start must lie before the end.")
    least = queries.step_for(start, end)
    if step_seconds is None:
        return Span(start, end, least)
    points = (end - start).total_seconds() / max(step_seconds, 0.001)
    if points > MOST_POINTS:
        fewest = int(np.ceil((end - start).total_seconds() / MOST_POINTS))
        raise Invalid(
            f"That makes more than {MOST_POINTS:,} points: ask for a step of {fewest} s or more.",
            {"step": [f"At least {fewest}."]},
        )
    return Span(start, end, step_seconds)


def fitting(asked: Span, series: Sequence[Series]) -> Span:
    """Return the span in steps that each of some series fills.

    In finer ones a series that comes every ten minutes would be all gaps.
    """
    slowest = max((one.every_seconds or 0 for one in series), default=0)
    step = next((step for step in queries.STEPS if step >= slowest), asked.step_seconds)
    return replace(asked, step_seconds=max(step, asked.step_seconds))


# ── which series ───────────────────────────────────────────────────────────────────────────────


def found(text: str, *, by: Actor, limit: int) -> list[Series]:
    """Return the series somebody may see whose metric, item or labels hold every word.

    Those that lived last come first. Cost: words of metrics and items are looked up in their own
    small tables; only labels are looked for row by row.
    """
    rows = holding(Series.objects.visible_to(by).select_related("metric", "item"), text)
    return list(rows.order_by("-last_at", "-pk")[:limit])


def holding(rows: QuerySet[Series], text: str) -> QuerySet[Series]:
    """Keep the series whose metric, item or labels hold every word."""
    for word in text.split()[:MOST_WORDS]:
        metrics = Metric.objects.filter(Q(name__icontains=word) | Q(title__icontains=word))
        items = Item.objects.filter(name__icontains=word)
        rows = rows.filter(
            Q(metric__in=list(metrics.values_list("pk", flat=True)[:MOST_NAMED]))
            | Q(item__in=list(items.values_list("pk", flat=True)[:MOST_NAMED]))
            | Q(labels__icontains=word)
        )
    return rows


MOST_NAMED = 5000  # of metrics or items that hold one word


def named(pks: Sequence[int], *, by: Actor) -> list[Series]:
    """Return the series of these keys that somebody may see, in that order."""
    rows = Series.objects.visible_to(by).select_related("metric", "item")
    known = rows.in_bulk(list(pks))
    return [known[pk] for pk in dict.fromkeys(pks) if pk in known]


def name_of(series: Series) -> str:
    """Return a series as a legend says it: “Load, 1 min · web1 · cpu=0”."""
    labels = ", ".join(f"{k}={v}" for k, v in sorted(series.labels.items()))
    return " · ".join(part for part in (str(series.metric), str(series.item or ""), labels) if part)


# ── what is made of their samples ──────────────────────────────────────────────────────────────


def function_for(series: Series, asked: str = "") -> str:
    """Return the function asked for; without one, the rate of what only rises, else the mean.

    Raises Invalid.
    """
    if asked and asked not in FUNCTIONS:
        raise Invalid(f"“{asked[:20]}” is no function: {', '.join(FUNCTIONS)}.")
    return asked or ("rate" if series.metric.kind == Metric.Kind.COUNTER else "avg")


def shown_in(metric: Metric, function: str) -> tuple[str, float]:
    """Return the unit a page shows, and by what base units are multiplied.

    Traffic is said in bits: the rate of bytes becomes bit/s.
    """
    unit = made_unit(metric.unit, function)
    if unit == "By/s":
        return "bit/s", 8.0
    if unit == "1" and metric.name.endswith("_ratio") and function != "count":
        return "ratio", 1.0
    return unit, 1.0


def by_unit(series: Sequence[Series], function: str) -> dict[str, list[Series]]:
    """Return series by the unit they are shown in: a chart has one axis."""
    groups: dict[str, list[Series]] = defaultdict(list)
    for one in series:
        groups[shown_in(one.metric, function_for(one, function))[0]].append(one)
    return groups


Points = list[tuple[int, float | None]]


def points(series: Sequence[Series], asked: Span, *, function: str = "") -> dict[int, Points]:
    """Return the points of series in base units; steps without a sample are None."""
    told: dict[int, Points] = {}
    for made, some in _by_function(series, function).items():
        step = asked.step_seconds * 1000
        begin = milliseconds(asked.start) // step * step
        end = milliseconds(asked.end)
        pks = sorted(one.pk for one in some)
        seen = queries.store().aggregate(
            pks, start_ms=begin, end_ms=end, step_ms=step,
            function=made, lookback_ms=max(LOOKBACK_MS, 2 * step),  # type: ignore[arg-type]
        )  # fmt: skip
        grid = np.arange(begin, end, step)
        table = np.full((len(pks), len(grid)), np.nan)
        table[np.searchsorted(pks, seen.series), (seen.ts_ms - begin) // step] = seen.values
        for pk, row in zip(pks, table, strict=True):
            values = [None if np.isnan(v) else float(v) for v in row]
            told[pk] = list(zip(grid.tolist(), values, strict=True))
    return told


def _by_function(series: Sequence[Series], function: str) -> dict[str, list[Series]]:
    groups: dict[str, list[Series]] = defaultdict(list)
    for one in series:
        groups[function_for(one, function)].append(one)
    return groups


def high_points(series: Sequence[Series], asked: Span, *, function: str = "") -> dict[int, float]:
    """Return the value that each series stays under for 95 % of its steps, in base units."""
    told: dict[int, float] = {}
    for made, some in _by_function(series, function).items():
        quantiles = queries.store().quantile(
            {str(one.pk): [one.pk] for one in some}, q=0.95, start_ms=milliseconds(asked.start),
            end_ms=milliseconds(asked.end), step_ms=asked.step_seconds * 1000,
            function=made,  # type: ignore[arg-type]
            lookback_ms=max(LOOKBACK_MS, 2 * asked.step_seconds * 1000),
        )  # fmt: skip
        told |= {int(pk): value for pk, value in quantiles.items() if np.isfinite(value)}
    return told


def thresholds_of(series: Sequence[Series], *, function: str = "") -> list[Threshold]:
    """Return the thresholds in force for series, judged by the function that is drawn."""
    rows = Threshold.objects.filter(metric__in={one.metric_id for one in series}, per__isnull=True)
    thresholds = list(rows.select_related("metric", "per"))
    if not thresholds:
        return []
    drawn = {one.pk: function_for(one, function) for one in series}
    items = {one.item_id for one in series if one.item_id}
    catalog = catalog_of(thresholds, now=time.now(), items=items)
    return [
        threshold
        for threshold, places in zip(thresholds, held(thresholds, catalog), strict=True)
        if any(drawn.get(pk) == threshold.function for pk in catalog.series[places].tolist())
    ]
