"""What thresholds judge: which series each holds for, and their values over the last windows."""

import json
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from fullscore.connectors.samples import SampleStore
from fullscore.domains.foundation.estate import queries as estate
from fullscore.domains.foundation.telemetry import queries
from fullscore.domains.foundation.telemetry.models import Breach, Series, Threshold
from fullscore.domains.foundation.telemetry.queries import LOOKBACK_MS, milliseconds
from fullscore.engines import servicehours
from fullscore.engines.thresholds import Floats, Rules, judge
from fullscore.kit import time

Ints = NDArray[np.int64]

GONE_AFTER = timedelta(days=1)  # what has not come for so long is gone, and no longer late
LATE_WINDOWS, LATE_AT_LEAST = 3, 180  # windows without a sample, and seconds at least


@dataclass(frozen=True, slots=True)
class Catalog:
    """Series as arrays of one length, in order of their keys."""

    series: Ints
    metric: Ints
    item: Ints  # 0: nobody's
    is_muted: NDArray[np.bool_]
    labels: Sequence[Mapping[str, str]]  # empty when no threshold asks for them


class Open(NamedTuple):
    """A breach that has not ended."""

    pk: int
    severity: int
    value: float | None
    since: datetime


@dataclass(frozen=True, slots=True)
class Judgement:
    """What one pass says: arrays of one length, a place for each threshold of each series."""

    now: datetime
    thresholds: Sequence[Threshold]
    threshold: Ints  # place among `thresholds`
    series: Ints
    item: Ints
    is_muted: NDArray[np.bool_]
    value: Floats  # over the newest window; NaN: nothing was measured
    was: NDArray[np.int8]  # severity before; 0: no breach
    severity: NDArray[np.int8]
    is_late: NDArray[np.bool_]
    rests: NDArray[np.bool_]  # outside its hours: as it was
    open: Mapping[tuple[int, int], Open]  # by threshold and series

    def keys(self) -> list[tuple[int, int]]:
        """Return the threshold and series of each place."""
        pks = np.array([t.pk for t in self.thresholds], dtype=np.int64)
        told = pks[self.threshold] if len(pks) else self.threshold
        return list(zip(told.tolist(), self.series.tolist(), strict=True))


def judged(
    now: datetime, *, items: Collection[int] | None = None, samples: SampleStore | None = None
) -> Judgement:
    """Judge every threshold at an instant, over all series or those of some items.

    A handful of statements, and one aggregate for each function and window.
    """
    thresholds = list(Threshold.objects.select_related("metric", "per"))
    catalog = catalog_of(thresholds, now=now, items=items)
    found = held(thresholds, catalog)
    parts = [(n, rows) for n, rows in enumerate(found) if len(rows)]
    which = np.concatenate([np.full(len(rows), n) for n, rows in parts] or [_NONE])
    rows = np.concatenate([rows for _, rows in parts] or [_NONE])
    opened = open_breaches(items)
    was = _was(thresholds, which, catalog.series[rows], opened)
    rests = np.array([is_resting(t, now) for t in thresholds], dtype=bool)[which]
    value, severity, is_late = _weighed(
        thresholds, catalog, which, rows, was, now, samples or queries.store()
    )
    severity = np.where(rests, was, severity).astype(np.int8)
    return Judgement(
        now, thresholds, which, catalog.series[rows], catalog.item[rows], catalog.is_muted[rows],
        value, was, severity, is_late & ~rests, rests, opened,
    )  # fmt: skip


_NONE = np.empty(0, dtype=np.int64)


# ── which series ───────────────────────────────────────────────────────────────────────────────


def catalog_of(
    thresholds: Sequence[Threshold], *, now: datetime, items: Collection[int] | None = None
) -> Catalog:
    """Return the living series of the metrics that thresholds name; one statement."""
    metrics = {t.metric_id for t in thresholds} | {t.per_id for t in thresholds if t.per_id}
    living = Series.objects.told_once().filter(last_at__gte=now - GONE_AFTER)
    rows = living.filter(metric__in=metrics).order_by("pk")
    if items is not None:
        rows = rows.filter(item__in=items)
    columns = ["pk", "metric_id", "item_id", "is_muted"]
    needs_labels = any(t.labels or t.per_id for t in thresholds)
    found = list(rows.values_list(*columns, *(["labels"] if needs_labels else [])))
    told = np.array(
        [(row[0], row[1], row[2] or 0, row[3]) for row in found], dtype=np.int64
    ).reshape(-1, 4)
    labels = [row[4] for row in found] if needs_labels else []
    return Catalog(told[:, 0], told[:, 1], told[:, 2], told[:, 3].astype(bool), labels)


def held(thresholds: Sequence[Threshold], catalog: Catalog) -> list[Ints]:
    """Return for each threshold the places of the series it holds for.

    Of those for one metric, function and direction the most specific wins; equals hold both.
    """
    best: dict[tuple[object, ...], Ints] = {}
    matching = [_matching(t, catalog) for t in thresholds]
    for threshold, rows in zip(thresholds, matching, strict=True):
        top = best.setdefault(_contest(threshold), np.full(len(catalog.series), -1))
        top[rows] = np.maximum(top[rows], _narrowness(threshold))
    return [
        rows[best[_contest(t)][rows] == _narrowness(t)]
        for t, rows in zip(thresholds, matching, strict=True)
    ]


def _contest(threshold: Threshold) -> tuple[object, ...]:
    return threshold.metric_id, threshold.per_id, threshold.function, threshold.is_upper


def _narrowness(threshold: Threshold) -> int:
    """Return how narrow a threshold is: by its selector first, then by its labels."""
    return estate.specificity(threshold.selector) * 100 + len(threshold.labels)


def _matching(threshold: Threshold, catalog: Catalog) -> Ints:
    is_held = catalog.metric == threshold.metric_id
    selected = estate.selected(threshold.selector).values_list("pk", flat=True)
    items = np.fromiter(selected, dtype=np.int64)
    is_selected = np.isin(catalog.item, items)
    if not threshold.selector:
        is_selected |= catalog.item == 0
    rows = np.flatnonzero(is_held & is_selected)
    if not threshold.labels:
        return rows
    wanted = threshold.labels.items()
    return np.array(
        [n for n in rows.tolist() if wanted <= catalog.labels[n].items()], dtype=np.int64
    )


def _partners(threshold: Threshold, catalog: Catalog, rows: Ints) -> Ints:
    """Return the place of the series each is divided by; -1 where there is none."""
    others = {
        _owned(catalog, n): n for n in np.flatnonzero(catalog.metric == threshold.per_id).tolist()
    }
    found = [others.get(_owned(catalog, n), -1) for n in rows.tolist()]
    return np.array(found, dtype=np.int64)


def _owned(catalog: Catalog, place: int) -> tuple[int, str]:
    return int(catalog.item[place]), json.dumps(catalog.labels[place], sort_keys=True)


# ── their values ───────────────────────────────────────────────────────────────────────────────


def _weighed(
    thresholds: Sequence[Threshold], catalog: Catalog, which: Ints, rows: Ints,
    was: NDArray[np.int8], now: datetime, samples: SampleStore,
) -> tuple[Floats, NDArray[np.int8], NDArray[np.bool_]]:  # fmt: skip
    """Return newest value, severity and lateness of each place, one aggregate per group."""
    value, severity = np.full(len(rows), np.nan), np.zeros(len(rows), dtype=np.int8)
    is_late = np.zeros(len(rows), dtype=bool)
    rules = rules_of(thresholds)
    for (function, window), places in groups(thresholds).items():
        mine = np.flatnonzero(np.isin(which, places))
        if not len(mine):
            continue
        hold = max(thresholds[n].hold for n in places)
        seen = values_of(
            thresholds, catalog, which[mine], rows[mine], milliseconds(now), window * 1000, hold,
            function, samples,
        )  # fmt: skip
        value[mine] = seen[:, -1]
        severity[mine] = judge(seen, rules.of(which[mine]), was[mine])
        missing = mine[np.isnan(seen[:, -1])]
        is_late[missing] = _is_late(catalog.series[rows[missing]], window, now, samples)
    return value, _with_lateness(thresholds, rules, which, severity, is_late), is_late


def groups(thresholds: Sequence[Threshold]) -> dict[tuple[str, int], list[int]]:
    """Return the places of the thresholds that are judged over the same."""
    found: dict[tuple[str, int], list[int]] = defaultdict(list)
    for n, threshold in enumerate(thresholds):
        found[threshold.function, threshold.window_seconds].append(n)
    return found


def rules_of(thresholds: Sequence[Threshold]) -> Rules:
    """Return thresholds as the engine takes them, one row each."""
    levels = [[t.medium_at, t.high_at, t.critical_at] for t in thresholds]
    return Rules(
        np.array(levels, dtype=np.float64).reshape(-1, 3),
        np.array([t.clear_at for t in thresholds], dtype=np.float64),
        np.array([t.is_upper for t in thresholds], dtype=bool),
        np.array([t.operator in (">", "<") for t in thresholds], dtype=bool),
        np.array([t.hold for t in thresholds], dtype=np.int64),
    )


def values_of(
    thresholds: Sequence[Threshold], catalog: Catalog, which: Ints, rows: Ints, end_ms: int,
    step_ms: int, count: int, function: str, samples: SampleStore,
) -> Floats:  # fmt: skip
    """Return the values of the last windows, divided where a threshold says by what."""
    partners = np.full(len(rows), -1)
    for n in np.unique(which).tolist():
        if thresholds[n].per_id:
            partners[which == n] = _partners(thresholds[n], catalog, rows[which == n])
    wanted = np.unique(np.concatenate([rows, partners[partners >= 0]]))
    found = matrix(
        samples, catalog.series[wanted], end_ms=end_ms, step_ms=step_ms, count=count,
        function=function,
    )  # fmt: skip
    told = found[np.searchsorted(wanted, rows)]
    is_ratio = np.array([t.per_id is not None for t in thresholds])[which]
    if is_ratio.any():
        told[is_ratio] = divided(told[is_ratio], wanted, partners[is_ratio], found)
    return told


def divided(values: Floats, wanted: Ints, partners: Ints, found: Floats) -> Floats:
    """Return values over those of their partners; NaN without one, or where it is 0."""
    others = found[np.searchsorted(wanted, np.maximum(partners, 0)).clip(max=len(wanted) - 1)]
    is_none = (partners < 0)[:, None] | (others == 0)
    ratio: Floats = values / np.where(is_none, np.nan, others)
    return ratio


def matrix(
    samples: SampleStore, series: Ints, *, end_ms: int, step_ms: int, count: int, function: str
) -> Floats:
    """Return one row per series and one column per window before an instant; NaN: no sample."""
    start_ms = end_ms - step_ms * count
    found = samples.aggregate(
        series, start_ms=start_ms, end_ms=end_ms, step_ms=step_ms,
        function=function, lookback_ms=max(LOOKBACK_MS, 2 * step_ms),  # type: ignore[arg-type]
    )  # fmt: skip
    told = np.full((len(series), count), np.nan)
    told[np.searchsorted(series, found.series), (found.ts_ms - start_ms) // step_ms] = found.values
    return told


def _is_late(series: Ints, window: int, now: datetime, samples: SampleStore) -> NDArray[np.bool_]:
    """Say of which series nothing came for three windows."""
    if not len(series):
        return np.empty(0, dtype=bool)
    lookback = max(LATE_WINDOWS * window, LATE_AT_LEAST) * 1000
    came = samples.latest(np.unique(series), at_ms=milliseconds(now), lookback_ms=lookback)
    return ~np.isin(series, came.series)


def _with_lateness(
    thresholds: Sequence[Threshold], rules: Rules, which: Ints, severity: NDArray[np.int8],
    is_late: NDArray[np.bool_],
) -> NDArray[np.int8]:  # fmt: skip
    """Return the severities after what thresholds say of missing samples."""
    no_data = np.array([t.no_data for t in thresholds])[which] if len(which) else np.array([])
    is_bad = is_late & (no_data == Threshold.NoData.BAD)
    told = np.where(is_late & (no_data == Threshold.NoData.IGNORE), 0, severity)
    mildest = rules.mildest[which] if len(which) else severity
    return np.where(is_bad, np.maximum(told, mildest), told).astype(np.int8)


# ── as it was ──────────────────────────────────────────────────────────────────────────────────


def open_breaches(items: Collection[int] | None = None) -> dict[tuple[int, int], Open]:
    """Return the breaches that have not ended, by threshold and series."""
    rows = Breach.objects.open()
    if items is not None:
        rows = rows.filter(series__item__in=items)
    found = rows.values_list("threshold_id", "series_id", "pk", "severity", "value", "since")
    return {(row[0], row[1]): Open(row[2], row[3], row[4], row[5]) for row in found}


def _was(
    thresholds: Sequence[Threshold], which: Ints, series: Ints,
    opened: Mapping[tuple[int, int], Open],
) -> NDArray[np.int8]:  # fmt: skip
    """Return the severity that each place had before."""
    was = np.zeros(len(series), dtype=np.int8)
    places = {t.pk: n for n, t in enumerate(thresholds)}
    starts = np.searchsorted(which, np.arange(len(thresholds) + 1))
    for (threshold, pk), breach in opened.items():
        n = places.get(threshold)
        if n is None:
            continue
        first, end = int(starts[n]), int(starts[n + 1])
        at = first + int(np.searchsorted(series[first:end], pk))
        if at < end and series[at] == pk:
            was[at] = breach.severity
    return was


def is_resting(threshold: Threshold, now: datetime) -> bool:
    """Say whether it is outside the hours in which a threshold counts."""
    if not threshold.hours:
        return False
    local = now.astimezone(time.zone(settings.OPTIONS.time_zone))
    return local not in servicehours.read(threshold.hours)
