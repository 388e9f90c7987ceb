"""Incidents that can merge: sets of alerts under the smallest of their numbers."""

from collections.abc import Iterable


class Incident:
    """Alerts of one cause. A merged incident points to the one that absorbed it."""

    __slots__ = ("_into", "number", "open_alerts")

    def __init__(self) -> None:
        """Begin without a number: it gets one only if nothing older is the same incident."""
        self.number = 0
        self.open_alerts = 0
        self._into: Incident | None = None

    @property
    def root(self) -> "Incident":
        """Return the incident that holds the alerts of this one now."""
        step = self
        while step._into is not None:
            if step._into._into is not None:
                step._into = step._into._into  # halves the way for whoever asks next
            step = step._into
        return step

    def absorb(self, others: Iterable["Incident"]) -> None:
        """Take over the alerts of other roots."""
        for other in others:
            other._into = self
            self.open_alerts += other.open_alerts
