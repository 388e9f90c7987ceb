"""Points as files: CSV in the units people read, or in base units; Arrow in base units."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from math import floor, log10

import numpy as np

from fullscore.connectors import arrow
from fullscore.domains.foundation.telemetry.models import Series
from fullscore.domains.foundation.telemetry.reading import asking
from fullscore.domains.foundation.telemetry.reading.asking import Points
from fullscore.interfaces.web import figures, files
from fullscore.kit import tables

SIGNIFICANT = 3  # digits of a peak that are never rounded away


@dataclass(frozen=True, slots=True)
class Column:
    """One series in a file: its head, its unit, and how base units become it."""

    name: str
    unit: str
    factor: float = 1.0
    places: int | None = None  # behind the point; None: as it is


def columns(
    series: Sequence[Series], told: Mapping[int, Points], *, function: str, is_base: bool
) -> list[Column]:
    """Return the columns of a file, in the order of the series."""
    return [_column(one, told[one.pk], function, is_base) for one in series]


def _column(one: Series, points: Points, function: str, is_base: bool) -> Column:
    made = asking.function_for(one, function)
    name = asking.name_of(one)
    if is_base:
        return Column(name, asking.made_unit(one.metric.unit, made))
    unit, scale = asking.shown_in(one.metric, made)
    peak = max((abs(v) * scale for _, v in points if v is not None), default=0.0)
    worth, word = figures.prefix_for(peak, unit)
    size = peak / worth
    least = SIGNIFICANT - 1 - floor(log10(size)) if 0 < size < float("inf") else 0
    return Column(name, word, scale / worth, max(one.metric.decimals, least))


def csv(
    series: Sequence[Series], told: Mapping[int, Points], *, function: str, is_base: bool
) -> Iterator[str]:
    """Yield the lines of a file; units stand in its heads, gaps are empty."""
    made = columns(series, told, function=function, is_base=is_base)
    heads = [files.flat(f"{one.name} [{one.unit or '1'}]") for one in made]
    return files.csv_lines(["ts_ms", "time", *heads], _rows(series, told, made))


def _rows(
    series: Sequence[Series], told: Mapping[int, Points], made: Sequence[Column]
) -> Iterator[tables.Row]:
    for points in zip(*(told[one.pk] for one in series), strict=True):
        at = points[0][0]
        values = (_said(value, one) for (_, value), one in zip(points, made, strict=True))
        yield tables.Row(at, (datetime.fromtimestamp(at / 1000, UTC), *values))


def _said(value: float | None, column: Column) -> float | None:
    if value is None:
        return None
    value *= column.factor
    return value if column.places is None else round(value, column.places)


def stream(series: Sequence[Series], told: Mapping[int, Points], *, function: str) -> bytes:
    """Return an Arrow stream in base units; unit and number of a series stand with its column."""
    made = columns(series, told, function=function, is_base=True)
    times = [at for at, _ in told[series[0].pk]] if series else []
    return arrow.stream(
        np.array(times, dtype=np.int64),
        [
            arrow.Column(
                column.name,
                np.array([np.nan if v is None else v for _, v in told[one.pk]], dtype=np.float64),
                {"unit": column.unit, "series": str(one.pk)},
            )
            for one, column in zip(series, made, strict=True)
        ],
    )
