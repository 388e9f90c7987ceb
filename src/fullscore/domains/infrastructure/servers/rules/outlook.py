"""Where daily figures stand, how they grow, and when they meet their limit."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from fullscore.engines import forecast

Floats = NDArray[np.float64]
HORIZON_DAYS, WEEK, MONTH, HELD_DAYS = 180, 7, 30, 14
LEAST_DAYS = forecast.LEAST_DAYS
OPEN = ".."  # an interval's end that is not known, as in ISO 8601-2


@dataclass(frozen=True, slots=True)
class Outlook:
    """Where one figure stands and goes; shares of 1, days counted from the last known one."""

    days: int  # known
    level: float | None = None  # the middle of the last seven
    trend: float | None = None  # a month
    soonest: float | None = None  # the upper edge of the band at the limit
    likely: float | None = None
    latest: float | None = None
    tried: int = 0
    inside: int = 0
    last: float = 0.0  # the last known day, since 1970


def outlooks(days: Floats, table: Floats, limits: Floats) -> list[Outlook]:
    """Return the outlook of each row of daily figures, NaN where a day is not known.

    Rows that are known on the same days are forecast together.
    """
    found = [Outlook(0)] * len(table)
    known = np.isfinite(table)
    kinds: dict[bytes, list[int]] = {}
    for place, mask in enumerate(known):
        kinds.setdefault(mask.tobytes(), []).append(place)
    for places in kinds.values():
        mask = known[places[0]]
        for place, one in zip(
            places, _alike(days[mask], table[np.ix_(places, mask)], limits[places]), strict=True
        ):
            found[place] = one
    return found


def _alike(days: Floats, table: Floats, limits: Floats) -> list[Outlook]:
    if not len(days):
        return [Outlook(0)] * len(table)
    level = np.median(table[:, days > days[-1] - WEEK], axis=1)
    bands = forecast.bands(days, table, horizon_days=HORIZON_DAYS, season_days=WEEK)
    if bands is None:
        return [Outlook(len(days), float(one), last=float(days[-1])) for one in level]
    inside, tried = forecast.backtest(days, table, held_days=HELD_DAYS, season_days=WEEK)
    is_over = level >= limits
    edges = [
        np.where(is_over, 0.0, _first(edge, limits, bands.days - days[-1]))
        for edge in (bands.high, bands.middle, bands.low)
    ]
    found = []
    for n in range(len(table)):
        soonest, likely, latest = (None if np.isnan(edge[n]) else float(edge[n]) for edge in edges)
        trend = float(bands.slope[n] * MONTH)
        found.append(
            Outlook(
                len(days),
                float(level[n]),
                trend,
                soonest,
                likely,
                latest,
                tried,
                int(inside[n]),
                float(days[-1]),
            )
        )
    return found


def _first(edge: Floats, limits: Floats, ahead: Floats) -> Floats:
    """Return how far ahead an edge is first at its limit; NaN: not in sight."""
    over = edge >= limits[:, None]
    return np.where(over.any(axis=1), ahead[over.argmax(axis=1)], np.nan)


def day_of(number: float) -> date:
    """Return the day that so many days after 1970-01-01 is."""
    return date(1970, 1, 1) + timedelta(days=int(number))


def interval(one: Outlook) -> str:
    """Return when a limit is met, as an interval of ISO 8601; empty when that is not likely."""
    if one.likely is None:
        return ""
    first = day_of(one.last + (one.soonest if one.soonest is not None else one.likely))
    return f"{first}/{OPEN if one.latest is None else day_of(one.last + one.latest)}"


def words(interval: str, *, today: date) -> str:
    """Return an interval as people say it: “between 3 and 9 March”."""
    start, _, end = interval.partition("/")
    if not start:
        return ""
    first = max(date.fromisoformat(start), today)
    if end == OPEN:
        return "now or later" if first == today else f"from {_day(first, today)} on"
    last = max(date.fromisoformat(end), today)
    if last == first:
        return "now" if first == today else f"on {_day(first, today)}"
    is_one_month = (first.year, first.month) == (last.year, last.month)
    begin = str(first.day) if is_one_month else _day(first, today)
    return f"between {begin} and {_day(last, today)}"


def brief(interval: str, *, today: date) -> str:
    """Return an interval for the cell of a list: “3–9 Mar”, “from 3 Mar”."""
    start, _, end = interval.partition("/")
    if not start:
        return ""
    first = max(date.fromisoformat(start), today)
    begin = "now" if first == today else f"{first:%-d %b}"
    if end == OPEN:
        return f"from {begin}"
    last = max(date.fromisoformat(end), today)
    if last == first:
        return begin
    is_one_month = (first.year, first.month) == (last.year, last.month) and first != today
    return f"{first.day}–{last:%-d %b}" if is_one_month else f"{begin} – {last:%-d %b}"


def _day(day: date, today: date) -> str:
    return f"{day:%-d %B}" if (day - today).days < 300 else f"{day:%-d %B %Y}"


def soonest_of(named: Sequence[tuple[str, Outlook]]) -> tuple[str, date] | None:
    """Return which of some figures is likely at its limit first, and when."""
    waiting = [(one.last + one.likely, name) for name, one in named if one.likely is not None]
    if not waiting:
        return None
    day, name = min(waiting)
    return name, day_of(day)
