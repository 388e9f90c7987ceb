"""Brightwater's figures: fourteen days, ninety for the stories; the last hours by the minute."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

import numpy as np

from fullscore.connectors.samples import Samples
from fullscore.domains.foundation.estate.models import Item
from fullscore.domains.foundation.telemetry import queries
from fullscore.domains.foundation.telemetry import services as telemetry
from fullscore.domains.foundation.telemetry.models import Series
from fullscore.domains.foundation.telemetry.services import Measured
from fullscore.domains.overview.demo import courses
from fullscore.domains.overview.demo.company import Company, Computer
from fullscore.domains.overview.demo.courses import Course
from fullscore.domains.overview.demo.services import capacity
from fullscore.domains.overview.demo.services.servers import Told, seen_at
from fullscore.kit import time

RAW, RAW_STEP = timedelta(hours=6), 60.0
HOURLY, LONG = timedelta(days=14), timedelta(days=90)
# As fine as the charts of seven days and of one day draw: coarser samples would show as gaps.
HALF_HOURLY, FIVE_MINUTELY = timedelta(days=7), timedelta(days=1)
STORIES = frozenset({"disk_filling", "memory_leak", "swap_thrash"})
AT_ONCE = 1_000_000  # samples in one append
LOOKBACK_MS = 40 * 86_400_000  # how far back a company that was switched off is picked up again
REFRESHED = timedelta(minutes=10)  # how exactly `last_at` is known, as for every series
RECENT_MS, SLOPE_MS = 600_000, 1_800_000


def found(company: Company, items: Mapping[str, Item], told: Told, *, now: datetime) -> None:
    """Make the series of every host and fill the store.

    Its upkeep is the clock's: packing ninety days takes as long as all the rest, and nobody waits
    for it.
    """
    made = [
        (computer, course)
        for computer in company.computers
        for course in courses.of_host(
            computer, told[computer.name]["filesystems"], seed=company.seed, today=now.timestamp()
        )
    ]
    ids = _series(made, items, now)
    _append(_samples(made, ids, now))
    capacity.found(made, items, now=now)


def _series(
    made: Sequence[tuple[Computer, Course]], items: Mapping[str, Item], now: datetime
) -> list[int]:
    metrics = telemetry.metrics_named(sorted({course.metric for _, course in made}))
    rows = [
        Series(
            metric=metrics[course.metric], item=items[computer.name], labels=course.labels,
            fingerprint=telemetry.fingerprint_of(
                Measured(course.metric, course.labels, 0.0, 0), items[computer.name]
            ),
            first_at=now - HOURLY, last_at=seen_at(computer, now), every_seconds=int(RAW_STEP),
        )
        for computer, course in made
    ]  # fmt: skip
    return [row.pk for row in Series.objects.bulk_create(rows, batch_size=1000)]


def _samples(
    made: Sequence[tuple[Computer, Course]], ids: Sequence[int], now: datetime
) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
    """Yield (series, seconds, values): the past first, then by the minute up to this instant."""
    pasts = {is_story: _past(now, is_story) for is_story in (False, True)}
    for (computer, course), pk in zip(made, ids, strict=True):
        if course.is_long:
            past = pasts[bool(computer.faults & STORIES)]
            yield pk, past, course.value(past)
    for (computer, course), pk in zip(made, ids, strict=True):
        # Up to this instant, not the founding's: checks read the last two minutes.
        end = seen_at(computer, time.now()).timestamp()
        minutes = _instants(end, RAW, RAW_STEP)
        yield pk, minutes, course.value(minutes)


def _past(now: datetime, is_story: bool) -> np.ndarray:
    """Return the instants kept of the past, finer the nearer, up to where the minutes begin."""
    spans = ((LONG if is_story else HOURLY, 3600.0), (HALF_HOURLY, 1800.0), (FIVE_MINUTELY, 300.0))
    ends = [HALF_HOURLY, FIVE_MINUTELY, RAW]
    parts = [
        _instants((now - end).timestamp(), span - end, step)
        for (span, step), end in zip(spans, ends, strict=True)
    ]
    return np.unique(np.concatenate(parts))


def _instants(end: float, span: timedelta, step: float) -> np.ndarray:
    """Return the instants of a span up to its end, on whole steps, and the end itself."""
    first = np.ceil((end - span.total_seconds()) / step) * step
    return np.append(np.arange(first, end - step / 2, step), end)


def _append(parts: Iterator[tuple[int, np.ndarray, np.ndarray]]) -> None:
    waiting: list[tuple[int, np.ndarray, np.ndarray]] = []
    count = 0
    for part in parts:
        waiting.append(part)
        count += len(part[1])
        if count >= AT_ONCE:
            _store(waiting)
            waiting, count = [], 0
    _store(waiting)


def _store(parts: Sequence[tuple[int, np.ndarray, np.ndarray]]) -> None:
    if not parts:
        return
    lengths = [len(seconds) for _, seconds, _ in parts]
    queries.store().append(
        Samples(
            series=np.repeat(np.array([pk for pk, _, _ in parts], dtype=np.int64), lengths),
            ts_ms=(np.concatenate([s for _, s, _ in parts]) * 1000).astype(np.int64),
            values=np.concatenate([v for _, _, v in parts]),
        )
    )


def go_on(*, now: datetime, silent: Sequence[int]) -> int:
    """Append one more sample to every series but those of silent items; returns how many.

    A gauge stays where it was, a counter rises as it last rose. After a stop it goes on from there.
    """
    living = Series.objects.exclude(item__in=silent).exclude(item=None)
    living = living.exclude(bound_by=Series.BoundBy.OURS)
    living.filter(last_at__lt=now - REFRESHED).update(last_at=now)
    kinds = dict(living.values_list("pk", "metric__kind"))
    at, all_series = queries.milliseconds(now), list(kinds)
    newest = queries.store().latest(all_series, at_ms=at, lookback_ms=RECENT_MS)
    if not len(newest):
        newest = queries.store().latest(all_series, at_ms=at, lookback_ms=LOOKBACK_MS)
    if not len(newest):
        return 0
    before = int(newest.ts_ms.max()) - SLOPE_MS
    older = queries.store().latest(all_series, at_ms=before, lookback_ms=RECENT_MS)
    values = _continued(newest, older, kinds, at)
    return queries.store().append(
        Samples(newest.series, np.full(len(newest), at, dtype=np.int64), values)
    )


def _continued(newest: Samples, older: Samples, kinds: Mapping[int, str], at: int) -> np.ndarray:
    """Return each series' next value: its last one, and for a counter what it rises until then."""
    values = newest.values.copy()
    known = np.isin(newest.series, older.series)  # both are sorted by series
    then = np.isin(older.series, newest.series)
    rise = np.zeros(len(values))
    apart = np.maximum(1, newest.ts_ms[known] - older.ts_ms[then])
    rise[known] = (values[known] - older.values[then]) / apart
    is_counter = np.array([kinds[pk] == "counter" for pk in newest.series.tolist()])
    return np.where(is_counter, values + rise * (at - newest.ts_ms), values)
