"""Who is on call: now, next, and for weeks to come; and when nobody is."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import groupby, pairwise
from typing import NamedTuple

from django.db.models import Prefetch

from fullscore.domains.foundation.directory.models import Person
from fullscore.domains.response.oncall.models import (
    CalendarDuty,
    Layer,
    Override,
    Schedule,
    Turn,
)
from fullscore.engines import rota
from fullscore.engines.rota.hours import windows
from fullscore.kit import time

LOOK_AHEAD = timedelta(weeks=52)


class Drawn(NamedTuple):
    """A layer as the engine takes it, and until when it counts."""

    layer: rota.Layer
    until: datetime
    name: str


class Plan:
    """Everything that says who is on call in one schedule, read once."""

    def __init__(self, schedule: Schedule) -> None:
        self.schedule = schedule
        turns = Prefetch("turns", Turn.objects.order_by("position", "pk"))
        rows = Layer.objects.filter(schedule=schedule).prefetch_related(turns)
        self.layers = [_drawn(layer, schedule.zone) for layer in rows.order_by("position", "pk")]
        by_hand = Override.objects.filter(schedule=schedule, cancelled_at=None).order_by("pk")
        self.by_hand = [rota.Override(str(o.person_id), o.starts_at, o.ends_at) for o in by_hand]
        self.calendars = _calendars(schedule)
        # The last listed wins: what calendars say over the layers, what is arranged over both.
        told = [duty for _, duties in self.calendars for duty in duties]
        self.overrides = [*told, *self.by_hand]

    def shifts(self, start: datetime, end: datetime) -> list[rota.Shift]:
        """Return who is on call in [start, end); people are their ids as text."""
        found: list[rota.Shift] = []
        for begin, stop in pairwise(self._edges(start, end)):
            layers = [drawn.layer for drawn in self.layers if drawn.until > begin]
            for shift in rota.shifts(layers, self.overrides, start=begin, end=stop):
                last = found[-1] if found else None
                if last and (last.person, last.ends_at) == (shift.person, shift.starts_at):
                    found[-1] = rota.Shift(last.person, last.starts_at, shift.ends_at)
                else:
                    found.append(shift)
        return found

    def layer_shifts(
        self, start: datetime, end: datetime
    ) -> Iterator[tuple[str, list[rota.Shift]]]:
        """Yield each layer by itself, the one that wins first, and before all the overrides."""
        yield "Overrides", rota.shifts([], self.by_hand, start=start, end=end)
        for name, duties in reversed(self.calendars):
            yield name, rota.shifts([], duties, start=start, end=end)
        for drawn in reversed(self.layers):
            stop = min(end, drawn.until)
            own = rota.shifts([drawn.layer], [], start=start, end=stop) if stop > start else []
            yield drawn.name, own

    def at(self, moment: datetime) -> int | None:
        """Return the id of who is on call at a moment; None is nobody."""
        found = self.shifts(moment, moment + timedelta.resolution)
        return int(found[0].person) if found else None

    def gaps(self, start: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
        """Return when nobody is on call."""
        found = self.shifts(start, end)
        ends = [start, *(s.ends_at for s in found)]
        begins = [*(s.starts_at for s in found), end]
        return [(a, b) for a, b in zip(ends, begins, strict=True) if a < b]

    def _edges(self, start: datetime, end: datetime) -> list[datetime]:
        inside = {drawn.until for drawn in self.layers if start < drawn.until < end}
        return sorted({start, end, *inside})


def _calendars(schedule: Schedule) -> list[tuple[str, list[rota.Override]]]:
    """Return what each calendar of a schedule says, by its name; the last one wins."""
    rows = CalendarDuty.objects.that_count().filter(calendar__schedule=schedule)
    told = rows.values_list("calendar__name", "calendar", "person", "starts_at", "ends_at")
    return [
        (name, [rota.Override(str(person), a, b) for *_, person, a, b in duties])
        for (name, _), duties in groupby(told, key=lambda row: row[:2])
    ]


def _drawn(layer: Layer, zone: str) -> Drawn:
    people = tuple(str(turn.person_id) for turn in layer.turns.all())
    made = rota.Layer(
        people, zone, datetime.combine(layer.starts_on, layer.starts_time), layer.unit,  # type: ignore[arg-type]
        layer.length, windows(layer.hours),
    )  # fmt: skip
    return Drawn(made, layer.ends_at or time.FOREVER, layer.name)


class Now(NamedTuple):
    """One line of the page “On call now”."""

    schedule: Schedule
    person: Person | None
    until: datetime | None
    following: Person | None
    gaps: Sequence[tuple[datetime, datetime]]


def now_on_call(schedules: Iterable[Schedule], *, now: datetime) -> list[Now]:
    """Return for each schedule who is on call, until when, who is next, and coming gaps."""
    told = [(one, Plan(one)) for one in schedules]
    found = {one.pk: plan.shifts(now, now + timedelta(days=28)) for one, plan in told}
    wanted = {int(shift.person) for shifts in found.values() for shift in shifts[:2]}
    people = Person.objects.in_bulk(wanted)
    lines = []
    for schedule, plan in told:
        shifts = found[schedule.pk]
        first = shifts[0] if shifts and shifts[0].starts_at <= now else None
        after = shifts[1] if first and len(shifts) > 1 else None if first else next(
            iter(shifts), None
        )  # fmt: skip
        lines.append(
            Now(
                schedule, people.get(int(first.person)) if first else None,
                first.ends_at if first else None,
                people.get(int(after.person)) if after else None,
                plan.gaps(now, now + LOOK_AHEAD)[:3],
            )
        )  # fmt: skip
    return lines


def person_on_call(schedule: Schedule, *, at: datetime) -> Person | None:
    """Return who is on call and still here; None is nobody."""
    pk = Plan(schedule).at(at)
    return _here(pk)


def next_on_call(schedule: Schedule, *, at: datetime) -> Person | None:
    """Return who follows the one on call."""
    shifts = Plan(schedule).shifts(at, at + timedelta(days=28))
    others = [s for s in shifts if s.starts_at > at]
    return _here(int(others[0].person)) if others else None


def _here(pk: int | None) -> Person | None:
    rows = Person.objects.exclude(state=Person.State.LEFT)
    return rows.filter(pk=pk).first() if pk is not None else None
