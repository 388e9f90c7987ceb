"""What being on call weighs, and who owes whom.

Weights per hour, by the local clock: 1 on a weekday from 07:00 to 18:00, 1.5 in its evening to
22:00, 2 at night and on a weekend, 3 on a public holiday; 0.5 for each page, 1.5 at night.
Source: our judgement, after what on-call agreements in Europe usually pay for those hours.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from .clock import first_instant, wall_clock, zone_named
from .shifts import Shift

EDGES = (time(0), time(7), time(18), time(22))
DAYTIME, EVENING, NIGHT, WEEKEND, HOLIDAY = 1.0, 1.5, 2.0, 2.0, 3.0
PAGE, NIGHT_PAGE = 0.5, 1.5
NIGHTS_IN_A_ROW = 7
REST = timedelta(hours=11)


@dataclass(frozen=True, slots=True)
class Account:
    """What one person bore, and how much more than a fair share that is."""

    person: str
    hours: float  # on call, whatever they weigh
    points: float
    debt: float  # own points less the fair share; negative: owes the others


def weight(
    starts_at: datetime, ends_at: datetime, *, zone: str, holidays: Collection[date] = ()
) -> float:
    """Return what a stretch of time on call weighs, in points; half open, by the local clock."""
    local, points = zone_named(zone), 0.0
    for begin, end in pairwise(_cuts(starts_at, ends_at, local)):
        hours = (end - begin) / timedelta(hours=1)
        points += hours * _rate(wall_clock(begin, local), holidays)
    return points


def accounts(
    shifts: Iterable[Shift],
    pages: Mapping[str, tuple[int, int]],
    *,
    people: Sequence[str],
    zone: str,
    holidays: Collection[date] = (),
) -> list[Account]:
    """Return the account of each person, the one who bears most first.

    `pages` gives (by day, at night) by person. The fair share is the mean over `people` and
    whoever else had a shift. Debts add up to nothing.
    """
    hours: dict[str, float] = dict.fromkeys(people, 0.0)
    points: dict[str, float] = dict.fromkeys(people, 0.0)
    for shift in shifts:
        length = (shift.ends_at - shift.starts_at) / timedelta(hours=1)
        hours[shift.person] = hours.get(shift.person, 0.0) + length
        points[shift.person] = points.get(shift.person, 0.0) + weight(
            shift.starts_at, shift.ends_at, zone=zone, holidays=holidays
        )
    for person in points:
        day, night = pages.get(person, (0, 0))
        points[person] += day * PAGE + night * NIGHT_PAGE
    fair = sum(points.values()) / len(points) if points else 0.0
    told = [Account(name, hours[name], points[name], points[name] - fair) for name in points]
    return sorted(told, key=lambda one: (-one.debt, one.person))


def nights_in_a_row(shifts: Iterable[Shift], *, zone: str) -> dict[str, int]:
    """Return by person the longest run of nights (03:00 local time) without a free one."""
    local = zone_named(zone)
    nights: dict[str, set[date]] = {}
    for shift in shifts:
        day = wall_clock(shift.starts_at, local).date()
        while (at := first_instant(datetime.combine(day, time(3)), local)) < shift.ends_at:
            if at >= shift.starts_at:
                nights.setdefault(shift.person, set()).add(day)
            day += timedelta(days=1)
    return {person: _longest(days) for person, days in nights.items()}


def _longest(days: set[date]) -> int:
    best = 0
    for day in days:
        if day - timedelta(days=1) not in days:
            length = 1
            while day + timedelta(days=length) in days:
                length += 1
            best = max(best, length)
    return best


def _cuts(starts_at: datetime, ends_at: datetime, zone: ZoneInfo) -> list[datetime]:
    """Return the ends of a stretch and every moment in between at which the rate may change."""
    day, last = wall_clock(starts_at, zone).date(), wall_clock(ends_at, zone).date()
    cuts = {starts_at, ends_at}
    while day <= last:
        edges = (first_instant(datetime.combine(day, edge), zone) for edge in EDGES)
        cuts |= {edge for edge in edges if starts_at < edge < ends_at}
        day += timedelta(days=1)
    return sorted(cuts)


def _rate(local: datetime, holidays: Collection[date]) -> float:
    if local.date() in holidays:
        return HOLIDAY
    if local.weekday() >= 5:
        return WEEKEND
    if local.hour < 7 or local.hour >= 22:
        return NIGHT
    return EVENING if local.hour >= 18 else DAYTIME
