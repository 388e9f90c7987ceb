"""What the checks of this domain read, as values."""

from datetime import datetime
from typing import NamedTuple


class Unowned(NamedTuple):
    """A sender, and how many of its series are nobody's."""

    key: int
    name: str
    item: int | None  # the site the key is for
    series: int
    unowned: int
    examples: tuple[dict[str, str], ...] = ()


class Targeted(NamedTuple):
    """A scrape target, and how often in a row it failed."""

    target: int
    item: int
    item_name: str
    url: str
    failures: int
    error: str


class Lateness(NamedTuple):
    """The series of one item, or of one sender that are nobody's, and how many stopped coming."""

    item: int | None
    key: int | None
    name: str
    series: int
    late: int = 0
    since: datetime | None = None  # when the one that is late longest came last
    allowed_seconds: float = 0.0  # how long that one may stay away
    examples: tuple[dict[str, str], ...] = ()


class Unitless(NamedTuple):
    """Metrics whose names begin alike and whose unit nobody said."""

    family: str
    metrics: int
    judged: int  # how many of them have a threshold
    names: tuple[str, ...]


class Lead(NamedTuple):
    """How far the clock of a sender is ahead of ours: the most of what it sent in an hour."""

    key: int
    name: str
    item: int | None
    seconds: float | None  # below 0: it is behind, or what it sends waits; None: nothing came


class Churn(NamedTuple):
    """How many series one source made within an hour, and which label made them."""

    key: int | None
    item: int | None
    name: str
    new: int
    label: str = ""
    values: int = 0  # different ones of that label, among the newest series
    examples: tuple[str, ...] = ()


class Filling(NamedTuple):
    """The volume under the sample store, as it grew."""

    size_bytes: float
    free_bytes: float
    days: tuple[float, ...]  # instants since any origin, in days
    used: tuple[float, ...]  # bytes at each


class TurnedAway(NamedTuple):
    """Whether the sample store has just turned samples away, and in which words."""

    samples: int
    words: str
