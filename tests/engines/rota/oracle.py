"""Rotas for tests around clock changes, and a slow restatement: who is on call minute by minute."""

from datetime import UTC, datetime, time, timedelta
from functools import cache
from itertools import count
from zoneinfo import ZoneInfo

import numpy as np
from hypothesis import strategies as st

from fullscore.engines.rota import Layer, Override, Window

CHANGES = [  # a zone and a day near which its clock changes
    ("Europe/Berlin", "2026-03-29"),
    ("Europe/Berlin", "2026-10-25"),
    ("Europe/Dublin", "2026-10-25"),
    ("America/New_York", "2026-03-08"),
    ("America/New_York", "2026-11-01"),
    ("America/Havana", "2026-03-08"),
    ("America/Santiago", "2026-09-06"),
    ("America/Asuncion", "2024-03-24"),
    ("Africa/Cairo", "2025-04-25"),
    ("Africa/Casablanca", "2026-02-15"),
    ("Asia/Tehran", "2022-03-22"),
    ("Asia/Kathmandu", "2026-05-01"),  # 5:45 from UTC, no change
    ("Australia/Lord_Howe", "2026-10-04"),  # by half an hour
    ("Pacific/Chatham", "2026-04-05"),  # 12:45 and 13:45
    ("Pacific/Apia", "2011-12-30"),  # a day that never was
    ("Antarctica/Troll", "2026-03-29"),  # by two hours
]
MINUTE = timedelta(minutes=1)
BEFORE, DAYS = 11, 16  # a window lasts a week: what began before the scan must be over
NOBODY = ""


def scanned(day: str) -> datetime:
    """Return the first minute of the scan round a day."""
    return datetime.fromisoformat(day).replace(tzinfo=UTC) - timedelta(days=BEFORE)


@cache
def latest_shown(zone: str, day: str) -> np.ndarray:
    """Return for each minute of the scan the latest time the local clock has shown by then."""
    first, name = scanned(day), ZoneInfo(zone)
    shown = [(first + n * MINUTE).astimezone(name).replace(tzinfo=None) for n in range(DAYS * 1440)]
    return np.maximum.accumulate(np.array(shown, "datetime64[m]"))


def minute_of(wall: datetime, zone: str, day: str) -> int:
    """Return the first minute whose clock shows that time or later."""
    return int(np.searchsorted(latest_shown(zone, day), np.datetime64(wall, "m")))


def by_minute(layers, overrides, day: str) -> np.ndarray:
    """Return who is on call in each minute of the scan."""
    who = np.full(DAYS * 1440, NOBODY, dtype=object)
    for layer in layers:
        own = _turns(layer, day)
        own[~_in_windows(layer, day)] = NOBODY
        who = np.where(own != NOBODY, own, who)
    for each in overrides:
        begin, end = ((at - scanned(day)) // MINUTE for at in (each.starts_at, each.ends_at))
        who[max(0, begin) : max(0, end)] = each.person
    return who


def _turns(layer: Layer, day: str) -> np.ndarray:
    who = np.full(DAYS * 1440, NOBODY, dtype=object)
    for number in count():
        passed = number * layer.length
        if layer.unit == "hours":
            begin = minute_of(layer.starts, layer.zone, day) + 60 * passed
        else:
            days = passed * (7 if layer.unit == "weeks" else 1)
            begin = minute_of(layer.starts + timedelta(days=days), layer.zone, day)
        if begin >= len(who):
            return who
        who[begin:] = layer.people[number % len(layer.people)]


def _in_windows(layer: Layer, day: str) -> np.ndarray:
    counts = np.full(DAYS * 1440, not layer.windows)
    first = scanned(day).replace(tzinfo=None)
    for midnight in (first + timedelta(days=n) for n in range(-8, DAYS + 2)):
        for window in layer.windows:
            if window.weekday is not None and midnight.weekday() != window.weekday:
                continue
            begin = datetime.combine(midnight, window.start)
            end = datetime.combine(midnight, window.end)
            if window.weekday is None:
                end += timedelta(days=end <= begin)
            else:
                while end.weekday() != window.end_weekday or end <= begin:
                    end += timedelta(days=1)
            span = slice(*(minute_of(each, layer.zone, day) for each in (begin, end)))
            counts[span] = True
    return counts


times = st.builds(time, st.integers(0, 23), st.sampled_from([0, 15, 30, 59]))
weekdays = st.integers(0, 6)
windows = st.one_of(
    st.builds(Window, times, times), st.builds(Window, times, times, weekdays, weekdays)
)


@st.composite
def rotas(draw):
    """Draw a day, layers and overrides round it, and a range of whole minutes to ask for."""
    zone, day = draw(st.sampled_from(CHANGES))
    minutes = st.integers(0, DAYS * 1440)
    noon = datetime.fromisoformat(day)
    layers = [
        Layer(
            people=tuple(draw(st.lists(st.sampled_from("abcd"), min_size=1, max_size=3))),
            zone=draw(st.sampled_from([zone, zone, "UTC"])),
            starts=noon + timedelta(days=draw(st.integers(-9, 2)), minutes=draw(minutes) % 1440),
            unit=draw(st.sampled_from(["hours", "days", "weeks"])),
            length=draw(st.integers(1, 12)),
            windows=tuple(draw(st.lists(windows, max_size=2))),
        )
        for _ in range(draw(st.integers(0, 3)))
    ]
    overrides = [
        Override(draw(st.sampled_from("xy")), *_range(draw, minutes, day))
        for _ in range(draw(st.integers(0, 3)))
    ]
    asked = st.integers((BEFORE - 2) * 1440, DAYS * 1440)
    return day, layers, overrides, *_range(draw, asked, day)


def _range(draw, minutes, day: str) -> tuple[datetime, datetime]:
    begin, end = sorted((draw(minutes), draw(minutes)))
    return scanned(day) + begin * MINUTE, scanned(day) + end * MINUTE
