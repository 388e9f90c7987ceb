"""The time a plan may take: the one clock of the engines."""

from time import monotonic


class Budget:
    """Seconds that run down from now on.

    The contract promises an answer within a time, and the solver is asked several times, so each
    call must know what the ones before it took. A plan found in time does not depend on it.
    """

    def __init__(self, seconds: float) -> None:
        self._end = monotonic() + seconds

    def left(self) -> float:
        """Return the seconds left, zero or below when they are spent."""
        return self._end - monotonic()
