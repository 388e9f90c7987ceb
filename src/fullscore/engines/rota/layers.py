"""One layer of a rota: whose turn it is, and in which hours of the week it counts."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from itertools import count
from typing import Literal
from zoneinfo import ZoneInfo

from .clock import first_instant, wall_clock, zone_named

UNITS = {"hours": timedelta(hours=1), "days": timedelta(days=1), "weeks": timedelta(weeks=1)}
DAY = timedelta(days=1)
LONGEST_WINDOW = timedelta(days=8)  # a week, and a day for the clock

Span = tuple[datetime, datetime]
Turn = tuple[str, datetime, datetime]


@dataclass(frozen=True, slots=True)
class Window:
    """Hours in which a layer counts, by the layer's wall clock.

    Without weekday: every day, into the next if the end is not after the start. With weekday: from
    that day's start to the end on `end_weekday`, the same day if not named, or a week later if
    that is not after the start.
    """

    start: time
    end: time
    weekday: int | None = None  # 0 = Monday
    end_weekday: int | None = None

    @property
    def days(self) -> int:
        """Return how many days after its first a window ends."""
        is_after = self.end > self.start
        if self.weekday is None:
            return 0 if is_after else 1
        last = self.weekday if self.end_weekday is None else self.end_weekday
        return (last - self.weekday) % 7 or (0 if is_after else 7)


@dataclass(frozen=True, slots=True)
class Layer:
    """People who take turns."""

    people: tuple[str, ...]
    zone: str  # IANA name
    starts: datetime  # wall clock in the zone, naive; nobody is on call before
    unit: Literal["hours", "days", "weeks"]
    length: int  # of a turn, in units
    windows: tuple[Window, ...] = ()  # none = always


def turns(layer: Layer, start: datetime, end: datetime) -> Iterator[Turn]:
    """Yield the turns that touch [start, end), cut to the layer's windows, in order of time.

    Turns of days and weeks begin by the wall clock and so last an hour more or less over a clock
    change; turns of hours last what they say. ValueError: a zone that does not exist, a length
    below one, an unknown unit, `starts` with a zone, a weekday outside 0 … 6.
    """
    _check(layer)
    zone = zone_named(layer.zone)
    whole = _whole_turns(layer, zone, start, end)
    if not layer.windows:
        return whole
    return _common(whole, _joined(_occurrences(layer.windows, zone, start, end)))


def _whole_turns(layer: Layer, zone: ZoneInfo, start: datetime, end: datetime) -> Iterator[Turn]:
    if not layer.people:
        return
    number, begin = _first_turn(layer, zone, start)
    while begin < end:
        following = _begin(layer, zone, number + 1)
        if begin < following and start < following:
            yield layer.people[number % len(layer.people)], begin, following
        number, begin = number + 1, following


def _first_turn(layer: Layer, zone: ZoneInfo, start: datetime) -> tuple[int, datetime]:
    """Return the number and begin of a turn that has begun by `start`, or of the very first."""
    if layer.unit == "hours":
        since = start - first_instant(layer.starts, zone)
    else:
        since = wall_clock(start, zone) - layer.starts
    number = max(0, since // (layer.length * UNITS[layer.unit]))
    return number, _begin(layer, zone, number)


def _begin(layer: Layer, zone: ZoneInfo, number: int) -> datetime:
    passed = number * layer.length * UNITS[layer.unit]
    if layer.unit == "hours":
        return first_instant(layer.starts, zone) + passed
    return first_instant(layer.starts + passed, zone)


def _occurrences(
    windows: Sequence[Window], zone: ZoneInfo, start: datetime, end: datetime
) -> Iterator[Span]:
    """Yield, in no order, every occurrence of the windows that may touch [start, end)."""
    first = wall_clock(start - LONGEST_WINDOW, zone).date()
    last = wall_clock(end + DAY, zone).date()
    for day in (first + number * DAY for number in range((last - first).days + 1)):
        for window in windows:
            if window.weekday in (None, day.weekday()):
                yield (
                    first_instant(datetime.combine(day, window.start), zone),
                    first_instant(datetime.combine(day + window.days * DAY, window.end), zone),
                )


def _joined(spans: Iterable[Span]) -> list[Span]:
    """Return the same time in spans that do not touch, in order."""
    joined: list[Span] = []
    for begin, end in sorted(spans):
        if joined and begin <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((begin, end))
    return joined


def _common(whole: Iterable[Turn], spans: Sequence[Span]) -> Iterator[Turn]:
    """Yield the turns cut to the spans; both are in order and neither overlaps itself."""
    passed = 0
    for person, begin, end in whole:
        while passed < len(spans) and spans[passed][1] <= begin:
            passed += 1
        for at in count(passed):
            if at == len(spans) or spans[at][0] >= end:
                break
            cut = max(begin, spans[at][0]), min(end, spans[at][1])
            if cut[0] < cut[1]:
                yield person, *cut


def _check(layer: Layer) -> None:
    if layer.unit not in UNITS:
        raise ValueError(f"A turn is counted in hours, days or weeks, not in {layer.unit}.")
    if layer.length < 1:
        raise ValueError("A turn lasts at least one unit.")
    if layer.starts.tzinfo is not None:
        raise ValueError("A layer starts by the wall clock of its zone: give a time without one.")
    for window in layer.windows:
        if not {window.weekday, window.end_weekday} <= {None, *range(7)}:
            raise ValueError("Weekdays run from 0, Monday, to 6.")
