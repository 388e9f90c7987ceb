"""Four weeks of a schedule as a picture: lanes by layer, the result last, in its own zone."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from fullscore.domains.foundation.directory.models import Person
from fullscore.domains.response.oncall.models import Schedule
from fullscore.domains.response.oncall.queries.rota import Plan
from fullscore.engines.rota import Shift
from fullscore.engines.rota.clock import first_instant, wall_clock, zone_named

DAYS = 28
WIDTH = 1000  # units of the drawing; it grows with the page


@dataclass(frozen=True, slots=True)
class Bar:
    """One stretch of time of one person, in the units of the drawing."""

    x: float
    width: float
    name: str  # empty: nobody
    tone: int  # colour of the person, 1 to 6; 0: nobody
    told: str  # the whole of it in words

    @property
    def label(self) -> str:
        """Return as much of the name as fits, by about seven units a letter."""
        letters = int((self.width - 8) / 7)
        first = self.name.split()[0] if self.name else ""
        return self.name if len(self.name) <= letters else first[:letters] if letters > 2 else ""

    @property
    def middle(self) -> float:
        """Return where the name is written."""
        return self.x + self.width / 2


@dataclass(frozen=True, slots=True)
class Lane:
    """One row of the picture."""

    name: str
    bars: tuple[Bar, ...]
    is_final: bool = False


@dataclass(frozen=True, slots=True)
class Day:
    """One day at the head of the picture."""

    x: float
    label: str
    is_weekend: bool
    is_first: bool


@dataclass(frozen=True, slots=True)
class Weeks:
    """Everything the template draws."""

    lanes: tuple[Lane, ...]
    days: tuple[Day, ...]
    now_x: float
    zone: str
    hours_open: float  # with nobody on call, in these weeks
    people: tuple[tuple[str, int], ...]


def weeks(schedule: Schedule, *, now: datetime) -> Weeks:
    """Return the four weeks that begin today, by the schedule's wall clock."""
    zone = zone_named(schedule.zone)
    midnight = wall_clock(now, zone).replace(hour=0, minute=0, second=0, microsecond=0)
    edges = [first_instant(midnight + timedelta(days=n), zone) for n in range(DAYS + 1)]
    start, end = edges[0], edges[-1]
    plan = Plan(schedule)
    final = plan.shifts(start, end)
    layers = list(plan.layer_shifts(start, end))
    names = _names(final, *(shifts for _, shifts in layers))
    scale = _Scale(start, end, names, schedule.zone)
    gaps = plan.gaps(start, end)
    lanes = [Lane(name, scale.bars(shifts)) for name, shifts in layers if shifts]
    whole = sorted([*scale.bars(final), *scale.holes(gaps)], key=lambda bar: bar.x)
    days = [
        Day(scale.x(at), f"{midnight + timedelta(days=n):%-d %b}",
            (midnight + timedelta(days=n)).weekday() >= 5,
            n == 0 or (midnight + timedelta(days=n)).weekday() == 0)
        for n, at in enumerate(edges[:-1])
    ]  # fmt: skip
    hours = sum((b - a) / timedelta(hours=1) for a, b in gaps)
    people = tuple((name, tone) for name, tone in names.values())
    return Weeks(
        (*lanes, Lane("On call", tuple(whole), True)), tuple(days), scale.x(now), schedule.zone,
        round(hours, 1), people,
    )  # fmt: skip


class _Scale:
    def __init__(
        self, start: datetime, end: datetime, names: dict[str, tuple[str, int]], zone: str
    ) -> None:
        self._start, self._end, self._names = start, end, names
        self._zone = zone_named(zone)

    def x(self, at: datetime) -> float:
        return round((at - self._start) / (self._end - self._start) * WIDTH, 2)

    def bars(self, shifts: Iterable[Shift]) -> tuple[Bar, ...]:
        return tuple(self._bar(s.starts_at, s.ends_at, *self._names[s.person]) for s in shifts)

    def holes(self, gaps: Iterable[tuple[datetime, datetime]]) -> list[Bar]:
        return [self._bar(a, b, "", 0) for a, b in gaps]

    def _bar(self, begin: datetime, end: datetime, name: str, tone: int) -> Bar:
        told = f"{name or 'Nobody'}, {self._said(begin)} to {self._said(end)}"
        x = self.x(begin)
        return Bar(x, max(1.0, round(self.x(end) - x, 2)), name, tone, told)

    def _said(self, at: datetime) -> str:
        return f"{wall_clock(at, self._zone):%a %-d %b %H:%M}"


def _names(*rows: Iterable[Shift]) -> dict[str, tuple[str, int]]:
    ids = dict.fromkeys(shift.person for shifts in rows for shift in shifts)
    known = Person.objects.in_bulk([int(pk) for pk in ids])
    return {
        pk: (known[int(pk)].name if int(pk) in known else "Somebody", n % 6 + 1)
        for n, pk in enumerate(sorted(ids, key=int))
    }
