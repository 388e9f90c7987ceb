"""Questions in SQL over a choice of segments; all text is made here, of numbers and our own names.

NaN is a value like any other inside Parquet and DuckDB; only NumPy tables handed to DuckDB would
turn it into NULL, and no values are ever handed over.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fullscore.connectors.samples.contract import Function
from fullscore.connectors.samples.parquet.files import Files
from fullscore.connectors.samples.parquet.manifest import Segment

FEW = 64  # so many series are written into the statement, where they prune row groups
ROLLUP = "count, sum, min, max, last, increase, pair_ms"
PLAIN = {
    "count": "count(*) {real}::DOUBLE", "sum": "sum(value) {real}", "avg": "avg(value) {real}",
    "min": "min(value) {real}", "max": "max(value) {real}",
    "last": "arg_max(value, ts_ms) {real}",
}  # fmt: skip
REAL = "FILTER (WHERE NOT isnan(value))"
# From partial results of one series and bucket: of rollups, and of raw samples beside them.
COMBINED = {
    "count": "sum(count)::DOUBLE", "sum": "sum(sum)", "avg": "sum(sum) / sum(count)",
    "min": "min(min)", "max": "max(max)", "last": "arg_max(last, ts_ms)",
    "increase": "sum(increase)", "rate": "sum(increase) / (sum(pair_ms) / 1000)",
}  # fmt: skip
# A pair: neighbours of one series, near enough, neither a marker. A fall is a counter's reset.
PAIRED = """
SELECT series, ts_ms, value, CASE WHEN ts_ms - before_ms <= {lookback} AND NOT isnan(value)
       AND NOT isnan(before)
       THEN CASE WHEN value >= before THEN value - before ELSE value END END AS rise,
       CASE WHEN rise IS NOT NULL THEN ts_ms - before_ms END AS apart
FROM (SELECT series, ts_ms, value, lag(value) OVER one AS before, lag(ts_ms) OVER one AS before_ms
      FROM ({source}) WINDOW one AS (PARTITION BY series ORDER BY ts_ms))
WHERE ts_ms >= {start}
"""


@dataclass(frozen=True, slots=True)
class Choice:
    """Some series (None: all, or all of a range) in [start, end).

    The statement made of it may name the table `wanted`.
    """

    series: NDArray[np.int64] | None
    start_ms: int
    end_ms: int
    between: tuple[int, int] | None = None  # the first and the last of a range of series

    def condition(self, *, any_time: bool = False) -> str:
        """Return the rows meant, as SQL; without times where all rows are inside them anyway."""
        times = "" if any_time else f" AND ts_ms >= {self.start_ms} AND ts_ms < {self.end_ms}"
        return self._members() + times

    def _members(self) -> str:
        if self.series is None:
            return "series >= {} AND series <= {}".format(*self.between) if self.between else "TRUE"
        low, high = int(self.series[0]), int(self.series[-1])
        inside = f"series >= {low} AND series <= {high}"
        if len(self.series) == high - low + 1:
            return inside
        if len(self.series) <= FEW:
            return f"{inside} AND series IN ({', '.join(map(str, self.series.tolist()))})"
        return f"{inside} AND series IN (SELECT series FROM wanted)"  # noqa: S608

    def holds(self, segment: Segment) -> bool:
        """Return whether all instants of a segment are inside: then they need not be looked at."""
        return self.start_ms <= segment.first_ms and segment.last_ms < self.end_ms

    def share_of_time(self, segment: Segment) -> float:
        """Return how much of a segment's time is inside."""
        end = min(self.end_ms, segment.last_ms + 1)
        inside = end - max(self.start_ms, segment.first_ms)
        return max(0, inside) / (segment.last_ms + 1 - segment.first_ms)

    def share_of_series(self, segment: Segment) -> float:
        """Return how many of a segment's series are asked for, if there are all in its range."""
        if self.series is None:
            return 1.0
        bounds = (segment.min_series, segment.max_series + 1)
        low, high = (int(place) for place in np.searchsorted(self.series, bounds))
        return (high - low) / (segment.max_series + 1 - segment.min_series)

    def may_be_in(self, segment: Segment) -> bool:
        """Return whether a segment's range of series holds one of those asked for."""
        if self.series is None:
            return True
        place = int(np.searchsorted(self.series, segment.min_series))
        return place < len(self.series) and int(self.series[place]) <= segment.max_series


def contested(segments: Sequence[Segment], *, any_time: bool = False) -> NDArray[np.bool_]:
    """Return which segments share series and time with another: only they can hold repeats.

    With `any_time`, which share series alone: one series is in several of them.
    """
    bounds = np.array(
        [(s.first_ms, s.last_ms, s.min_series, s.max_series) for s in segments], dtype=np.int64
    ).reshape(-1, 4)
    first, last, low, high = bounds.T
    told = np.zeros(len(segments), dtype=bool)
    if not any_time and _follow(first, last):
        return told
    for place in range(len(segments)):
        meets = (low <= high[place]) & (high >= low[place])
        if not any_time:
            meets &= (first <= last[place]) & (last >= first[place])
        told[place] = np.count_nonzero(meets) > 1  # one of them is itself
    return told


def _follow(first: NDArray[np.int64], last: NDArray[np.int64]) -> bool:
    """Return whether spans of time, in order of their starts, follow each other: the usual case."""
    return bool((np.maximum.accumulate(last)[:-1] < first[1:]).all())


def source(
    files: Files, segments: Sequence[Segment], choice: Choice, *, with_seq: bool = False
) -> str:
    """Return SQL for the rows (series, ts_ms, value), of each instant only the last appended."""
    is_contested = contested(segments)
    alone = [s for s, shares in zip(segments, is_contested, strict=True) if not shares]
    shared = [s.name for s, shares in zip(segments, is_contested, strict=True) if shares]
    parts = [
        f"SELECT series, ts_ms, value{', seq' if with_seq else ''}"  # noqa: S608
        f" FROM read_parquet({files.quoted(names)}) WHERE {choice.condition(any_time=are_inside)}"
        for are_inside in (True, False)
        if (names := [one.name for one in alone if choice.holds(one) == are_inside])
    ]
    if shared:
        seq = ", max(seq) AS seq" if with_seq else ""
        parts.append(
            f"SELECT series, ts_ms, arg_max(value, seq) AS value{seq}"  # noqa: S608
            f" FROM read_parquet({files.quoted(shared)}) WHERE {choice.condition()}"
            " GROUP BY series, ts_ms"
        )
    return " UNION ALL ".join(parts)


def rows(source: str, limit: int | None) -> str:
    """Return the samples themselves, sorted."""
    cut = "" if limit is None else f" LIMIT {limit}"
    return f"SELECT series, ts_ms, value FROM ({source}) ORDER BY series, ts_ms{cut}"  # noqa: S608


def latest(source: str) -> str:
    """Return the newest sample of each series that does not end with a marker."""
    return (
        "SELECT series, max(ts_ms) AS ts_ms, arg_max(value, ts_ms) AS value"  # noqa: S608
        f" FROM ({source}) GROUP BY series HAVING NOT isnan(arg_max(value, ts_ms)) ORDER BY series"
    )


def bucket(start_ms: int, step_ms: int) -> str:
    """Return the start of a row's bucket."""
    return f"{start_ms} + (ts_ms - {start_ms}) // {step_ms} * {step_ms}"


def aggregate(
    source: str, *, start_ms: int, step_ms: int, function: Function, lookback_ms: int
) -> str:
    """Return one value per series and bucket, straight from samples."""
    if function in PLAIN:
        # As a condition of rows, the marker would be looked for before the series are chosen.
        counted, value = f"({source})", PLAIN[function].format(real=REAL)
        having = f" HAVING count(*) {REAL} > 0"
    else:
        told = PAIRED.format(source=source, start=start_ms, lookback=lookback_ms)
        counted, having = f"({told}) WHERE rise IS NOT NULL", ""
        value = "sum(rise)" if function == "increase" else "sum(rise) / (sum(apart) / 1000)"
    return (
        f"SELECT series, {bucket(start_ms, step_ms)} AS bucket, {value} AS value FROM {counted}"  # noqa: S608
        f" GROUP BY series, bucket{having} ORDER BY series, bucket"
    )


def partials(source: str, *, start_ms: int, step_ms: int, lookback_ms: int) -> str:
    """Return all figures of a rollup per series and bucket of UTC, from samples."""
    paired = PAIRED.format(source=source, start=start_ms, lookback=lookback_ms)
    return _figures(
        f"count(*) {REAL} AS count, sum(value) {REAL} AS sum, min(value) {REAL} AS min,"
        f" max(value) {REAL} AS max, arg_max(value, ts_ms) {REAL} AS last, sum(rise) AS increase,"
        " sum(apart)::BIGINT AS pair_ms", paired, step_ms,
    )  # fmt: skip


def coarser(source: str, *, step_ms: int) -> str:
    """Return the same figures of larger buckets, from those of smaller ones."""
    return _figures(
        "sum(count)::BIGINT AS count, sum(sum) AS sum, min(min) AS min, max(max) AS max,"
        " arg_max(last, ts_ms) AS last, sum(increase) AS increase,"
        " sum(pair_ms)::BIGINT AS pair_ms", source, step_ms,
    )  # fmt: skip


def _figures(figures: str, source: str, step_ms: int) -> str:
    return (
        f"SELECT series, bucket AS ts_ms, {ROLLUP} FROM (SELECT series,"  # noqa: S608
        f" {bucket(0, step_ms)} AS bucket, {figures} FROM ({source}) AS told"
        " GROUP BY series, bucket) WHERE count > 0"
    )


def combined(parts: Sequence[str], *, start_ms: int, step_ms: int, function: Function) -> str:
    """Return one value per series and bucket from partial results (series, ts_ms, figures)."""
    union = " UNION ALL ".join(f"SELECT series, ts_ms, {ROLLUP} FROM ({part})" for part in parts)  # noqa: S608
    pairs = " WHERE pair_ms IS NOT NULL" if function in ("increase", "rate") else ""
    return (
        f"SELECT series, {bucket(start_ms, step_ms)} AS bucket, {COMBINED[function]} AS value"  # noqa: S608
        f" FROM ({union}){pairs} GROUP BY series, bucket ORDER BY series, bucket"
    )


def quantiles(values: str, q: float) -> str:
    """Return the q-quantile of each group; the table `grouped` has (place, series)."""
    return (
        f"SELECT place, quantile_cont(value, {q!r}) AS value"  # noqa: S608
        f" FROM ({values}) AS told JOIN grouped ON told.series = grouped.series"
        " WHERE NOT isnan(value) GROUP BY place"
    )
