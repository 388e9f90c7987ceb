"""Where two plans of one schedule do not have the same person on call."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from .shifts import Shift


@dataclass(frozen=True, slots=True)
class Difference:
    """A stretch of time and who is on call in it, here and there; nobody is an empty tuple."""

    starts_at: datetime
    ends_at: datetime
    here: tuple[str, ...]
    there: tuple[str, ...]


def differences(
    here: Sequence[Shift], there: Sequence[Shift], *, start: datetime, end: datetime
) -> list[Difference]:
    """Return where the two are not the same in [start, end), in order, neighbours joined.

    Several people may be on call at once on either side. Cost: n log n in the number of shifts.
    """
    edges = sorted(
        {start, end}
        | {at for s in (*here, *there) for at in (s.starts_at, s.ends_at) if start < at < end}
    )
    ours, theirs, found = _Sweep(here), _Sweep(there), list[Difference]()
    for begin, stop in pairwise(edges):
        pair = ours.at(begin), theirs.at(begin)
        if pair[0] == pair[1]:
            continue
        last = found[-1] if found else None
        if last and last.ends_at == begin and (last.here, last.there) == pair:
            found[-1] = Difference(last.starts_at, stop, *pair)
        else:
            found.append(Difference(begin, stop, *pair))
    return found


class _Sweep:
    """Who is on call at moments that only go forward."""

    def __init__(self, shifts: Sequence[Shift]) -> None:
        self._coming = sorted(shifts, key=lambda s: s.starts_at, reverse=True)
        self._open: list[Shift] = []

    def at(self, moment: datetime) -> tuple[str, ...]:
        while self._coming and self._coming[-1].starts_at <= moment:
            self._open.append(self._coming.pop())
        self._open = [s for s in self._open if s.ends_at > moment]
        return tuple(sorted({s.person for s in self._open}))
