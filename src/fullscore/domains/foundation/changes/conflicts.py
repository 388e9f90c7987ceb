"""Which changes get in each other's way, and when there is room. Pure.

Two changes conflict when their windows, each half an hour longer at both ends, overlap, and they
share an item, one touches what the other depends on within two hops, they touch both sides of a
redundancy pair, or one person carries out both.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

MARGIN = timedelta(minutes=30)
HOPS = 2
SLOT = timedelta(minutes=15)  # free slots begin at full quarters of an hour


@dataclass(frozen=True, slots=True)
class Slot:
    """A change in the calendar."""

    change: int
    title: str
    starts_at: datetime
    ends_at: datetime
    items: frozenset[int]
    executor: int | None = None


@dataclass(frozen=True, slots=True)
class Around:
    """What lies around the items of a change."""

    hops: Mapping[int, int] = field(default_factory=dict)  # item → hops up or down, at most HOPS
    partners: frozenset[int] = frozenset()  # what serves when one of the items does not


@dataclass(frozen=True, slots=True)
class Conflict:
    """Another change in the way, why, and the item that says so."""

    change: int
    title: str
    starts_at: datetime
    ends_at: datetime
    reason: str
    item: int | None = None


def found(mine: Slot, others: Iterable[Slot], around: Around) -> list[Conflict]:
    """Return the changes in the way of one, the earliest first, each once with its worst reason."""
    told = []
    for other in others:
        if other.change == mine.change or not _meet(mine, other):
            continue
        if reason := _reason(mine, other, around):
            told.append(
                Conflict(other.change, other.title, other.starts_at, other.ends_at, *reason)
            )
    return sorted(told, key=lambda one: (one.starts_at, one.change))


def _meet(one: Slot, other: Slot) -> bool:
    return one.starts_at - MARGIN < other.ends_at and other.starts_at < one.ends_at + MARGIN


def _reason(mine: Slot, other: Slot, around: Around) -> tuple[str, int | None] | None:
    if shared := mine.items & other.items:
        return "touches the same item", min(shared)
    if pair := around.partners & other.items:
        return "touches the other side of a redundancy pair", min(pair)
    if near := [pk for pk in sorted(other.items) if around.hops.get(pk, HOPS + 1) <= HOPS]:
        nearest = min(near, key=lambda pk: around.hops[pk])
        return f"is {_hops(around.hops[nearest])} away", nearest
    if mine.executor is not None and mine.executor == other.executor:
        return "is carried out by the same person", None
    return None


def _hops(count: int) -> str:
    return "1 hop" if count == 1 else f"{count} hops"


def next_free(
    mine: Slot,
    others: Sequence[Slot],
    around: Around,
    closed: Iterable[tuple[datetime, datetime]],
    *,
    until: datetime,
) -> datetime | None:
    """Return the earliest start, not before the wished one, that meets no conflict and no freeze.

    None when there is none before `until`. Each step goes to the end of what is in the way.
    """
    length = mine.ends_at - mine.starts_at
    closed, start = sorted(closed), mine.starts_at
    while start < until:
        moved = Slot(mine.change, "", start, start + length, mine.items, mine.executor)
        ends = [c.ends_at + MARGIN for c in found(moved, others, around)]
        ends += [end for begin, end in closed if begin < moved.ends_at and start < end]
        if not ends:
            return start
        start = _quarter(max(min(ends), start + SLOT))
    return None


def _quarter(moment: datetime) -> datetime:
    """Return the next full quarter of an hour, the moment itself if it is one."""
    whole = moment.replace(minute=moment.minute // 15 * 15, second=0, microsecond=0)
    return whole if whole == moment else whole + SLOT
