"""Hours of a week in words: `Mon-Fri 09:00-17:00, Fri 17:00-Mon 09:00, 22:00-06:00`."""

import re
from collections.abc import Iterator
from datetime import datetime, time, timedelta

from .clock import wall_clock, zone_named
from .layers import Layer, Window, turns

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY, _TIME = r"(mon|tue|wed|thu|fri|sat|sun)", r"(\d{1,2}:\d{2})"
SPAN = re.compile(rf"{_DAY}\s+{_TIME}\s*-\s*{_DAY}\s+{_TIME}")
DAILY = re.compile(rf"(?:{_DAY}(?:\s*-\s*{_DAY})?\s+)?{_TIME}\s*-\s*{_TIME}")
ORIGIN = datetime(1970, 1, 1)  # noqa: DTZ001  a wall clock, before anything asked about


def windows(text: str) -> tuple[Window, ...]:
    """Return the windows that a text names, separated by commas; an empty text names none.

    `Mon-Fri 18:00-08:00` is five windows that each end on the next day. ValueError: what cannot be
    read, in a sentence.
    """
    parts = (part.strip().lower().replace("–", "-") for part in text.split(","))
    return tuple(window for part in parts if part for window in _read(part))


def is_within(text: str, zone: str, at: datetime) -> bool:
    """Say whether an instant lies in the hours, by a zone's wall clock; none named means always."""
    named = windows(text)
    if not named:
        return True
    layer = Layer(("x",), zone, ORIGIN, "weeks", 1, named)
    found = turns(layer, at, at + timedelta.resolution)
    return any(begin <= at < end for _, begin, end in found)


def is_night(at: datetime, zone: str) -> bool:
    """Say whether a local clock shows a time at which people sleep: 22:00 to 07:00."""
    hour = wall_clock(at, zone_named(zone)).hour
    return hour >= 22 or hour < 7


def _read(part: str) -> Iterator[Window]:
    if found := SPAN.fullmatch(part):
        first, start, last, end = found.groups()
        yield Window(_time(start), _time(end), DAYS.index(first), DAYS.index(last))
        return
    found = DAILY.fullmatch(part)
    if found is None:
        raise ValueError(f"“{part[:60]}” is not understood: write Mon-Fri 09:00-17:00.")
    first, last, start, end = found.groups()
    if first is None:
        yield Window(_time(start), _time(end))
        return
    begin, stop = DAYS.index(first), DAYS.index(last or first)
    for day in range(begin, begin + (stop - begin) % 7 + 1):
        is_next = _time(end) <= _time(start)
        yield Window(_time(start), _time(end), day % 7, (day + is_next) % 7)


def _time(text: str) -> time:
    hour, minute = map(int, text.split(":"))
    if (hour, minute) == (24, 0):
        return time(0)
    if hour > 23 or minute > 59:
        raise ValueError(f"{text} is no time of day.")
    return time(hour, minute)
