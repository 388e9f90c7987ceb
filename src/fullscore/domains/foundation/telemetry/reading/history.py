"""What a threshold would have found in the past, by the judgement that runs every 15 seconds."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from fullscore.domains.foundation.telemetry import queries
from fullscore.domains.foundation.telemetry.models import Series, Threshold
from fullscore.domains.foundation.telemetry.reading.judged import (
    Catalog,
    Ints,
    catalog_of,
    held,
    is_resting,
    rules_of,
    values_of,
)
from fullscore.engines.thresholds import Floats, Span, spans
from fullscore.interfaces.web.figures import duration
from fullscore.kit.access import Actor

MOST_VALUES = 20_000_000  # that are judged for one preview: a few seconds
AT_ONCE = 2_000_000  # of them in memory
LISTED = 100


@dataclass(frozen=True, slots=True)
class Fired:
    """One breach that would have been."""

    series: Series
    severity: int
    since: datetime
    until: datetime | None  # None: it goes on


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What a threshold would have found."""

    start: datetime
    end: datetime
    asked_days: int
    count: int
    of_series: int  # on how many series
    series: int  # of how many it holds for
    fired: tuple[Fired, ...]  # the newest hundred

    @property
    def sentence(self) -> str:
        """Say how often it would have fired, and since when that was looked at."""
        if not self.series:
            return "It holds for no series that lives now, so it would never have fired."
        seconds = (self.end - self.start).total_seconds()
        is_short = seconds < self.asked_days * 86_400 * 0.99
        span = duration(seconds) if is_short else f"{self.asked_days} days"
        told = f"It would never have fired in the last {span}."
        if self.count:
            often = "once" if self.count == 1 else f"{self.count:,} times"
            told = (
                f"It would have fired {often} in the last {span}, on {self.of_series:,} of"
                f" {self.series:,} series."
            )
        return told + (" More is not looked at for so many series." if is_short else "")


def foreseen(threshold: Threshold, *, days: int, now: datetime, by: Actor) -> Foreseen:
    """Judge the past of the series that a threshold, saved or not, holds for and one may see.

    Columns are as long as the window. Muted series are left out; so are hours that do not count.
    That samples are missing is no breach here, whatever the threshold says of it.
    """
    rivals = Threshold.objects.filter(metric=threshold.metric).exclude(pk=threshold.pk)
    thresholds = [threshold, *rivals.select_related("metric", "per")]
    catalog = catalog_of(thresholds, now=now)
    rows = held(thresholds, catalog)[0]
    seen = Series.objects.visible_to(by).filter(metric=threshold.metric, is_muted=False)
    pks = np.fromiter(seen.values_list("pk", flat=True), dtype=np.int64)
    rows = rows[np.isin(catalog.series[rows], pks)]
    step = threshold.window_seconds
    columns = max(1, min(days * 86_400 // step, MOST_VALUES // max(len(rows), 1)))
    end = now - timedelta(seconds=now.timestamp() % step)
    found = _found(threshold, catalog, rows, end, columns)
    start = end - timedelta(seconds=step * columns)
    newest = sorted(found, key=lambda one: -one[1].first)[:LISTED]
    return Foreseen(
        start, end, days, len(found), len({pk for pk, _ in found}), len(rows),
        _told(threshold, newest, start, columns),
    )  # fmt: skip


def _found(
    threshold: Threshold, catalog: Catalog, rows: Ints, end: datetime, columns: int
) -> list[tuple[int, Span]]:
    """Return the breaches by series, some series at a time."""
    found: list[tuple[int, Span]] = []
    counts = _counts(threshold, end, columns)
    rules = rules_of([threshold])
    at_once = max(1, AT_ONCE // columns)
    for start in range(0, len(rows), at_once):
        some = rows[start : start + at_once]
        first = np.zeros(len(some), dtype=np.int64)
        values: Floats = values_of(
            [threshold], catalog, first, some, queries.milliseconds(end),
            threshold.window_seconds * 1000, columns, threshold.function, queries.store(),
        )  # fmt: skip
        values[:, ~counts] = np.nan
        told = spans(values, rules.of(first))
        found += [(int(catalog.series[some[one.row]]), one) for one in told]
    return found


def _counts(threshold: Threshold, end: datetime, columns: int) -> np.ndarray:
    """Say of each column whether its end lies in the hours that count."""
    if not threshold.hours:
        return np.ones(columns, dtype=bool)
    step = timedelta(seconds=threshold.window_seconds)
    ends = (end - step * (columns - 1 - n) for n in range(columns))
    return np.array([not is_resting(threshold, moment) for moment in ends], dtype=bool)


def _told(
    threshold: Threshold, found: list[tuple[int, Span]], start: datetime, columns: int
) -> tuple[Fired, ...]:
    step = timedelta(seconds=threshold.window_seconds)
    lasting = timedelta(seconds=threshold.for_seconds)
    rows = Series.objects.select_related("metric", "item").in_bulk([pk for pk, _ in found])
    return tuple(
        Fired(
            rows[pk], one.severity, start + step * (one.first + 1) - lasting,
            None if one.end == columns else start + step * (one.end + 1),
        )
        for pk, one in found
        if pk in rows
    )  # fmt: skip
