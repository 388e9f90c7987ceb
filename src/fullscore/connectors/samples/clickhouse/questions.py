"""Questions in ClickHouse's SQL; all text is made here, of numbers and our own names.

Merges replace older rows of an instant whenever they like, so each question takes the last appended
one itself. Aliases differ from columns: ClickHouse puts an alias in the place of its column.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from fullscore.connectors.samples.contract import LAST_MS, Function

FIGURES = "count, sum, min, max, last, increase, pair_ms"
PLAIN = {
    "count": "toFloat64(count())", "sum": "sum(v)", "avg": "sum(v) / count()",
    "min": "min(v)", "max": "max(v)", "last": "argMax(v, t)",
}  # fmt: skip
# From figures of one series and bucket: of rollups, and of raw samples beside them.
COMBINED = {
    "count": "toFloat64(sum(f.count))", "sum": "sum(f.sum)", "avg": "sum(f.sum) / sum(f.count)",
    "min": "min(f.min)", "max": "max(f.max)", "last": "argMax(f.last, f.t)",
    "increase": "sum(f.increase)", "rate": "sum(f.increase) / (sum(f.pair_ms) / 1000)",
}  # fmt: skip
# Neighbours of one series; the first of a series has none, told as -1.
PAIRED = """
SELECT series, t, v, t - before_t AS apart, if(v >= before, v - before, v) AS rise,
       before_t >= 0 AND t - before_t <= {lookback} AND NOT isNaN(v) AND NOT isNaN(before) AS paired
FROM (SELECT series, t, v, lagInFrame(v) OVER one AS before,
             lagInFrame(t, 1, toInt64(-1)) OVER one AS before_t
      FROM ({source}) WINDOW one AS (
          PARTITION BY series ORDER BY t ROWS BETWEEN 1 PRECEDING AND CURRENT ROW))
WHERE t >= {start}
"""


@dataclass(frozen=True, slots=True)
class Choice:
    """Some series (None: all) in [start, end)."""

    series: NDArray[np.int64] | None
    start_ms: int
    end_ms: int

    @property
    def is_empty(self) -> bool:
        """Return whether nothing can be meant."""
        return self.end_ms <= self.start_ms or (self.series is not None and not self.series.size)

    def since(self, start_ms: int) -> "Choice":
        """Return the same from another instant on."""
        return replace(self, start_ms=start_ms)

    def until(self, end_ms: int) -> "Choice":
        """Return the same until another instant."""
        return replace(self, end_ms=end_ms)

    def condition(self) -> str:
        """Return the rows meant, as SQL."""
        return f"{self._members()} AND {between('ts', self.start_ms, self.end_ms)}"

    def _members(self) -> str:
        if self.series is None:
            return "TRUE"
        low, high = int(self.series[0]), int(self.series[-1])
        inside = f"series BETWEEN {low} AND {high}"
        if len(self.series) == high - low + 1:
            return inside
        return f"{inside} AND series IN ({', '.join(map(str, self.series.tolist()))})"


def between(column: str, start_ms: int, end_ms: int) -> str:
    """Return the instants of [start, end), within what ClickHouse can tell."""
    start, end = max(start_ms, 0), min(max(end_ms, 0), LAST_MS + 1)
    return f"{column} >= {instant(start)} AND {column} < {instant(end)}"


def instant(at_ms: int) -> str:
    """Return an instant as SQL."""
    return f"fromUnixTimestamp64Milli(toInt64({at_ms}), 'UTC')"


def source(table: str, choice: Choice) -> str:
    """Return SQL for the rows (series, t, v), of each instant only the last appended."""
    return (
        f"SELECT series, toUnixTimestamp64Milli(ts) AS t, argMax(value, seq) AS v FROM {table}"  # noqa: S608
        f" WHERE {choice.condition()} GROUP BY series, ts"
    )


def rows(source: str, limit: int | None) -> str:
    """Return the samples themselves, sorted."""
    cut = "" if limit is None else f" LIMIT {limit}"
    return f"SELECT series, t, v FROM ({source}) ORDER BY series, t{cut}"  # noqa: S608


def latest(source: str) -> str:
    """Return the newest sample of each series that does not end with a marker."""
    return (
        "SELECT series, max(t) AS newest, argMax(v, t) AS figure"  # noqa: S608
        f" FROM ({source}) GROUP BY series HAVING NOT isNaN(figure) ORDER BY series"
    )


def bucket(start_ms: int, step_ms: int) -> str:
    """Return the start of a row's bucket; no row is before the start."""
    return f"{start_ms} + intDiv(t - {start_ms}, {step_ms}) * {step_ms}"


def aggregate(
    source: str, *, start_ms: int, step_ms: int, function: Function, lookback_ms: int
) -> str:
    """Return one value per series and bucket, straight from samples."""
    if function in PLAIN:
        counted, kept, figure = source, "NOT isNaN(v)", PLAIN[function]
    else:
        counted = PAIRED.format(source=source, start=start_ms, lookback=lookback_ms)
        kept, figure = "paired", "sum(rise)"
        if function == "rate":
            figure += " / (sum(apart) / 1000)"
    return (
        f"SELECT series, {bucket(start_ms, step_ms)} AS bucket, {figure} AS figure"  # noqa: S608
        f" FROM ({counted}) WHERE {kept} GROUP BY series, bucket ORDER BY series, bucket"
    )


def partials(source: str, *, start_ms: int, step_ms: int, lookback_ms: int) -> str:
    """Return all figures of a rollup per series and bucket of UTC, from samples."""
    paired = PAIRED.format(source=source, start=start_ms, lookback=lookback_ms)
    return (
        f"SELECT series, intDiv(t, {step_ms}) * {step_ms} AS bucket,"  # noqa: S608
        " countIf(NOT isNaN(v)) AS count, sumIf(v, NOT isNaN(v)) AS sum,"
        " minIf(v, NOT isNaN(v)) AS min,"
        " maxIf(v, NOT isNaN(v)) AS max, argMaxIf(v, t, NOT isNaN(v)) AS last,"
        " sumIf(rise, paired) AS increase, toUInt64(sumIf(apart, paired)) AS pair_ms"
        f" FROM ({paired}) GROUP BY series, bucket HAVING count > 0"
    )


def coarser(table: str, *, start_ms: int, end_ms: int, step_ms: int) -> str:
    """Return the same figures of larger buckets, from a table of smaller ones."""
    return (
        f"SELECT f.series AS series, intDiv(f.t, {step_ms}) * {step_ms} AS bucket,"  # noqa: S608
        " sum(f.count) AS count, sum(f.sum) AS sum, min(f.min) AS min, max(f.max) AS max,"
        " argMax(f.last, f.t) AS last, sum(f.increase) AS increase, sum(f.pair_ms) AS pair_ms"
        f" FROM (SELECT *, toUnixTimestamp64Milli(ts) AS t FROM {table} FINAL"
        f" WHERE {between('ts', start_ms, end_ms)}) AS f GROUP BY series, bucket"
    )


def rolled(table: str, choice: Choice) -> str:
    """Return the figures of a table of rollups for a choice."""
    return (
        f"SELECT series, toUnixTimestamp64Milli(ts) AS bucket, {FIGURES} FROM {table} FINAL"  # noqa: S608
        f" WHERE {choice.condition()}"
    )


def combined(parts: Sequence[str], *, start_ms: int, step_ms: int, function: Function) -> str:
    """Return one value per series and bucket from partial results (series, bucket, figures)."""
    union = " UNION ALL ".join(
        f"SELECT series, bucket AS t, {FIGURES} FROM ({part})"  # noqa: S608
        for part in parts
    )
    pairs = " WHERE f.pair_ms > 0" if function in ("increase", "rate") else ""
    start = bucket(start_ms, step_ms).replace("(t ", "(f.t ")
    return (
        f"SELECT f.series AS series, {start} AS bucket, {COMBINED[function]} AS figure"  # noqa: S608
        f" FROM ({union}) AS f{pairs} GROUP BY series, bucket ORDER BY series, bucket"
    )


def quantiles(values: str, figure: str, groups: Mapping[int, Sequence[int]], q: float) -> str:
    """Return the q-quantile of one column of values for each group of series."""
    members = ", ".join(f"({place}, {list(series)})" for place, series in groups.items())
    return (
        f"SELECT place, quantileExactInclusive({q!r})({figure}) AS answer"  # noqa: S608
        f" FROM ({values}) AS told INNER JOIN (SELECT place, arrayJoin(members) AS series"
        f" FROM values('place UInt32, members Array(UInt64)', {members})) AS grouped"
        f" ON told.series = grouped.series WHERE NOT isNaN({figure}) GROUP BY place ORDER BY place"
    )
