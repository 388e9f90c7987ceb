"""What every sample store is: values, and the rules that all adapters keep.

Identity: one value per (series, instant); the last append wins, within one batch the later row, so
a sender may repeat anything. Intervals are half open. NaN is a marker, "ended here": `read` returns
it, aggregates skip it, `latest` leaves out a series whose newest row is one. Empty buckets are
absent.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Literal, Protocol, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fullscore.connectors.base import Garbled

Function = Literal["count", "sum", "avg", "min", "max", "last", "increase", "rate"]
FUNCTIONS: tuple[str, ...] = get_args(Function)
LOOKBACK_MS = 300_000
LAST_SERIES, LAST_MS = 2**63 - 1, 2**42


@dataclass(frozen=True, slots=True)
class Samples:
    """Three arrays of one length; answers are sorted by series, then time."""

    series: NDArray[np.int64]  # 1 … 2**63-1
    ts_ms: NDArray[np.int64]  # UTC milliseconds, 0 … 2**42
    values: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.series)


@dataclass(frozen=True, slots=True)
class Retention:
    """How many days each resolution is kept."""

    raw_days: int = 30
    five_minute_days: int = 180
    hourly_days: int = 1825


@dataclass(frozen=True, slots=True)
class Maintenance:
    """What one upkeep did, in segments."""

    compacted: int = 0
    rolled_up: int = 0
    dropped: int = 0
    unlinked: int = 0


@dataclass(frozen=True, slots=True)
class StoreStats:
    """What the store holds; `quarantined` names the segments that could not be read."""

    samples: int
    bytes: int
    segments: int
    oldest_ms: int | None
    newest_ms: int | None
    quarantined: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Event:
    """A line of a log, a trap: what happened at one source at one instant."""

    at_ms: int
    source: int
    kind: str
    severity: int
    text: str
    attributes: Mapping[str, str] = field(default_factory=dict)


class SampleStore(Protocol):
    """What both adapters do alike."""

    @property
    def place(self) -> str:
        """Which store this is and where, in words, without a password."""

    def append(self, samples: Samples) -> int:
        """Store samples durably, for every process; return how many are not below the drop line."""

    def latest(self, series: ArrayLike, *, at_ms: int, lookback_ms: int = LOOKBACK_MS) -> Samples:
        """Return the newest row of each series in (at - lookback, at], unless it is a marker."""

    def read(
        self, series: ArrayLike, *, start_ms: int, end_ms: int, limit: int | None = None
    ) -> Samples:
        """Return the rows of [start, end), markers included."""

    def aggregate(
        self,
        series: ArrayLike,
        *,
        start_ms: int,
        end_ms: int,
        step_ms: int,
        function: Function,
        lookback_ms: int = LOOKBACK_MS,
    ) -> Samples:
        """Return one value per series and bucket [start + k·step, start + (k+1)·step)."""

    def quantile(
        self,
        groups: Mapping[str, ArrayLike],
        *,
        q: float,
        start_ms: int,
        end_ms: int,
        step_ms: int | None = None,
        function: Function = "avg",
        lookback_ms: int = LOOKBACK_MS,
    ) -> dict[str, float]:
        """Return the linear quantile of each group's samples, or of its buckets with `step_ms`."""

    def drop_before(self, before_ms: int) -> None:
        """Forget everything before an instant, at once."""

    def maintain(self, *, now_ms: int) -> Maintenance:
        """Compact, roll up and drop what is old; safe from anywhere, at any time."""

    def stats(self) -> StoreStats:
        """Return what the store holds."""

    def write_events(self, events: Sequence[Event]) -> int:
        """Store events durably; returns how many."""

    def find_events(
        self,
        *,
        start_ms: int,
        end_ms: int,
        text: str = "",
        kinds: Collection[str] = (),
        sources: ArrayLike = (),
        limit: int = 500,
    ) -> list[Event]:
        """Return the newest events of [start, end) that hold the text."""

    def close(self) -> None:
        """Let go of files and connections."""


def checked(samples: Samples) -> Samples:
    """Return the samples as arrays of the right types. Raises Garbled; nothing is stored then."""
    try:
        series = np.asarray(samples.series, dtype=np.int64)
        ts_ms = np.asarray(samples.ts_ms, dtype=np.int64)
        values = np.asarray(samples.values, dtype=np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        raise Garbled(f"Samples are three arrays of numbers: {error}.") from error
    if not (series.ndim == ts_ms.ndim == values.ndim == 1) or not (
        len(series) == len(ts_ms) == len(values)
    ):
        raise Garbled("The three arrays of samples must have one length.")
    if len(series) and int(series.min()) < 1:
        raise Garbled(f"Series {int(series.min())} is not a series: they count from 1.")
    if len(ts_ms) and (int(ts_ms.min()) < 0 or int(ts_ms.max()) > LAST_MS):
        raise Garbled("A time lies outside 0 … 2**42 ms: is it in seconds or nanoseconds?")
    return Samples(series, ts_ms, values)


def told(event: Event) -> tuple[int, int, str, int, str, str, bytes]:
    """Return an event as a row; its last column is the same for the same event. Raises Garbled."""
    try:
        attributes = json.dumps(dict(event.attributes), sort_keys=True)
        row = (int(event.at_ms), int(event.source), event.kind, int(event.severity), event.text)
    except (TypeError, ValueError) as error:
        raise Garbled(f"This is not an event: {error}.") from error
    digest = blake2b(repr((*row, attributes)).encode(), digest_size=16).digest()
    return (*row, attributes, digest)


def chosen(series: ArrayLike) -> NDArray[np.int64]:
    """Return the series asked for, each once, ascending."""
    found: NDArray[np.int64] = np.unique(np.asarray(series, dtype=np.int64).ravel())
    return found


def settled(samples: Samples) -> Samples:
    """Return a batch sorted by series and time, of equal rows the later one."""
    order = np.lexsort((samples.ts_ms, samples.series))  # stable: later rows stay later
    series, ts_ms = samples.series[order], samples.ts_ms[order]
    is_last = np.ones(len(series), dtype=bool)
    is_last[:-1] = (series[1:] != series[:-1]) | (ts_ms[1:] != ts_ms[:-1])
    return Samples(series[is_last], ts_ms[is_last], samples.values[order][is_last])


EMPTY = Samples(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.float64))
