"""Aggregates of samples in memory, in NumPy: the same figures as `questions` tells DuckDB to make.

Samples come sorted by series and time, so a bucket is a run of rows, and nothing is hashed or
sorted again. NaN is a marker and counts nowhere.
"""

import numpy as np
from numpy.typing import NDArray

from fullscore.connectors.samples.contract import EMPTY, Function, Samples

Numbers = NDArray[np.float64]
Integers = NDArray[np.int64]


def latest(samples: Samples) -> Samples:
    """Return the newest sample of each series that does not end with a marker."""
    is_last = np.ones(len(samples), dtype=bool)
    is_last[:-1] = samples.series[1:] != samples.series[:-1]
    return _only(samples, is_last & ~np.isnan(samples.values))


def aggregate(
    samples: Samples, *, start_ms: int, step_ms: int, function: Function, lookback_ms: int
) -> Samples:
    """Return one value per series and bucket [start + k·step, start + (k+1)·step)."""
    with np.errstate(invalid="ignore", over="ignore"):  # infinities and their differences
        if function in ("increase", "rate"):
            pairs, apart_ms = _pairs(samples, start_ms, lookback_ms)
            begins, buckets = _buckets(pairs, start_ms, step_ms)
            if not begins.size:
                return EMPTY
            figures = np.add.reduceat(pairs.values, begins)
            if function == "rate":
                figures = figures / (np.add.reduceat(apart_ms, begins) / 1000)
            return Samples(pairs.series[begins], buckets, figures)
        is_marker = np.isnan(samples.values)
        real = _only(samples, ~is_marker) if is_marker.any() else samples
        begins, buckets = _buckets(real, start_ms, step_ms)
        if not begins.size:
            return EMPTY
        return Samples(real.series[begins], buckets, _told(function, real.values, begins))


def _told(function: Function, values: Numbers, begins: Integers) -> Numbers:
    """Return the figure of each run of values."""
    ends = np.append(begins[1:], len(values))
    if function == "last":
        newest: Numbers = values[ends - 1]
        return newest
    if function == "count":
        return (ends - begins).astype(np.float64)
    if function in ("min", "max"):
        edge: Numbers = (np.minimum if function == "min" else np.maximum).reduceat(values, begins)
        return edge
    total: Numbers = np.add.reduceat(values, begins)
    return np.divide(total, ends - begins) if function == "avg" else total


def _pairs(samples: Samples, start_ms: int, lookback_ms: int) -> tuple[Samples, Integers]:
    """Return how much each sample rose since the one before it, and how far apart they are.

    Only neighbours of one series, near enough, neither a marker. A fall is a counter's reset.
    """
    series, ts_ms, values = samples.series, samples.ts_ms, samples.values
    apart, is_marker = np.diff(ts_ms), np.isnan(values)
    is_pair = (series[1:] == series[:-1]) & (apart <= lookback_ms) & (ts_ms[1:] >= start_ms)
    is_pair &= ~(is_marker[1:] | is_marker[:-1])
    before, after = values[:-1][is_pair], values[1:][is_pair]
    rises = np.where(after >= before, after - before, after)
    return Samples(series[1:][is_pair], ts_ms[1:][is_pair], rises), apart[is_pair]


def _buckets(samples: Samples, start_ms: int, step_ms: int) -> tuple[Integers, Integers]:
    """Return the first row of each bucket and its start."""
    number = (samples.ts_ms - start_ms) // step_ms
    is_first = np.ones(len(samples), dtype=bool)
    is_first[1:] = number[1:] != number[:-1]
    is_first[1:] |= samples.series[1:] != samples.series[:-1]
    begins = np.flatnonzero(is_first)
    return begins, start_ms + number[begins] * step_ms


def _only(samples: Samples, chosen: NDArray[np.bool_]) -> Samples:
    return Samples(samples.series[chosen], samples.ts_ms[chosen], samples.values[chosen])
