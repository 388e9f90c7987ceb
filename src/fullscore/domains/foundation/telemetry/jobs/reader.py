"""Reading addresses that show metrics: up to 200 at once, each at a moment of its own."""

import socket
from collections.abc import Container, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime
from hashlib import blake2b
from ipaddress import ip_network
from time import monotonic
from typing import NamedTuple
from uuid import uuid4

from django.conf import settings

from fullscore.connectors import http
from fullscore.connectors.base import ConnectorError, Garbled, Limits, Refused
from fullscore.connectors.guard import Guard
from fullscore.connectors.http import Call
from fullscore.connectors.prometheus import text
from fullscore.connectors.prometheus.text import Exposition
from fullscore.domains.foundation.telemetry.models.targets import PORTS
from fullscore.kit.log import get_logger

log = get_logger()

AT_ONCE, MOST_BYTES = 200, 16 * 1024 * 1024


class Aim(NamedTuple):
    """What is read, how often, and under which limits; `headers` hold its credential."""

    pk: int
    url: str
    every_seconds: int
    timeout_seconds: int
    sample_limit: int
    headers: Mapping[str, str]


class Read(NamedTuple):
    """What was found at an address; `error` is a sentence, empty when all is well."""

    found: Exposition
    took_ms: int
    error: str = ""
    body: bytes = b""


class Came(NamedTuple):
    """What was found, of which target, and when it was asked."""

    pk: int
    at: datetime
    read: Read


class Reader:
    """Reads what it is told to in threads of its own, and knows when each is due again."""

    def __init__(self) -> None:
        allowed = [n for n in settings.OPTIONS.allowed_networks.replace(",", " ").split() if n]
        self._guard = Guard(allowed=tuple(map(ip_network, allowed)), ports=PORTS)
        self._pool = ThreadPoolExecutor(AT_ONCE, "scrape")
        self._flying: dict[int, tuple[datetime, Future[Read]]] = {}
        self._turns: dict[int, int] = {}  # by target: the interval it was last read in

    def is_due(self, pk: int, every_seconds: int, now: datetime) -> bool:
        """Say whether a target's new interval has begun; one that was missed is passed over."""
        every = every_seconds * 1000
        offset = int.from_bytes(blake2b(str(pk).encode(), digest_size=8).digest(), "big")
        turn = (int(now.timestamp() * 1000) - offset % every) // every
        last = self._turns.get(pk)
        self._turns[pk] = turn
        return last is not None and turn != last

    def start(self, aim: Aim, now: datetime, *, known: Container[bytes] = frozenset()) -> None:
        """Read a target, unless it is being read: then this turn is passed over."""
        if aim.pk in self._flying:
            return
        headers = {"Accept": text.ACCEPT, **aim.headers}
        call = Call(aim.url, headers=headers, is_http_allowed=True)
        limits = Limits(timeout_seconds=aim.timeout_seconds, size_bytes=MOST_BYTES)
        at_ms = int(now.timestamp() * 1000)

        def read() -> Read:
            began = monotonic()
            try:
                body = fetched(call, self._guard, limits)
                found = text.parse(body, at_ms=at_ms, known=known, limit=aim.sample_limit)
                return Read(found, int((monotonic() - began) * 1000), "", body)
            except ConnectorError as error:
                told = f"{type(error).__name__}: {error}"
            except Exception as error:  # one target's oddity must not end the reading of all
                log.exception("a target could not be read", url=aim.url)
                told = f"It could not be read: {type(error).__name__}."
            return Read(Exposition(), int((monotonic() - began) * 1000), told)

        self._flying[aim.pk] = (now, self._pool.submit(read))

    def came(self) -> list[Came]:
        """Return what has come back since this was last asked."""
        done = [pk for pk, (_, future) in self._flying.items() if future.done()]
        found = [(pk, *self._flying.pop(pk)) for pk in done]
        return [Came(pk, at, future.result()) for pk, at, future in found]

    def wait(self, seconds: float) -> None:
        """Wait until everything under way has come back."""
        for _, future in self._flying.values():
            future.exception(seconds)

    def close(self) -> None:
        """Read no more."""
        self._pool.shutdown(wait=False, cancel_futures=True)


def name_of_this() -> str:
    """Return a name for this process that no other has."""
    return f"{socket.gethostname()[:60]}-{uuid4().hex[:8]}"


def fetched(call: Call, guard: Guard, limits: Limits) -> bytes:
    """Return what a target shows. Raises Unreachable, Refused and Garbled."""
    answer = http.fetch(call, guard=guard, limits=limits)
    if answer.status in (401, 403):
        raise Refused(f"{answer.status}: the credential is missing or not accepted.")
    if answer.status != 200:
        raise Refused(f"It answered {answer.status}.")
    if "openmetrics" in answer.headers.get("Content-Type", ""):
        raise Garbled("It speaks OpenMetrics only; the plain text format was asked for.")
    return answer.body
