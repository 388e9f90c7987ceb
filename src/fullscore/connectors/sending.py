"""The one door through which discovery sends: permitted, paced, stoppable."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Protocol

from fullscore.connectors.base import Permit, Refused
from fullscore.connectors.pace import Hosts, Pace

LOOKS_EVERY_SECONDS = 0.5  # whether to stop: four looks within the two seconds that are promised


class Transport(Protocol):
    """What puts a packet on the wire: a socket, or a counter in tests."""

    def send(self, address: str, method: str, payload: bytes) -> None:
        """Send it now."""


class Sender:
    """Sends what a permit covers, at its pace, until told to stop. Safe to share by threads."""

    def __init__(
        self,
        permit: Permit,
        transport: Transport,
        *,
        is_stopped: Callable[[], bool],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._permit = permit
        self._transport = transport
        self._asks = is_stopped
        self._now, self._clock, self._sleep = now, clock, sleep
        self._pace = Pace(permit.packets_per_second, clock=clock)
        self._hosts = Hosts(permit.connections_per_host)
        self._lock = threading.Lock()
        self._looked_at = -LOOKS_EVERY_SECONDS
        self._is_stopped = False

    def send(self, address: str, method: str, payload: bytes, *, name: str = "") -> None:
        """Send one packet; raises Refused, before anything is opened, for what is not permitted."""
        self._permit.check(address, method, now=self._now(), name=name)
        self._wait(self._pace.take())
        self._permit.check(address, method, now=self._now(), name=name)
        self._transport.send(address, method, payload)

    @contextmanager
    def connection(self, address: str, method: str, *, name: str = "") -> Iterator[None]:
        """Hold one conversation with a host; its first packet counts as every other."""
        self._permit.check(address, method, now=self._now(), name=name)
        with self._hosts.connection(address):
            self._wait(self._pace.take())
            self._permit.check(address, method, now=self._now(), name=name)
            yield

    def lost(self) -> None:
        """Go on at a quarter of the rate: something on the way cannot keep up."""
        self._pace.lost()

    def recovered(self) -> None:
        """Go on at the full rate."""
        self._pace.recovered()

    def _wait(self, seconds: float) -> None:
        """Wait for our turn, looking whether to stop."""
        ends = self._clock() + seconds
        self._refuse_when_stopped()
        while (left := ends - self._clock()) > 0:
            self._sleep(min(left, LOOKS_EVERY_SECONDS))
            self._refuse_when_stopped()

    def _refuse_when_stopped(self) -> None:
        with self._lock:
            if not self._is_stopped and self._clock() - self._looked_at >= LOOKS_EVERY_SECONDS:
                self._looked_at = self._clock()
                self._is_stopped = self._asks()
            is_stopped = self._is_stopped
        if is_stopped:
            raise Refused("Somebody stopped all sending; resume the scope to go on.")
