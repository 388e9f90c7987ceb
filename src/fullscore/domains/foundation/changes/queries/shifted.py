"""Figures that turned bad in the blast set of a change: seen before any threshold says so."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import numpy as np

from fullscore.domains.foundation.telemetry import queries as telemetry
from fullscore.domains.foundation.telemetry.models import Metric, Series
from fullscore.domains.foundation.telemetry.models.thresholds import made_unit
from fullscore.domains.foundation.telemetry.reading.judged import matrix
from fullscore.engines.rootcause import Signal
from fullscore.engines.rootcause.shifts import Kind, kind_of, shift_of
from fullscore.interfaces.web.figures import figure

STEP = timedelta(minutes=1)
USUAL = timedelta(hours=3)  # before the change: what was usual that day
LOOKED_AT = timedelta(minutes=10)
LEAST = 5  # minutes with samples: one slow minute is no shift
MOST_SERIES, MOST_TOLD = 500, 5
STRONG = 2.0  # mean log(1 + usual spreads): some six spreads beyond the usual; our judgement


def shifted(
    items: Sequence[int], *, began: datetime, settled: datetime, now: datetime
) -> list[str]:
    """Say which figures of some items are worse now than they ever were before a change began.

    Only what says by its name which direction is bad is judged, over the last ten minutes after
    it had settled; the strongest are told first, those of the first items are looked at first.
    """
    start = max(settled, now - LOOKED_AT)
    minutes = (now - start) // STEP
    if minutes < LEAST:
        return []
    series = _watched(items)
    found = [
        (strength, words)
        for function in ("rate", "avg")
        for strength, words in _worse(
            [one for one in series if _function(one) == function], function,
            began=began, now=now, minutes=minutes,
        )
    ]  # fmt: skip
    return [words for _, words in sorted(found, reverse=True)[:MOST_TOLD]]


def _watched(items: Sequence[int]) -> list[Series]:
    rows = Series.objects.told_once().filter(item__in=items, is_muted=False)
    told = [
        one
        for one in rows.select_related("metric", "item").order_by("pk")
        if kind_of(one.metric.name) is not Kind.VOLUME
    ]
    place = {item: n for n, item in enumerate(items)}
    return sorted(told, key=lambda one: place[one.item_id or 0])[:MOST_SERIES]


def _function(series: Series) -> str:
    return "rate" if series.metric.kind == Metric.Kind.COUNTER else "avg"


def _worse(
    series: Sequence[Series], function: str, *, began: datetime, now: datetime, minutes: int
) -> list[tuple[float, str]]:
    if not series:
        return []
    named = {one.pk: one for one in series}
    pks = np.array(sorted(named), dtype=np.int64)

    def measured(end: datetime, count: int) -> np.ndarray:
        return matrix(
            telemetry.store(), pks, end_ms=telemetry.milliseconds(end), step_ms=60_000,
            count=count, function=function,
        )  # fmt: skip

    told = []
    for pk, before, after in zip(
        pks.tolist(), measured(began, USUAL // STEP), measured(now, minutes), strict=True
    ):
        one = named[pk]
        shift = shift_of(Signal(str(one.item), one.metric.name, before, after))
        if shift is None or np.isfinite(after).sum() < LEAST or shift.strength < STRONG:
            continue
        if _was_seen_before(before, after, is_worse_up=shift.now > shift.usual):
            continue
        unit = made_unit(one.metric.unit, function)
        title = one.metric.title or one.metric.name
        words = f"{title} of {one.item}: {figure(shift.now, unit)} where"
        told.append((shift.strength, f"{words} {figure(shift.usual, unit)} was usual"))
    return told


def _was_seen_before(before: np.ndarray, after: np.ndarray, *, is_worse_up: bool) -> bool:
    """Say whether half of what is measured now lies within what was measured before."""
    now = float(np.nanmedian(after))
    return now <= np.nanmax(before) if is_worse_up else now >= np.nanmin(before)
