"""Who is on call: layers one over the other, and what was arranged by hand over all."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush
from itertools import pairwise

from .layers import Layer, turns

Claim = tuple[datetime, int, datetime, str]  # begin, rank (negative: the lowest wins), end, person


@dataclass(frozen=True, slots=True)
class Override:
    """Somebody arranged by hand, whatever the layers say."""

    person: str
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Shift:
    """One person on call without a break. Times are in UTC."""

    person: str
    starts_at: datetime
    ends_at: datetime


def shifts(
    layers: Sequence[Layer], overrides: Sequence[Override], *, start: datetime, end: datetime
) -> list[Shift]:
    """Return who is on call in [start, end), in order of time; neighbours of one person are one.

    A later layer wins where both have somebody; overrides win over layers, and the last over
    those before. ValueError: an instant without zone; a layer that cannot be read (see `turns`).
    """
    start, end = _utc(start), _utc(end)
    merged: list[Shift] = []
    for shift in _topmost(_claims(layers, overrides, start, end)):
        last = merged[-1] if merged else None
        if last and (last.person, last.ends_at) == (shift.person, shift.starts_at):
            merged[-1] = replace(last, ends_at=shift.ends_at)
        else:
            merged.append(shift)
    return merged


def on_call(layers: Sequence[Layer], overrides: Sequence[Override], *, at: datetime) -> str | None:
    """Return who is on call at an instant; None is nobody. ValueError: as for `shifts`."""
    found = shifts(layers, overrides, start=at, end=_utc(at) + timedelta.resolution)
    return found[0].person if found else None


def gaps(
    layers: Sequence[Layer], overrides: Sequence[Override], *, start: datetime, end: datetime
) -> list[tuple[datetime, datetime]]:
    """Return, in UTC and in order, when nobody is on call. ValueError: as for `shifts`."""
    found = shifts(layers, overrides, start=start, end=end)
    ends = [_utc(start), *(shift.ends_at for shift in found)]
    begins = [*(shift.starts_at for shift in found), _utc(end)]
    return [(left, next_) for left, next_ in zip(ends, begins, strict=True) if left < next_]


def _claims(
    layers: Sequence[Layer], overrides: Sequence[Override], start: datetime, end: datetime
) -> Iterator[Claim]:
    """Yield all that claims a part of [start, end), cut to it."""
    found = [
        (number, *turn) for number, layer in enumerate(layers) for turn in turns(layer, start, end)
    ]
    found += [
        (len(layers) + number, each.person, _utc(each.starts_at), _utc(each.ends_at))
        for number, each in enumerate(overrides)
    ]
    for rank, person, begins_at, ends_at in found:
        begin, until = max(start, begins_at), min(end, ends_at)
        if begin < until:
            yield begin, -rank, until, person


def _topmost(claims: Iterable[Claim]) -> Iterator[Shift]:
    """Yield for every stretch of time the claim of the highest rank."""
    waiting = sorted(claims, reverse=True)
    edges = sorted({edge for begin, _, end, _ in waiting for edge in (begin, end)})
    running: list[tuple[int, datetime, str]] = []
    for edge, following in pairwise(edges):
        while waiting and waiting[-1][0] <= edge:
            heappush(running, waiting.pop()[1:])
        while running and running[0][1] <= edge:
            heappop(running)
        if running:
            yield Shift(running[0][2], edge, following)


def _utc(instant: datetime) -> datetime:
    if instant.utcoffset() is None:
        raise ValueError("An instant must carry its time zone.")
    return instant.astimezone(UTC)
