"""What this domain hands round as values."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class Draft:
    """What can be weighed of a change before it is stored."""

    kind: str
    items: tuple[int, ...]
    starts_at: datetime
    ends_at: datetime
    rollback: str
    verification: str
    standard: int | None = None
    executor: int | None = None
    change: int = 0  # its own number; 0 while it has none


class Ended(NamedTuple):
    """A change that is over and not reviewed."""

    change: int
    title: str
    item: int | None
    ended_at: datetime
    review_due_at: datetime | None
    owner: int | None


class Repeated(NamedTuple):
    """How often changes of one kind failed on one item in the last 90 days."""

    item: int
    name: str
    kind: str
    failed: int
    changes: tuple[int, ...]


class Altered(NamedTuple):
    """Something of an item that was altered, and the change whose window it fell into."""

    item: int
    name: str
    what: str  # packages, units, …
    at: datetime
    told: str  # what was altered, in words
    change: int | None
