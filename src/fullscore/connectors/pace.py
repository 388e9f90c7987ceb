"""How fast we may send, and how many conversations one host has to bear at a time."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from fullscore.connectors.base import Refused


class Pace:
    """A token bucket: `per_second` on average, at most `burst` at once. Safe to share by threads.

    It never sleeps itself, so that whoever sends can wait on the event that stops everything.
    """

    def __init__(
        self, per_second: float, *, burst: int = 1, clock: Callable[[], float] = time.monotonic
    ) -> None:
        if per_second <= 0 or burst < 1:
            raise ValueError("a pace needs a rate above 0 and a burst of at least 1")
        self._full_rate = self._rate = per_second
        self._burst = float(burst)
        self._tokens = float(burst)
        self._clock = clock
        self._counted_at = clock()
        self._lock = threading.Lock()

    def take(self) -> float:
        """Book the next sending and return the seconds to wait before it; 0.0 means now."""
        with self._lock:
            self._refill()
            self._tokens -= 1
            return max(0.0, -self._tokens / self._rate)

    def lost(self) -> None:
        """Go on at a quarter of the full rate: something on the way cannot keep up."""
        self._go_on_at(self._full_rate / 4)

    def recovered(self) -> None:
        """Go on at the full rate."""
        self._go_on_at(self._full_rate)

    def _go_on_at(self, rate: float) -> None:
        with self._lock:
            self._refill()
            self._rate = rate

    def _refill(self) -> None:
        now = self._clock()
        self._tokens = min(self._burst, self._tokens + (now - self._counted_at) * self._rate)
        self._counted_at = now


class Hosts:
    """Counts the open conversations with each host. Safe to share by threads."""

    def __init__(self, connections_per_host: int) -> None:
        self._most = connections_per_host
        self._open: Counter[str] = Counter()
        self._lock = threading.Lock()

    @contextmanager
    def connection(self, address: str) -> Iterator[None]:
        """Hold one conversation with a host; raises Refused while it has as many as it may."""
        with self._lock:
            if self._open[address] >= self._most:
                raise Refused(f"{address} already has {self._most} connections of ours open.")
            self._open[address] += 1
        try:
            yield
        finally:
            with self._lock:
                self._open[address] -= 1
                if not self._open[address]:
                    del self._open[address]
