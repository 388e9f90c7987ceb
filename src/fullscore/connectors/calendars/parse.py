"""Read an iCalendar into the events of a span of time, each turn of a recurring one by itself.

Source: RFC 5545, and what Google Calendar, Outlook and Grafana OnCall make of it.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any

from icalendar import Calendar, Component
from icalendar.prop import vDDDLists, vDDDTypes

from fullscore.connectors.base import Garbled
from fullscore.connectors.calendars import zones
from fullscore.connectors.calendars.recurring import Steps, walls
from fullscore.connectors.calendars.zones import Zones
from fullscore.connectors.documents import tidy

MOST_BYTES = 4 * 1024 * 1024
MOST_WRITTEN = 5_000  # events as they stand in the file; reading them takes 2 s
MOST_FOUND = 5_000  # turns in the span: 52 weeks of a change of hands every two hours
MOST_PEOPLE = 50  # of one event
LETTERS = 200
FOLDED = re.compile(r"\r?\n[ \t]")
BEGINS = re.compile(r"^BEGIN:VEVENT\s*$", re.M | re.I)
A_DAY = timedelta(days=1)  # a wall clock is never further from UTC


@dataclass(frozen=True, slots=True)
class Event:
    """One stretch of time, in UTC, and whom it is about.

    `attendees` are e-mail addresses of those who did not decline; who organised it comes last.
    """

    uid: str
    starts_at: datetime
    ends_at: datetime
    summary: str
    attendees: tuple[str, ...] = ()


def events(content: bytes, *, start: datetime, end: datetime, zone: str = "UTC") -> list[Event]:
    """Return what overlaps [start, end), in order of time, uncut.

    Whole days and times that name no zone are by the wall clock of `zone`. A turn lasts as long by
    the wall clock as the first one, so a week from Monday to Monday ends on Monday when the clocks
    change; that is what every calendar program shows, though RFC 5545 says the same hours.
    Cancelled events and those that last no time are left out. Raises Garbled.
    """
    text, known = zones.taken_out(_unfolded(content), zone)
    reader = _Reader(known, start.astimezone(UTC), end.astimezone(UTC))
    try:
        found = reader.found(_written(text))
    except OverflowError as error:
        raise Garbled("A time in it is too far away.") from error
    return sorted(found, key=lambda one: (one.starts_at, one.ends_at, one.uid))


def _unfolded(content: bytes) -> str:
    """Return the text with each of its lines whole."""
    if len(content) > MOST_BYTES:
        raise Garbled(f"This calendar has more than the {MOST_BYTES:,} bytes we read of one.")
    try:
        # Folding may cut a letter in two, so lines are joined before they are decoded.
        told = FOLDED.sub("", content.decode("latin-1")).encode("latin-1").decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Garbled(f"This is no calendar in UTF-8: byte {error.start} is wrong.") from error
    text = told.replace("\r\n", "\n").strip()
    if not text.upper().startswith("BEGIN:VCALENDAR"):
        raise Garbled("This is no iCalendar: it does not begin with BEGIN:VCALENDAR.")
    if not text.upper().endswith("END:VCALENDAR"):
        raise Garbled("This calendar is cut short: it does not end with END:VCALENDAR.")
    if len(BEGINS.findall(text)) > MOST_WRITTEN:
        raise Garbled(f"This calendar has more than the {MOST_WRITTEN:,} events we read of one.")
    return text


def _written(text: str) -> list[Component]:
    try:
        calendars = Calendar.from_ical(text, multiple=True)
    except (ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
        raise Garbled(f"This calendar cannot be read: {tidy(str(error))[:160]}") from error
    return [event for one in calendars for event in one.walk("VEVENT")]


class _Reader:
    """Reads events against one span of time."""

    def __init__(self, known: Zones, start: datetime, end: datetime) -> None:
        self._zones, self._start, self._end = known, start, end
        self._steps = Steps()

    def found(self, written: Iterable[Component]) -> list[Event]:
        masters: list[Component] = []
        moved: dict[tuple[str, datetime], Component] = {}  # by whose turn it stands for
        for component in written:
            which = component.get("RECURRENCE-ID")
            if which is None:
                masters.append(component)
                continue
            moved[_uid(component), self._instant(component, _first(which))] = component
        found: list[Event] = []
        for event in self._all(masters, moved):
            found.append(event)
            if len(found) > MOST_FOUND:
                raise Garbled(f"It has more than {MOST_FOUND:,} events in the time that is read.")
        return found

    def _all(
        self, masters: Iterable[Component], moved: dict[tuple[str, datetime], Component]
    ) -> Iterator[Event]:
        for component in masters:
            uid = _uid(component)
            for event in self._turns(component):
                if (uid, event.starts_at) not in moved:
                    yield event
        for component in moved.values():
            yield from self._turns(component, is_one=True)

    def _turns(self, component: Component, *, is_one: bool = False) -> Iterator[Event]:
        if str(component.get("STATUS", "")).upper() == "CANCELLED":
            return
        first, zone, lasts = self._span(component)
        if lasts <= timedelta():
            return
        uid, summary, attendees = _uid(component), _said(component), _attendees(component)
        seen: set[datetime] = set()
        turns = [(first, lasts)] if is_one else self._walls(component, first, zone, lasts)
        for wall, length in turns:
            starts_at, ends_at = _utc(wall, zone), _utc(wall + length, zone)
            if ends_at <= starts_at:  # the clock jumps over it: then only the hours are left
                ends_at = starts_at + length
            if starts_at < self._end and ends_at > self._start and starts_at not in seen:
                seen.add(starts_at)
                yield Event(uid, starts_at, ends_at, summary, attendees)

    def _walls(
        self, component: Component, first: datetime, zone: tzinfo, lasts: timedelta
    ) -> Iterator[tuple[datetime, timedelta]]:
        """Yield when each turn begins by the wall clock, and how long it lasts by it."""
        rules = _list(component.get("RRULE"))
        instants, days = self._left_out(component)

        def counts(wall: datetime) -> bool:
            return wall.date() not in days and _utc(wall, zone) not in instants

        if not rules and counts(first):
            yield first, lasts
        until = self._end.astimezone(zone).replace(tzinfo=None) + A_DAY
        since = self._start.astimezone(zone).replace(tzinfo=None) - A_DAY - lasts
        for rule in rules:
            told = walls(
                rule,
                first=first,
                zone=zone,
                until=until,
                steps=self._steps,
                name=_called(component),
            )
            yield from ((wall, lasts) for wall in told if wall > since and counts(wall))
        for one, told_zone in self._dates(component, "RDATE"):
            begins, length = one, lasts  # a period says its own length
            if isinstance(one, tuple):
                begins, ends = one
                length = ends if isinstance(ends, timedelta) else ends - begins
            if not isinstance(begins, date):
                raise _unreadable(component, "RDATE")
            self._steps.take()
            at = self._wall(begins, told_zone)
            wall = _utc(*at).astimezone(zone).replace(tzinfo=None)
            if counts(wall):
                yield wall, length

    def _left_out(self, component: Component) -> tuple[set[datetime], set[Any]]:
        """Return the instants at which no turn begins, and the whole days on which none does."""
        instants, days = set(), set()
        for one, zone in self._dates(component, "EXDATE"):
            if not isinstance(one, date):
                raise _unreadable(component, "EXDATE")
            if isinstance(one, datetime):
                instants.add(_utc(*self._wall(one, zone)))
            else:
                days.add(one)
        return instants, days

    def _dates(self, component: Component, name: str) -> Iterator[tuple[Any, str]]:
        for told in _list(component.get(name)):
            if not isinstance(told, vDDDLists):
                raise _unreadable(component, name)
            for one in told.dts:
                zone = one.params.get("TZID") or told.params.get("TZID") or ""
                yield one.dt, str(zone)

    def _span(self, component: Component) -> tuple[datetime, tzinfo, timedelta]:
        """Return when an event begins by its wall clock, in which zone, and how long it lasts."""
        begins = component.get("DTSTART")
        if begins is None:
            raise Garbled(f"The event “{_called(component)}” has no beginning.")
        begins = _first(begins)
        told = _read(component, "DTSTART", begins, date)
        first, zone = self._wall(told, str(begins.params.get("TZID", "")))
        if (ends := component.get("DTEND")) is not None:
            ends = _first(ends)
            read = _read(component, "DTEND", ends, date)
            last = _utc(*self._wall(read, str(ends.params.get("TZID", ""))))
            return first, zone, last.astimezone(zone).replace(tzinfo=None) - first
        if (lasts := component.get("DURATION")) is not None:
            return first, zone, _read(component, "DURATION", _first(lasts), timedelta)
        return first, zone, timedelta() if isinstance(told, datetime) else A_DAY

    def _instant(self, component: Component, which: Any) -> datetime:
        told = _read(component, "RECURRENCE-ID", which, date)
        if str(which.params.get("RANGE", "")).upper() == "THISANDFUTURE":
            raise Garbled(f"“{_called(component)}” moves all later turns at once: split it.")
        return _utc(*self._wall(told, str(which.params.get("TZID", ""))))

    def _wall(self, told: Any, zone: str) -> tuple[datetime, tzinfo]:
        """Return what a clock shows, and which clock: a day begins at midnight."""
        if not isinstance(told, datetime):
            return datetime.combine(told, time()), self._zones.own
        if zone:
            return told.replace(tzinfo=None), self._zones.named(zone)
        return told.replace(tzinfo=None), UTC if told.tzinfo else self._zones.own


def _utc(wall: datetime, zone: tzinfo) -> datetime:
    """Return the instant at which a clock shows something.

    A time that a change of the clock skips is taken by the offset before it (RFC 5545, 3.3.5).
    """
    return wall.replace(tzinfo=zone).astimezone(UTC)


def _read(component: Component, name: str, told: Any, kind: type) -> Any:
    """Return what a property holds. Raises Garbled for one that is broken, or of another kind."""
    found = told.dt if isinstance(told, vDDDTypes) else None
    if not isinstance(found, kind):
        raise _unreadable(component, name)
    return found


def _unreadable(component: Component, name: str) -> Garbled:
    return Garbled(f"{name} of the event “{_called(component)}” cannot be read.")


def _list(told: Any) -> list[Any]:
    return [] if told is None else told if isinstance(told, list) else [told]


def _first(told: Any) -> Any:
    return told[0] if isinstance(told, list) and told else told


def _uid(component: Component) -> str:
    return tidy(str(_first(component.get("UID", ""))))[:LETTERS]


def _said(component: Component) -> str:
    return " ".join(tidy(str(_first(component.get("SUMMARY", "")))).split())[:LETTERS]


def _called(component: Component) -> str:
    """Return how a person finds the event again."""
    return _said(component) or _uid(component) or "without a name"


def _attendees(component: Component) -> tuple[str, ...]:
    """Return addresses in the order in which they stand; whoever organised it comes last.

    A calendar's keeper is often listed in every event of it, and its turns are other people's.
    """
    keeper = _address(_first(component.get("ORGANIZER")))
    found = [
        _address(one) for one in _list(component.get("ATTENDEE"))
        if str(getattr(one, "params", {}).get("PARTSTAT", "")).upper() != "DECLINED"
    ]  # fmt: skip
    named = list(dict.fromkeys(one for one in found if one))
    return tuple(sorted(named, key=lambda one: one == keeper)[:MOST_PEOPLE])


def _address(told: Any) -> str:
    if told is None:
        return ""
    mail = getattr(told, "params", {}).get("EMAIL") or str(told)
    mail = tidy(str(mail)).strip().lower().removeprefix("mailto:")
    return mail[:254] if "@" in mail else ""
