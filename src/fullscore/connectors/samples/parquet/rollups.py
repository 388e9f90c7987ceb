"""Rollups of 5 minutes and 1 hour.

Made when a day is compacted, read when its raw samples are gone.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fullscore.connectors.samples.contract import EMPTY, LOOKBACK_MS, Function, Samples
from fullscore.connectors.samples.reckoning import aggregate, pairs

LEVELS = {"r5": 300_000, "r60": 3_600_000}
FIGURES = ("count", "sum", "min", "max", "last", "increase", "pair_ms")


def rolled(
    rows: Samples, step_ms: int, *, start_ms: int, end_ms: int
) -> dict[str, NDArray[Any]] | None:
    """Return the rollup of sorted rows for whole buckets of [start, end).

    None when nothing is in them.

    Rows before `start_ms` serve as predecessors only.
    """

    def of(function: Function) -> Samples:
        return aggregate(
            rows, start_ms=start_ms, end_ms=end_ms, step_ms=step_ms, function=function,
            lookback_ms=LOOKBACK_MS,
        )  # fmt: skip

    counted = of("count")
    later, rise, apart = pairs(rows, LOOKBACK_MS)
    inside = (rows.ts_ms[later] >= start_ms) & (rows.ts_ms[later] < end_ms)
    later, rise, apart = later[inside], rise[inside], apart[inside]
    if not len(counted):
        return None
    told: dict[str, NDArray[Any]] = {
        "series": counted.series,
        "ts_ms": counted.ts_ms,
        "count": counted.values,
    }
    for function in ("sum", "min", "max", "last"):
        told[function] = of(function).values
    place = _places(
        counted, rows.series[later], start_ms + (rows.ts_ms[later] - start_ms) // step_ms * step_ms
    )
    told["increase"] = np.bincount(place, weights=rise, minlength=len(counted))
    told["pair_ms"] = np.bincount(place, weights=apart, minlength=len(counted))
    return told


def _places(counted: Samples, series: NDArray[np.int64], at: NDArray[np.int64]) -> NDArray[np.intp]:
    """Return where each (series, bucket) stands; every pair's later row is a row of its bucket."""
    keys = np.rec.fromarrays([counted.series, counted.ts_ms])
    wanted = np.rec.fromarrays([series, at])
    return np.searchsorted(keys, wanted)


def answered(
    arrays: Mapping[str, NDArray[Any]], function: Function, *, start_ms: int, step_ms: int
) -> Samples:
    """Return an aggregate made of rollup rows, sorted by series and time."""
    if not len(arrays["series"]):
        return EMPTY
    order = np.lexsort((arrays["ts_ms"], arrays["series"]))
    series, ts_ms = arrays["series"][order], arrays["ts_ms"][order]
    if function in ("increase", "rate"):
        has_pairs = arrays["pair_ms"][order] > 0
        order, series, ts_ms = order[has_pairs], series[has_pairs], ts_ms[has_pairs]
        if not len(series):
            return EMPTY
    bucket = (ts_ms - start_ms) // step_ms
    is_first = np.ones(len(series), dtype=bool)
    is_first[1:] = (series[1:] != series[:-1]) | (bucket[1:] != bucket[:-1])
    first = np.flatnonzero(is_first)
    column = {name: arrays[name][order] for name in FIGURES}
    values = _combined(column, first, function)
    return Samples(series[first], start_ms + bucket[first] * step_ms, values)


def _combined(
    column: Mapping[str, NDArray[Any]], first: NDArray[np.intp], function: Function
) -> NDArray[np.float64]:
    def total(name: str) -> NDArray[np.float64]:
        summed: NDArray[np.float64] = np.add.reduceat(column[name].astype(np.float64), first)
        return summed

    if function in ("count", "sum", "increase"):
        return total(function)
    if function == "avg":
        mean: NDArray[np.float64] = total("sum") / total("count")
        return mean
    if function == "rate":
        pace: NDArray[np.float64] = total("increase") / (total("pair_ms") / 1000.0)
        return pace
    if function == "last":
        last = np.append(first[1:], len(column["last"])) - 1
        return column["last"][last].astype(np.float64)
    reduce = np.minimum if function == "min" else np.maximum
    reduced: NDArray[np.float64] = reduce.reduceat(column[function].astype(np.float64), first)
    return reduced
