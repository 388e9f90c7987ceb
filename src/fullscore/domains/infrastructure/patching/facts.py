"""What this domain hands round as values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import NamedTuple


class Update(NamedTuple):
    """One package of one server for which a newer version waits."""

    manager: str
    package: str
    version: str  # installed
    candidate: str
    is_security: bool
    since: datetime | None  # when it was first seen to wait


@dataclass(frozen=True, slots=True)
class Held:
    """A hold, as the rules read it."""

    package: str  # a pattern, such as linux-image-*
    candidates: str  # a pattern, or a range such as < 3.0.11; empty: any
    reason: str
    until: date


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a baseline takes, as the rules read it."""

    take: str  # security, all, listed
    listed: tuple[str, ...] = ()
    age_days: int = 0
    holds: tuple[Held, ...] = ()
    minimum: tuple[tuple[str, str], ...] = ()  # package, the least version


class Pending(NamedTuple):
    """An update, and why it is not taken now; an empty reason: it is."""

    update: Update
    why_not: str
    free_on: date | None = None  # when the reason ends, where that is known


class Occurrence(NamedTuple):
    """One time at which a window is open."""

    window: int
    starts_at: datetime
    ends_at: datetime


class Slot(NamedTuple):
    """One wave's time, and the windows that are open for all of it."""

    starts_at: datetime
    ends_at: datetime
    windows: frozenset[int]


@dataclass(frozen=True, slots=True)
class Graded:
    """How urgent one version of a package is."""

    probability: float = 0.0  # that it is exploited within 30 days
    is_exploited: bool = False
    due_on: date | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """How one server stands against its baseline."""

    server: int
    item: int
    name: str
    baseline: int | None
    ring: int | None
    windows: tuple[int, ...]
    pending: tuple[Pending, ...]
    urgency: Graded = Graded()
    is_known: bool = True  # its updates are known
    managers: frozenset[str] = field(default_factory=frozenset)

    @property
    def taken(self) -> tuple[Update, ...]:
        """Return the updates its baseline takes now."""
        return tuple(one.update for one in self.pending if not one.why_not)

    def behind(self, now: datetime) -> timedelta:
        """Return how long the oldest of them has been waiting."""
        since = [one.since for one in self.taken if one.since]
        return now - min(since) if since else timedelta(0)


@dataclass(frozen=True, slots=True)
class Uncovered:
    """A server that no campaign could patch, and why, as the check reads it."""

    item: int
    name: str
    lacks: str  # ring, window; empty: nothing


@dataclass(frozen=True, slots=True)
class Below:
    """A server whose baseline names least versions, and what is older there."""

    item: int
    name: str
    older: tuple[tuple[str, str, str], ...]  # package, installed, least


@dataclass(frozen=True, slots=True)
class EndingHold:
    """A hold, and what it keeps back, as the check reads it."""

    hold: int
    package: str
    reason: str
    until: date
    exploited: int  # servers on which it keeps back what is known to be exploited


Urgencies = Mapping[tuple[str, str], Graded]  # (package, version that repairs it) → how urgent


@dataclass(frozen=True, slots=True)
class Candidate:
    """A server that a campaign would patch, as the planner reads it."""

    server: int
    name: str
    item: int
    ring: int
    updates: tuple[Update, ...]
    risk: float
    site: str
    waves: tuple[int, ...]  # permitted
    loads: tuple[tuple[str, int], ...]  # group → supports it takes away
    after: tuple[int, ...] = ()  # servers that come in an earlier wave

    @property
    def id(self) -> str:
        """Return how the engine calls it; padded, so that order is by number."""
        return f"{self.server:09}"


@dataclass(frozen=True, slots=True)
class Group:
    """What a service needs some number of, and how many may be away at once."""

    key: str
    service: int
    name: str  # the service's
    what: str  # databases, servers, …
    needed: int
    up: int  # supports that serve now
    is_watched: bool = True  # else what lies between: its loss alone is no outage

    @property
    def spare(self) -> int:
        """Return how many may be away."""
        return max(0, self.up - self.needed)


@dataclass(frozen=True, slots=True)
class Outage:
    """That a service may be down within a time."""

    service: int
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Given:
    """All that a plan is made of."""

    candidates: tuple[Candidate, ...]
    slots: tuple[Slot, ...]
    groups: Mapping[str, Group]
    wave_capacity: tuple[int, ...]
    site_capacity: Mapping[str, int]
    rings: tuple[tuple[int, int, float], ...]  # number, place, hours it soaks
    outages: tuple[Outage, ...] = ()
    left_out: Mapping[int, str] = field(default_factory=dict)  # server → why it cannot be planned


@dataclass(frozen=True, slots=True)
class Arranged:
    """A plan as it was found, and what the simulation said of it."""

    wave_of: Mapping[int, int]  # server → slot
    unplaced: Mapping[int, str]  # server → why, in words
    cost: float
    bound: float
    rounds: int

    @property
    def gap(self) -> float:
        """Return by which share the plan costs more than the proven bound."""
        return (self.cost - self.bound) / self.bound if self.bound > 0 else 0.0
