"""Which items fail now, since when, and which of them nothing explains yet."""

import math
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import count

from .estate import Estate
from .incidents import Incident


@dataclass(slots=True, eq=False)
class Failure:
    """An item that fails: it alerts, or enough of what depends on it does."""

    item: str
    since: float  # Unix seconds of the first sign; still changes while time stands
    known_at: float  # when it alerted or was inferred; not before `since`
    last_at: float  # of its newest alert
    does_alert: bool
    incident: Incident
    explained_at: float = math.inf  # when a cause was found

    @property
    def is_open(self) -> bool:
        """Tell whether its incident still has an alert that is not resolved."""
        return self.incident.root.open_alerts > 0


class Failures:
    """The failures of the last `gap_seconds`, by item and by possible cause."""

    def __init__(self, estate: Estate, gap_seconds: float) -> None:
        self._estate = estate
        self._gap = gap_seconds
        self._of: dict[str, Failure] = {}
        self._unexplained: dict[str, dict[Failure, None]] = defaultdict(dict)  # by possible cause
        self._old: list[tuple[float, int, Failure]] = []
        self._turn = count()  # settles equal times on the heap

    def of(self, item: str, at: float) -> Failure | None:
        """Return the open failure of an item within the gap before or after a moment."""
        failure = self._of.get(item)
        if failure is None or not failure.is_open or abs(at - failure.last_at) > self._gap:
            return None
        return failure

    def add(self, failure: Failure) -> None:
        """Keep a failure; one that comes late does not displace a newer one of its item."""
        known = self._of.get(failure.item)
        if known is None or known.last_at <= failure.last_at:
            self._of[failure.item] = failure
        for cause in self._estate.causes(failure.item):
            self._unexplained[cause][failure] = None
        heappush(self._old, (failure.last_at, next(self._turn), failure))

    def unexplained(self, cause: str, at: float) -> Iterator[Failure]:
        """Yield the open failures the cause could explain, unless explained before `at`."""
        for failure in list(self._unexplained.get(cause, ())):
            if failure.explained_at >= at and failure.is_open:
                yield failure

    def forget(self, before: float) -> None:
        """Drop every failure whose newest alert is older."""
        while self._old and self._old[0][0] < before:
            failure = heappop(self._old)[2]
            if failure.last_at >= before:
                heappush(self._old, (failure.last_at, next(self._turn), failure))
                continue
            if self._of.get(failure.item) is failure:
                del self._of[failure.item]
            self._drop(failure)

    def _drop(self, failure: Failure) -> None:
        for cause in self._estate.causes(failure.item):
            del self._unexplained[cause][failure]
            if not self._unexplained[cause]:
                del self._unexplained[cause]
