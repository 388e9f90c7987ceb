"""What others may react to; each carries ids only."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class IncidentsOpened:
    """Incidents that are new, or open again."""

    ids: list[int]


@dataclass(frozen=True, slots=True)
class IncidentsRaised:
    """Incidents that became worse."""

    ids: list[int]


@dataclass(frozen=True, slots=True)
class IncidentsResolved:
    """Incidents that are over."""

    ids: list[int]


@dataclass(frozen=True, slots=True)
class IncidentsAltered:
    """Incidents that somebody took or was handed, and those whose alerts are others than before."""

    ids: list[int]


@dataclass(frozen=True, slots=True)
class ReceiptsCame:
    """Bodies were received that nobody has read yet."""


@dataclass(frozen=True, slots=True)
class StatusPublished:
    """The public page has to be written anew; with an update that subscribers are told."""

    update: int | None


@dataclass(frozen=True, slots=True)
class SubscriptionAsked:
    """An address asked to be told, and has to prove that it did."""

    subscriber: int
