"""Aggregates of sorted samples in whole arrays; the same for every adapter and every resolution."""

import numpy as np
from numpy.typing import NDArray

from fullscore.connectors.samples.contract import EMPTY, Function, Samples

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


def without_repeats(series: Ints, ts_ms: Ints, values: Floats, seq: Ints) -> Samples:
    """Return the rows sorted by series and time, of each instant only the last appended."""
    if not len(series):
        return EMPTY
    order = np.lexsort((seq, ts_ms, series))
    series, ts_ms, values = series[order], ts_ms[order], values[order]
    is_last = np.ones(len(series), dtype=bool)
    is_last[:-1] = (series[1:] != series[:-1]) | (ts_ms[1:] != ts_ms[:-1])
    return Samples(series[is_last], ts_ms[is_last], values[is_last])


def aggregate(
    rows: Samples, *, start_ms: int, end_ms: int, step_ms: int, function: Function, lookback_ms: int
) -> Samples:
    """Return one value per series and bucket of sorted rows, which may begin before `start_ms`."""
    if function in ("increase", "rate"):
        return _risen(rows, start_ms, end_ms, step_ms, function, lookback_ms)
    inside = (rows.ts_ms >= start_ms) & (rows.ts_ms < end_ms) & ~np.isnan(rows.values)
    series, ts_ms, values = rows.series[inside], rows.ts_ms[inside], rows.values[inside]
    if not len(series):
        return EMPTY
    bucket = (ts_ms - start_ms) // step_ms
    first = _starts(series, bucket)
    told = _reduced(values, first, function)
    return Samples(series[first], start_ms + bucket[first] * step_ms, told)


def _reduced(values: Floats, first: Ints, function: Function) -> Floats:
    """Reduce each run of values that begins at `first`."""
    last = np.append(first[1:], len(values)) - 1
    counts = (last - first + 1).astype(np.float64)
    with np.errstate(invalid="ignore", over="ignore"):
        if function == "count":
            return counts
        if function == "last":
            newest: NDArray[np.float64] = values[last]
            return newest
        if function == "min":
            return np.minimum.reduceat(values, first)
        if function == "max":
            return np.maximum.reduceat(values, first)
        total: Floats = np.add.reduceat(values, first)
        return total if function == "sum" else total / counts


def pairs(rows: Samples, lookback_ms: int) -> tuple[Ints, Floats, Ints]:
    """Return (place of the later row, its increase, ms between) of each pair that counts.

    A pair counts when it is of one series, no further apart than the lookback, without a marker.
    """
    if len(rows) < 2:
        nothing = np.empty(0, np.int64)
        return nothing, np.empty(0, np.float64), nothing
    before, after = rows.values[:-1], rows.values[1:]
    apart = rows.ts_ms[1:] - rows.ts_ms[:-1]
    counts = (rows.series[1:] == rows.series[:-1]) & (apart <= lookback_ms)
    counts &= ~np.isnan(before) & ~np.isnan(after)
    place = np.flatnonzero(counts)
    with np.errstate(invalid="ignore"):
        rise = np.where(after[place] >= before[place], after[place] - before[place], after[place])
    return place + 1, rise, apart[place]


def _risen(
    rows: Samples, start_ms: int, end_ms: int, step_ms: int, function: Function, lookback_ms: int
) -> Samples:
    later, rise, apart = pairs(rows, lookback_ms)
    inside = (rows.ts_ms[later] >= start_ms) & (rows.ts_ms[later] < end_ms)
    later, rise, apart = later[inside], rise[inside], apart[inside]
    if not len(later):
        return EMPTY
    series = rows.series[later]
    bucket = (rows.ts_ms[later] - start_ms) // step_ms
    first = _starts(series, bucket)
    total: Floats = np.add.reduceat(rise, first)
    if function == "rate":
        total = total / (np.add.reduceat(apart, first) / 1000.0)
    return Samples(series[first], start_ms + bucket[first] * step_ms, total)


def _starts(series: Ints, bucket: Ints) -> Ints:
    """Return where each run of one series and bucket begins."""
    is_first = np.ones(len(series), dtype=bool)
    is_first[1:] = (series[1:] != series[:-1]) | (bucket[1:] != bucket[:-1])
    return np.flatnonzero(is_first)


def latest(rows: Samples) -> Samples:
    """Return the newest row of each series, unless it is a marker; rows sorted."""
    if not len(rows):
        return EMPTY
    is_last = np.ones(len(rows), dtype=bool)
    is_last[:-1] = rows.series[1:] != rows.series[:-1]
    is_last &= ~np.isnan(rows.values)
    return Samples(rows.series[is_last], rows.ts_ms[is_last], rows.values[is_last])


def joined(*parts: Samples) -> Samples:
    """Return several answers about different times as one, sorted."""
    told = [part for part in parts if len(part)]
    if not told:
        return EMPTY
    series = np.concatenate([p.series for p in told])
    ts_ms = np.concatenate([p.ts_ms for p in told])
    values = np.concatenate([p.values for p in told])
    order = np.lexsort((ts_ms, series))
    return Samples(series[order], ts_ms[order], values[order])
