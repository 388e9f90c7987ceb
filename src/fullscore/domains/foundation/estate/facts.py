"""What the checks of the estate read, as values: queries fill them, checks judge them."""

from datetime import date, datetime
from typing import NamedTuple


class Aging(NamedTuple):
    """An item and the day its support ends."""

    item: int
    name: str
    what: str
    until: date | None
    source: str


class Worn(NamedTuple):
    """A certificate as it was seen in use."""

    item: int
    host: str
    path: str
    subject: str
    ends_at: datetime | None
    key_kind: str
    key_bits: int | None
    signature: str


class Socket(NamedTuple):
    """Something that listens."""

    item: int
    host: str
    address: str
    transport: str
    port: int
    process: str
    is_intended: bool


class Held(NamedTuple):
    """An item, who owns it, when it was last seen, and how it stands to what depends on it."""

    item: int
    name: str
    kind: str
    criticality: int
    effective: int
    owner: int | None
    seen_at: datetime | None  # by any source
    expires_at: datetime | None  # when the last thing that a source says of it stops to hold


class Leaning(NamedTuple):
    """A critical item and the items whose failure alone brings it down."""

    item: int
    name: str
    points: tuple[str, ...]


class Disputed(NamedTuple):
    """A difference between record and world that nobody has decided."""

    item: int
    name: str
    attribute: str
    intended: object
    actual: object
    since: datetime


class Astray(NamedTuple):
    """Something of production that needs something that is not."""

    item: int
    name: str
    needs: str
    environment: str  # of what it needs; empty where that is of production, too


class Shared(NamedTuple):
    """A need with a spare, and what would take all that serve it at once."""

    item: int
    name: str
    need: str
    supports: tuple[str, ...]
    causes: tuple[tuple[str, str], ...]  # kind and name
