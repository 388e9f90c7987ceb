"""What the checks of this domain read, as values."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import NamedTuple


class Rang(NamedTuple):
    """How often one key of a source became an alert in the last days, and how often it mattered."""

    source: int
    key: str
    title: str
    item: int | None
    times: int
    acknowledged: int


class Swung(NamedTuple):
    """How often the alerts of one key changed their state in the last half hour."""

    source: int
    key: str
    title: str
    item: int | None
    changes: int


class Heard(NamedTuple):
    """When a sender was heard last, how often it should be, and what it left out or got wrong."""

    source: int
    name: str
    seen_at: datetime
    expected_seconds: int | None
    left_out_at: datetime | None
    rejected: int
    problem: str = ""  # why its mailbox cannot be read


class Unlinked(NamedTuple):
    """Of how many alerts of a source in the last days no item is known, by what they call it."""

    source: int
    name: str
    called: Mapping[
        tuple[str, str], int
    ]  # a label and its value; two empty words: neither is there
    labels: tuple[str, ...]  # every label they have, where none is of those that name an item


class Waiting(NamedTuple):
    """How long the oldest receipt has waited to be read."""

    bodies: int
    oldest_at: datetime | None


class Owed(NamedTuple):
    """An incident that has to be reviewed, until when, and whether that was done."""

    incident: int
    priority: int
    due_on: date
    is_reviewed: bool


class Late(NamedTuple):
    """Something a review wants done, until when, and whether it was."""

    action: int
    incident: int
    due_on: date
    is_done: bool
