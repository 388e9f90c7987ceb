"""Running totals out of what was added: counters whose senders tell increments only."""

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import NamedTuple


class Delta(NamedTuple):
    """What was added to a counter between two instants, in ms; `starts_ms` 0 where unknown."""

    series: int
    starts_ms: int
    ts_ms: int
    value: float


class Total(NamedTuple):
    """How much a counter stood at, and when, in ms."""

    ts_ms: int
    value: float


class Fate(Enum):
    """What became of an increment."""

    ADDED = "added"
    REPEATED = "repeated"  # of the very instant of the last total: a sender that tried again
    LATE = "late"  # of before it, where the sum is made already


class Row(NamedTuple):
    """A total to be stored."""

    series: int
    ts_ms: int
    value: float


def accumulated(
    before: Mapping[int, Total], deltas: Sequence[Delta]
) -> tuple[list[Row], list[Fate]]:
    """Return the rows that make totals of increments, and what became of each increment.

    Increments of one series are added in the order of their instants. `before` has each series'
    last total; a series that is absent begins at 0. Where an increment began after the last total,
    the total is told once more for that instant: so a rate over a counter that is silent while
    nothing happens is neither lost nor smeared over the silence.
    Source: OpenTelemetry metrics data model, section Temporality, delta to cumulative.
    """
    rows: list[Row] = []
    fates = [Fate.ADDED] * len(deltas)
    last = dict(before)
    for place in sorted(range(len(deltas)), key=lambda p: (deltas[p].series, deltas[p].ts_ms)):
        one = deltas[place]
        total = last.get(one.series, Total(-1, 0.0))
        if one.ts_ms <= total.ts_ms:
            fates[place] = Fate.REPEATED if one.ts_ms == total.ts_ms else Fate.LATE
            continue
        if one.starts_ms and total.ts_ms < one.starts_ms < one.ts_ms:
            rows.append(Row(one.series, one.starts_ms, total.value))
        last[one.series] = Total(one.ts_ms, total.value + one.value)
        rows.append(Row(one.series, *last[one.series]))
    return rows, fates
