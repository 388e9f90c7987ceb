"""What is measured on items, in steps of a minute, each line called as the engine knows it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from fullscore.domains.foundation.telemetry import queries as telemetry
from fullscore.domains.foundation.telemetry.models import Metric, Series
from fullscore.domains.foundation.telemetry.reading.asking import shown_in
from fullscore.domains.foundation.telemetry.reading.judged import matrix
from fullscore.domains.response.troubleshooting.metrics import Sign, sign_of
from fullscore.engines.rootcause import Signal
from fullscore.interfaces.web.figures import figure

Floats = NDArray[np.float64]
Labels = frozenset[tuple[str, str]]
MOST_SERIES = 1500  # of the nearest items
_Key = tuple[int, str, bool, tuple[str, float]]
APART = 8  # gauges of one metric and item that are compared each by itself; more of them by mean


@dataclass(frozen=True, slots=True)
class Line:
    """One metric of one item over the steps that were asked for; NaN: no sample."""

    item: int
    words: str
    values: Floats
    series: tuple[int, ...]
    shown: tuple[str, float] = ("", 1.0)  # the unit it is told in, and what it is multiplied by


@dataclass(frozen=True, slots=True)
class Told(Signal):
    """A signal that says its figures in their unit."""

    shown: tuple[str, float] = ("", 1.0)

    def said(self, value: float) -> str:
        """Return a value as people read it."""
        unit, by = self.shown
        return figure(value * by, unit)


def lines(items: Sequence[int], *, end: datetime, count: int, step: timedelta) -> list[Line]:
    """Return what is measured on items, the first named first, in `count` steps before `end`.

    Counters are rates, summed over their labels; gauges are means. What says how much is left is
    the share in use.
    """
    series = _series(items)
    values = _values(series, end, count, step)
    groups: dict[_Key, list[tuple[int, Floats]]] = defaultdict(list)
    wholes = {_place(one): values[one.pk] for one in series}
    for one in series:
        sign = sign_of(one.metric.name, one.metric.title)
        if sign is None or _is_left_out(sign, one):
            continue
        row = values[one.pk]
        if sign.whole:
            whole = wholes.get((one.item_id or 0, sign.whole, _labels(one)))
            if whole is None:
                continue
            row = 1 - row / np.where(whole > 0, whole, np.nan)
        is_counter = one.metric.kind == Metric.Kind.COUNTER
        key = (one.item_id or 0, sign.words, is_counter, _shown(one.metric, sign))
        groups[key].append((one.pk, row))
    return [line for key, rows in groups.items() for line in _merged(*key, rows)]


def _shown(metric: Metric, sign: Sign) -> tuple[str, float]:
    """Return the unit in which people read what is compared, and what it is multiplied by."""
    if sign.whole or sign.unit is not None:
        return ("ratio" if sign.whole else sign.unit or ""), 1.0
    return shown_in(metric, "rate" if metric.kind == Metric.Kind.COUNTER else "avg")


def _series(items: Sequence[int]) -> list[Series]:
    places = {pk: place for place, pk in enumerate(items)}
    rows = (
        Series.objects.told_once().filter(item__in=items, is_muted=False).select_related("metric")
    )
    ordered = sorted(rows.order_by("pk"), key=lambda one: places[one.item_id or 0])
    return ordered[:MOST_SERIES]


def _values(
    series: Iterable[Series], end: datetime, count: int, step: timedelta
) -> Mapping[int, Floats]:
    step_ms = int(step.total_seconds() * 1000)
    found: dict[int, Floats] = {}
    for function, kind in (("rate", Metric.Kind.COUNTER), ("avg", Metric.Kind.GAUGE)):
        pks = np.array(sorted(s.pk for s in series if s.metric.kind == kind), dtype=np.int64)
        if len(pks):
            rows = matrix(
                telemetry.store(), pks, end_ms=telemetry.milliseconds(end), step_ms=step_ms,
                count=count, function=function,
            )  # fmt: skip
            found |= dict(zip(pks.tolist(), rows, strict=True))
    return found


def _labels(one: Series) -> Labels:
    return frozenset((str(k), str(v)) for k, v in one.labels.items())


def _place(one: Series) -> tuple[int, str, Labels]:
    return one.item_id or 0, one.metric.name, _labels(one)


def _is_left_out(sign: Sign, one: Series) -> bool:
    if sign.leaves_out is None:
        return False
    label, value = sign.leaves_out
    return str(one.labels.get(label, "")) == value


def _merged(
    item: int,
    words: str,
    is_counter: bool,
    shown: tuple[str, float],
    rows: Sequence[tuple[int, Floats]],
) -> list[Line]:
    if len(rows) == 1 or (not is_counter and len(rows) <= APART):
        return [Line(item, words, row, (pk,), shown) for pk, row in rows]
    table = np.vstack([row for _, row in rows])
    known = np.isfinite(table).sum(axis=0)
    total = np.nansum(table, axis=0) / (1 if is_counter else np.maximum(known, 1))
    series = tuple(pk for pk, _ in rows)
    return [Line(item, words, np.where(known > 0, total, np.nan), series, shown)]
