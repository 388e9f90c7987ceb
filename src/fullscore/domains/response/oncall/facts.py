"""What the checks of this domain read, as values."""

from datetime import datetime
from typing import NamedTuple


class Uncovered(NamedTuple):
    """When nobody is on call in a schedule, soonest first, and who owes the others most."""

    schedule: int
    name: str
    team: int | None
    gaps: tuple[tuple[datetime, datetime], ...]
    proposed: str


class Reached(NamedTuple):
    """How many people are called for a critical service, at most."""

    item: int
    name: str
    policy: str
    people: int


class Duty(NamedTuple):
    """Somebody with a shift to come: how they are reached, and what they bear."""

    person: int
    name: str
    next_at: datetime
    confirmed: int  # channels
    reached_at: datetime | None  # when a message last got through
    failing: tuple[str, ...]  # kinds of channels that failed last time
    away: tuple[datetime, ...]  # begins of shifts during which they are away, or have left


class Load(NamedTuple):
    """What somebody bore lately."""

    person: int
    name: str
    schedule: str
    night_pages: int  # in 7 days
    nights: int  # in a row
    debt_share: float  # above the fair share, as a part of it


class Kept(NamedTuple):
    """A calendar that says who is on call: since when it fails, and whom of it nobody knows."""

    calendar: int
    name: str
    schedule: str
    team: int | None
    failing_since: datetime | None
    problem: str
    unknown: tuple[tuple[str, datetime, datetime], ...]  # what it says, from, until


class Unheard(NamedTuple):
    """An escalation that nobody answered."""

    run: int
    title: str
    since: datetime
    item: int | None
    team: int | None
