"""Counters whose senders tell increments only: kept as running totals, like all others.

The last total is what the store has, not what this process remembers: so totals go on over a
restart, several web servers agree, and nothing has to be held in memory. One thread at a time adds,
for all that wait: two increments of one series must not start from the same total.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from fullscore.connectors.samples import Samples
from fullscore.domains.foundation.telemetry import queries
from fullscore.domains.foundation.telemetry.commits import GroupCommit
from fullscore.engines.counters import Delta, Fate, Row, accumulated

Append = Callable[[Samples], int]


@dataclass(slots=True)
class Increments:
    """Increments of one batch, and once they are added which of them were late or too old."""

    deltas: list[Delta]
    at_ms: int  # nothing later is taken
    append: Append
    is_late: NDArray[np.bool_] = field(default_factory=lambda: np.empty(0, bool))
    is_too_old: NDArray[np.bool_] = field(default_factory=lambda: np.empty(0, bool))


def add(increments: Increments) -> None:
    """Store the totals that increments lead to; on return they are durable.

    Increments of an instant that has its total are a sender's that tries again: they are passed
    over as taken. Raises what the store raises.
    """
    _GROUPS.put(increments)


def _add_all(parts: list[Increments]) -> None:
    deltas = [delta for part in parts for delta in part.deltas]
    at_ms = max(part.at_ms for part in parts)
    before = queries.last_totals({delta.series for delta in deltas}, at_ms=at_ms)
    rows, fates = accumulated(before, deltas)
    oldest_ms = _stored(rows, parts[0].append)
    begin = 0
    for part in parts:
        mine = fates[begin : begin + len(part.deltas)]
        begin += len(part.deltas)
        part.is_late = np.array([fate is Fate.LATE for fate in mine])
        ts_ms = np.array([delta.ts_ms for delta in part.deltas])
        is_added = np.array([fate is Fate.ADDED for fate in mine])
        part.is_too_old = is_added & (ts_ms <= oldest_ms)


def _stored(rows: Sequence[Row], append: Append) -> int:
    """Store totals; return up to which instant they were too old, -1 when none was."""
    if not rows:
        return -1
    series, ts_ms, values = zip(*rows, strict=True)
    samples = Samples(np.array(series), np.array(ts_ms), np.array(values, np.float64))
    dropped = len(rows) - append(samples)
    return dropped_until(samples.ts_ms, dropped) if dropped else -1


def dropped_until(ts_ms: NDArray[np.int64], dropped: int) -> int:
    """Return the last instant of the samples the store dropped: all below one line, none above."""
    return int(np.partition(ts_ms, dropped - 1)[dropped - 1])


_GROUPS = GroupCommit(_add_all)
