"""Read what Grafana OnCall tells: an object with the answers of its API under their names.

Source: grafana.com/docs/oncall/latest/oncall-api-reference, its pages on users, teams, schedules,
shifts, escalation chains and policies, integrations and routes. What its shifts mean is RFC 5545.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from fullscore.connectors import documents
from fullscore.connectors.base import Garbled
from fullscore.connectors.calendars.client import web_address
from fullscore.connectors.documents import Node
from fullscore.connectors.grafana_oncall.steps import policies, routes
from fullscore.connectors.rotas import (
    Calendar,
    Duty,
    Layer,
    Note,
    Override,
    Rotas,
    Schedule,
    Someone,
    Span,
    clock_of,
    ending,
    hours_of,
    instant_of,
    is_zone,
)

DAYS = {"MO": 0, "TU": 1, "WE": 2, "TH": 3, "FR": 4, "SA": 5, "SU": 6}
UNITS = {"hourly": ("hours", 3600), "daily": ("days", 86400), "weekly": ("weeks", 604800)}
MOST = 200
CALENDARS = {"ical_url_primary": "Calendar", "ical_url_overrides": "Calendar of overrides"}
WEB = re.compile(r"(https?|webcals?)://[^\s/@]+(/\S*)?$", re.I)
LONGEST_ADDRESS = 2000


def rotas(body: bytes) -> Rotas:
    """Read everything. Raises Garbled with the exact place."""
    told = documents.read(body)
    try:
        return _read(told)
    except OverflowError as error:
        raise Garbled("A time in it is too far away.") from error


def _read(told: Node) -> Rotas:
    notes: list[Note] = []
    shifts = {one.plain("id", most=MOST): one for one in rows(told, "on_call_shifts")}
    return Rotas(
        people=tuple(_someone(one) for one in rows(told, "users")),
        teams={
            one.plain("id", most=MOST): one.words("name", most=80) for one in rows(told, "teams")
        },
        schedules=tuple(_schedule(one, shifts, notes) for one in rows(told, "schedules")),
        policies=tuple(policies(told, rows, notes)),
        routes=tuple(routes(told, rows, notes)),
        duties=_duties(told),
        notes=tuple(notes),
    )  # fmt: skip


def rows(told: Node, name: str) -> Iterator[Node]:
    """Yield the rows of a list, whether it is one or still in the page in which it came."""
    found = told.optional(name)
    if found is None:
        return
    if isinstance(found.value, dict):
        found = found.field("results")
    yield from found.items()


def _someone(told: Node) -> Someone:
    name = told.words("username", most=MOST, default="")
    email = told.words("email", most=254, default="")
    return Someone(told.plain("id", most=MOST), name or email, email)


def _duties(told: Node) -> dict[str, tuple[Duty, ...]]:
    found = told.optional("final_shifts")
    if found is None:
        return {}
    return {
        ref: tuple(
            Duty(one.plain("user_pk", most=MOST), *_between(one, "shift_start", "shift_end"))
            for one in rows(found, ref)
        )
        for ref in found.of(dict)
    }


def _between(told: Node, start: str, end: str) -> tuple[datetime, datetime]:
    begins, ends = told.moment(start), told.moment(end)
    if begins is None or ends is None:
        raise told.wrong("is missing", start if begins is None else end)
    return begins, ends


def _schedule(told: Node, shifts: dict[str, Node], notes: list[Note]) -> Schedule:
    name = told.words("name", most=80)
    zone = told.words("time_zone", most=64, default="") or "UTC"
    if not is_zone(zone):
        notes.append(Note(name, f"its time zone “{zone}” is not known: UTC is taken"))
        zone = "UTC"
    calendars = tuple(_calendars(told, name, notes))
    if told.plain("type", most=20) == "ical" and not calendars:
        notes.append(Note(name, "its turns stand in a calendar elsewhere: add it by hand"))
    mine = told.optional("shifts")
    refs = [one.value for one in mine.items()] if mine else []
    found = [shifts[ref] for ref in refs if isinstance(ref, str) and ref in shifts]
    layers, overrides = [], []
    for shift in sorted(found, key=lambda one: one.whole("level")):
        match Shift(shift, zone, notes, name).said():
            case Layer() as layer:
                layers.append(layer)
            case Override() as override:
                overrides.append(override)
    return Schedule(
        told.plain("id", most=MOST), name, zone, told.plain("team_id", most=MOST), tuple(layers),
        tuple(overrides), calendars,
    )  # fmt: skip


def _calendars(told: Node, schedule: str, notes: list[Note]) -> Iterator[Calendar]:
    """Yield the calendars at addresses that can be read; the one of overrides wins."""
    for field_name, name in CALENDARS.items():
        found = told.optional(field_name)
        if found is None or not (address := found.of(str).strip()):
            continue
        if WEB.match(address) and len(address) <= LONGEST_ADDRESS:
            yield Calendar(name, web_address(address))
        else:
            notes.append(Note(schedule, f"the address of its {name.lower()} is no web address"))


@dataclass
class Shift:
    """One recurring event, read into a layer of ours where it can be said as one."""

    told: Node
    schedule_zone: str
    notes: list[Note]
    schedule: str
    name: str = field(init=False)

    def __post_init__(self) -> None:
        self.name = self.told.words("name", most=60, default="") or "Shift"

    def said(self) -> Layer | Override | None:
        """Return the layer or override that says the same; None, with a note, where none does."""
        groups = self._groups()
        if not any(groups):
            self._no("names nobody")
            return None
        if self.told.whole("duration") < 1:
            self._no("lasts no time")
            return None
        if self.told.plain("type", most=20) in ("single_event", "override"):
            start = instant_of(self._start(), self._zone())
            ends = start + timedelta(seconds=self.told.whole("duration"))
            return Override(next(filter(None, groups))[0], start, ends)
        return self._recurring(groups)

    def _recurring(self, groups: list[list[str]]) -> Layer | None:
        word, interval = self.told.plain("frequency", most=20), self.told.whole("interval", 1) or 1
        if word not in UNITS or self._list("by_month") or self._list("by_monthday"):
            self._no("recurs by months")
            return None
        if not all(groups):
            self._no("has a turn of nobody")
            return None
        if any(len(group) > 1 for group in groups):
            self._note("calls several people at once: here the first of each turn is called")
        unit, seconds = UNITS[word]
        spans = self._spans(word, interval, seconds * interval, len(groups))
        if spans is None:
            return None
        first = self.told.whole("start_rotation_from_user_index") % len(groups)
        people = tuple(group[0] for group in groups[first:] + groups[:first])
        starts = self._local(self._first_turn(word))
        until = self._moment("until")
        try:
            hours = hours_of(spans)
        except ValueError as error:
            self._no(str(error))
            return None
        return Layer(self.name, starts, unit, interval, people, hours, until)

    def _spans(self, word: str, interval: int, period: int, turns: int) -> list[Span] | None:
        """Return when in the week it counts: an empty list is always, None cannot be said."""
        lasts, start, days = self.told.whole("duration"), self._start(), self._list("by_day")
        if lasts > period and not days:
            self._no("lasts longer than its turns: two of them overlap")
            return None
        if not days and lasts == period:
            return []
        if interval > 1 or word == "hourly":
            self._no("leaves out a part of each turn")
            return None
        if days and word == "daily" and turns > 1:
            self._no("changes hands every day, and leaves out days")
            return None
        if lasts > 604800:
            self._no("lasts longer than a week")
            return None
        at = self._local(start)
        named = [(DAYS[day] + (at.date() - start.date()).days) % 7 for day in days if day in DAYS]
        if not days:
            named = [at.weekday()] if word == "weekly" else list(range(7))
        return [ending(day, at.time(), lasts) for day in named]

    def _first_turn(self, word: str) -> datetime:
        """Return when the first turn begins: where days are named, with the week they are in."""
        start, days = self._start(), self._list("by_day")
        if word != "weekly" or not days:
            return start
        begins = DAYS.get(self.told.plain("week_start", most=2) or "SU", 6)
        return start - timedelta(days=(start.weekday() - begins) % 7)

    def _groups(self) -> list[list[str]]:
        rolling = self.told.optional("rolling_users")
        if rolling is not None and rolling.of(list):
            return [[str(ref) for ref in one.of(list)] for one in rolling.items()]
        return [[str(ref) for ref in self._list("users")]]

    def _start(self) -> datetime:
        found = self._wall("start")
        if found is None:
            raise self.told.wrong("is missing", "start")
        return found

    def _local(self, wall: datetime) -> datetime:
        """Return the schedule's wall clock when the shift's own shows this."""
        if self._zone() == self.schedule_zone:
            return wall
        return clock_of(instant_of(wall, self._zone()), self.schedule_zone)

    def _zone(self) -> str:
        own = self.told.words("time_zone", most=64, default="")
        return own if own and is_zone(own) else self.schedule_zone

    def _moment(self, name: str) -> datetime | None:
        found = self._wall(name)
        return instant_of(found, self._zone()) if found else None

    def _wall(self, name: str) -> datetime | None:
        """Return a wall clock: these times come without a zone, and mean the shift's."""
        found = self.told.moment(name)
        return found.astimezone(UTC).replace(tzinfo=None) if found else None

    def _list(self, name: str) -> list[str]:
        found = self.told.optional(name)
        return [str(one) for one in found.of(list)] if found else []

    def _note(self, what: str) -> None:
        self.notes.append(Note(f"{self.schedule}: {self.name}", what))

    def _no(self, why: str) -> None:
        """Note why it is left out."""
        self._note(f"{why}; it is not taken")
