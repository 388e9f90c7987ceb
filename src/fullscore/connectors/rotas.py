"""What tools of being on call tell, in words that are no tool's own; and what could not be said.

Everything is named by `ref`, the id it has there. Times are instants in UTC, except the beginning
of a layer: that is the wall clock of its schedule's zone.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
HOURS_LETTERS = 300


@dataclass(frozen=True, slots=True)
class Someone:
    """A person, as they are known there."""

    ref: str
    name: str
    email: str


@dataclass(frozen=True, slots=True)
class Layer:
    """People who take turns; the later of two layers wins. `hours`: empty is always."""

    name: str
    starts: datetime
    unit: str  # hours, days or weeks
    length: int
    people: tuple[str, ...]
    hours: str = ""
    ends_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Override:
    """Somebody on call for a while, whatever the layers say."""

    person: str
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Calendar:
    """A calendar that says who is on call, at an address that is as good as its password."""

    name: str
    address: str


@dataclass(frozen=True, slots=True)
class Schedule:
    """Layers in the order in which they win, and calendars over them, in that order, too."""

    ref: str
    name: str
    zone: str
    team: str
    layers: tuple[Layer, ...]
    overrides: tuple[Override, ...] = ()
    calendars: tuple[Calendar, ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a policy; `kind` is one of ours, `ref` whom it is about."""

    kind: str
    ref: str = ""
    minutes: int = 0
    hours: str = ""
    zone: str = ""
    count: int = 0
    is_important: bool = True


@dataclass(frozen=True, slots=True)
class Policy:
    """Steps until somebody answers."""

    ref: str
    name: str
    team: str
    steps: tuple[Step, ...]
    repeats: int = 0


@dataclass(frozen=True, slots=True)
class Route:
    """A policy serves what a team owns, from a severity of 1 to 5."""

    policy: str
    team: str
    severity: int = 1


@dataclass(frozen=True, slots=True)
class Duty:
    """Who will be on call, as the tool itself reckons."""

    person: str
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Note:
    """What is told there and cannot be said here, and why."""

    where: str
    what: str


@dataclass(frozen=True, slots=True)
class Rotas:
    """Everything one tool told. A schedule that `duties` does not name was not reckoned there."""

    people: tuple[Someone, ...] = ()
    teams: dict[str, str] = field(default_factory=dict)  # ref → name
    schedules: tuple[Schedule, ...] = ()
    policies: tuple[Policy, ...] = ()
    routes: tuple[Route, ...] = ()
    duties: dict[str, tuple[Duty, ...]] = field(default_factory=dict)
    notes: tuple[Note, ...] = ()


Span = tuple[int, time, int, time]  # day (0 is Monday) and time at which it begins, and ends


def hours_of(spans: Iterable[Span]) -> str:
    """Return spans of a week in our words: `Mon-Fri 18:00-08:00, Fri 18:00-Mon 08:00`.

    ValueError: more than can be kept.
    """
    parts: list[str] = []
    daily: dict[tuple[time, time], list[int]] = {}
    for day, start, last, end in spans:
        if (day + (end <= start)) % 7 == last:
            daily.setdefault((start, end), []).append(day)
        else:
            parts.append(f"{DAYS[day]} {start:%H:%M}-{DAYS[last]} {end:%H:%M}")
    for (start, end), days in daily.items():
        parts += [f"{named} {start:%H:%M}-{end:%H:%M}" for named in _named(sorted(set(days)))]
    told = ", ".join(parts)
    if len(told) > HOURS_LETTERS:
        raise ValueError("has more hours than can be kept")
    return told


def _named(days: list[int]) -> list[str]:
    """Return days as runs: Mon-Fri, Sun."""
    runs: list[list[int]] = []
    for day in days:
        if runs and runs[-1][-1] == day - 1:
            runs[-1].append(day)
        else:
            runs.append([day])
    return [DAYS[r[0]] if len(r) == 1 else f"{DAYS[r[0]]}-{DAYS[r[-1]]}" for r in runs]


def ending(day: int, start: time, seconds: int) -> Span:
    """Return the span that begins on a day and lasts so long, at most a week."""
    begin = datetime.combine(datetime(2024, 1, 1) + timedelta(days=day), start)  # noqa: DTZ001  a Monday
    end = begin + timedelta(seconds=seconds)
    return day, start, end.weekday(), end.time()


def clock_of(at: datetime, zone: str) -> datetime:
    """Return what the wall clock of a zone shows at an instant."""
    return at.astimezone(ZoneInfo(zone)).replace(tzinfo=None)


def instant_of(wall: datetime, zone: str) -> datetime:
    """Return the instant at which a zone's wall clock shows something."""
    return wall.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def is_zone(name: str) -> bool:
    """Say whether this machine knows a time zone."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True
