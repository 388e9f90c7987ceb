"""Group alerts into incidents, one by one as they come."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from heapq import heappop, heappush

from .estate import Estate
from .failures import Failures
from .incidents import Incident
from .placing import Pace, Placing


@dataclass(frozen=True, slots=True)
class Alert:
    """A sign that an item fails. The key is the sender's: a second send has the same."""

    key: str
    item: str
    at: float  # Unix seconds
    severity: int = 3  # 1–5, 5 worst; takes no part in grouping


@dataclass(frozen=True, slots=True)
class Placement:
    """The incident an alert belongs to, and why."""

    incident: int
    is_new: bool
    merged: tuple[int, ...]  # numbers absorbed by this incident just now, ascending
    reason: str


@dataclass(slots=True)
class _Sent:
    """What is kept of an alert: its incident, and until it is forgotten when it was resolved."""

    incident: Incident
    last_at: float
    resolved_at: float | None = None


class Correlator:
    """Put alerts with one cause into one incident.

    Method: an alert joins the likeliest failure among what its item depends on within `hops`,
    judged by distance and delay; a failure takes in what depends on it and alerted just before;
    and when half of what depends directly on a silent item fails together, that item is taken
    for failed. Whatever so explains two incidents merges the later into the earlier. Nothing is
    ever taken out of an incident again.

    The outcome does not depend on the order of alerts with equal time. What is neither open nor
    within the gap is forgotten. Cost: a few dozen look-ups an alert.
    """

    def __init__(
        self, edges: Iterable[tuple[str, str]], *, gap_seconds: float = 120.0, hops: int = 3
    ) -> None:
        """Take the (item, depends_on) edges; cycles are allowed.

        A failure explains others for `gap_seconds`; the pace at which failures are expected to
        spread follows from it. ValueError: gap not positive and finite, hops below 1.
        """
        if not (math.isfinite(gap_seconds) and gap_seconds > 0):
            raise ValueError("gap_seconds must be positive and finite.")
        if hops < 1:
            raise ValueError("hops must be at least 1.")
        self._estate = Estate(edges, hops)
        self._failures = Failures(self._estate, gap_seconds)
        self._pace = Pace(gap_seconds)
        self._sent: dict[str, _Sent] = {}
        self._resolved: list[tuple[float, str]] = []
        self._now = -math.inf
        self._number = 0

    def add(self, alert: Alert) -> Placement:
        """Place an alert: a repeated key stays where it is. ValueError: time not finite."""
        self._advance(alert.at)
        sent = self._sent.get(alert.key)
        if sent is not None:
            return self._repeated(sent, alert.at)
        placing = Placing(self._estate, self._failures, self._pace, alert.at)
        placing.alert(alert.item)
        incident, merged = placing.settle(self._number + 1)
        is_new = incident.number > self._number
        self._number = max(self._number, incident.number)
        self._sent[alert.key] = _Sent(incident, alert.at)
        reasons = placing.reasons or [self._alone(alert.item)]
        return Placement(incident.number, is_new, merged, " ".join(dict.fromkeys(reasons)))

    def resolve(self, key: str, at: float) -> None:
        """Close an alert; unknown keys, and times before its last sign, change nothing.

        ValueError: time not finite.
        """
        self._advance(at)
        sent = self._sent.get(key)
        if sent is None or sent.resolved_at is not None or at < sent.last_at:
            return
        sent.resolved_at = at
        sent.incident.root.open_alerts -= 1
        heappush(self._resolved, (at, key))

    def _repeated(self, sent: _Sent, at: float) -> Placement:
        """Note a second send; one after the resolution opens the alert again."""
        incident = sent.incident.root
        sent.last_at = max(sent.last_at, at)
        reason = "The same alert was placed here before."
        if sent.resolved_at is not None and at > sent.resolved_at:
            sent.resolved_at = None
            incident.open_alerts += 1
            reason = "The same alert was here and resolved: it is open again."
        return Placement(incident.number, False, (), reason)

    def _advance(self, at: float) -> None:
        """Move the time on, never back, and forget what is past the gap."""
        if not math.isfinite(at):
            raise ValueError("The time of an alert must be a finite number of seconds.")
        if at <= self._now:
            return
        self._now = at
        before = at - self._pace.gap
        self._failures.forget(before)
        while self._resolved and self._resolved[0][0] < before:
            resolved_at, key = heappop(self._resolved)
            sent = self._sent.get(key)
            if sent is not None and sent.resolved_at == resolved_at:
                del self._sent[key]

    def _alone(self, item: str) -> str:
        if item not in self._estate:
            return f"{item or 'The alert'} has no known dependencies, so it stands for itself."
        return (
            f"Nothing that {item} depends on, or that depends on it,"
            f" failed within {self._pace.gap:g} s."
        )
