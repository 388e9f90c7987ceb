"""Reading targets every so often: up to 200 at once, each at its own moment of its interval.

Who reads what is agreed without talking: every collector finds the same holder of each target
among those that live, and reads it only while it holds the lease. A collector that is killed is
gone after 15 seconds and its leases after 20; should two read one target, both store the same.
"""

import base64
import socket
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime
from hashlib import blake2b
from ipaddress import ip_network
from time import monotonic
from typing import NamedTuple
from uuid import uuid4

import numpy as np
from django.conf import settings
from django.db import InterfaceError, OperationalError, close_old_connections, connections

from fullscore.connectors import http
from fullscore.connectors.base import ConnectorError, Garbled, Limits, Refused
from fullscore.connectors.guard import Guard
from fullscore.connectors.http import Call
from fullscore.connectors.prometheus import text
from fullscore.connectors.prometheus.text import Exposition
from fullscore.domains.foundation.telemetry import queries, services
from fullscore.domains.foundation.telemetry.models import ScrapeTarget
from fullscore.domains.foundation.telemetry.services import Batch, Called, Scraped
from fullscore.engines import rendezvous
from fullscore.kit import time
from fullscore.kit.log import get_logger

AT_ONCE, BEAT_SECONDS, MOST_BYTES = 200, 5.0, 16 * 1024 * 1024
# Where metrics are shown: the web's ports, and what no service of the system owns.
PORTS = frozenset({80, 443, *range(1024, 65536)})
STALE = np.array([0x7FF0000000000002], np.uint64).view(np.float64)  # "ended here", bit for bit
log = get_logger()


class Read(NamedTuple):
    """What was found at a target; `error` is a sentence, empty when all is well."""

    found: Exposition
    took_ms: int
    error: str = ""


class Scraper:
    """One collector."""

    def __init__(self, name: str = "") -> None:
        self.name = name or f"{socket.gethostname()[:60]}-{uuid4().hex[:8]}"
        allowed = [n for n in settings.OPTIONS.allowed_networks.replace(",", " ").split() if n]
        self.guard = Guard(allowed=tuple(map(ip_network, allowed)), ports=PORTS)
        self.targets: dict[int, ScrapeTarget] = {}
        self._pool = ThreadPoolExecutor(AT_ONCE, "scrape")
        self._flying: dict[int, tuple[datetime, Future[Read]]] = {}
        self._turns: dict[int, int] = {}  # by target: the interval it was last read in
        self._before: dict[int, set[bytes]] = {}  # by target: the keys of its last scrape
        self._beat_at = 0.0
        self._stopped = threading.Event()

    def run(self) -> None:
        """Scrape until `stop`; a database that is away for a while only delays."""
        while not self._stopped.is_set():
            try:
                close_old_connections()
                self.turn(time.now())
            except (OperationalError, InterfaceError, Refused) as error:
                log.warning("scraping waits", error=str(error))
            self._stopped.wait(0.5)
        self._pool.shutdown(wait=False, cancel_futures=True)
        services.leave(self.name)
        connections.close_all()

    def stop(self) -> None:
        """Let `run` return after its present turn."""
        self._stopped.set()

    def turn(self, now: datetime) -> None:
        """Start what is due, and store what has come back."""
        if not 0 <= now.timestamp() - self._beat_at < BEAT_SECONDS:
            self._beat_at = now.timestamp()
            services.beat(self.name, now=now)
            self.targets = self._held(now)
        for pk in queries.wanted_targets():
            if pk in self.targets:
                self._start(self.targets[pk], now)
        for target in self.targets.values():
            if self._is_due(target, now):
                self._start(target, now)
        self._store_what_came()

    def _held(self, now: datetime) -> dict[int, ScrapeTarget]:
        """Return the targets this collector holds now."""
        workers = queries.live_collectors(now)
        pks = queries.target_keys()
        mine = [pk for pk in pks if rendezvous.holder(str(pk), workers) == self.name]
        services.hold(mine, self.name, now=now)
        return queries.held_targets(self.name, now)

    def _is_due(self, target: ScrapeTarget, now: datetime) -> bool:
        """Say whether a new interval of a target has begun; one that was missed is passed over."""
        every = target.every_seconds * 1000
        offset = int.from_bytes(blake2b(str(target.pk).encode(), digest_size=8).digest(), "big")
        turn = (queries.milliseconds(now) - offset % every) // every
        last = self._turns.get(target.pk)
        self._turns[target.pk] = turn
        is_paused = target.state == ScrapeTarget.State.PAUSED
        has_lease = target.held_until is not None and target.held_until > now
        return last is not None and turn != last and has_lease and not is_paused

    def _start(self, target: ScrapeTarget, now: datetime) -> None:
        if target.pk in self._flying:
            return  # late: this turn is passed over
        headers = {"Accept": text.ACCEPT, **_authorization(target)}
        call = Call(target.url, headers=headers, is_http_allowed=True)
        known = services.known_keys(services.of_target(target))
        limits = Limits(timeout_seconds=target.timeout_seconds, size_bytes=MOST_BYTES)
        at_ms = queries.milliseconds(now)

        def read() -> Read:
            began = monotonic()
            try:
                body = fetched(call, self.guard, limits)
                found = text.parse(body, at_ms=at_ms, known=known, limit=target.sample_limit)
                return Read(found, int((monotonic() - began) * 1000))
            except ConnectorError as error:
                told = f"{type(error).__name__}: {error}"
                return Read(Exposition(), int((monotonic() - began) * 1000), told)

        self._flying[target.pk] = (now, self._pool.submit(read))

    def _store_what_came(self) -> None:
        done = [pk for pk, (_, future) in self._flying.items() if future.done()]
        told = []
        for pk in done:
            at, future = self._flying.pop(pk)
            if pk in self.targets:
                told.append(self._settled(self.targets[pk], at, future.result()))
        if told:
            services.note_scraped(told)

    def _settled(self, target: ScrapeTarget, at: datetime, read: Read) -> Scraped:
        """Store what a scrape brought, and return how it went."""
        shown = zip(read.found.keys[:20], read.found.values[:20], strict=True)
        first = "\n".join(f"{key.decode(errors='replace')[:120]} {v:g}" for key, v in shown)
        count = len(read.found.keys)
        if target.state != ScrapeTarget.State.PAUSED:
            self._store(target, read, at=at)
        return Scraped(target.pk, at, read.took_ms, count, first, read.error)

    def _store(self, target: ScrapeTarget, read: Read, *, at: datetime) -> None:
        found = read.found
        at_ms, count = queries.milliseconds(at), len(found.keys)
        gone = self._before.get(target.pk, set()) - set(found.keys)
        self._before[target.pk] = set(found.keys)
        for name, value in (
            ("up", float(not read.error)),
            ("scrape_duration_seconds", read.took_ms / 1000),
            ("scrape_samples_scraped", float(count)),
        ):
            found.named[name.encode()] = (name, {})
            found.add(name.encode(), value, at_ms)
        ts_ms, values = found.arrays()
        keys = [*found.keys, *gone]
        batch = Batch(
            keys,
            np.arange(len(keys)),
            np.append(ts_ms, np.full(len(gone), at_ms, np.int64)),
            np.append(values, np.repeat(STALE, len(gone))),
            lambda key: _called(target, found, key),
        )
        services.take(batch, services.of_target(target), now=at)


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


def _authorization(target: ScrapeTarget) -> dict[str, str]:
    if target.credential is None:
        return {}
    with target.credential.open() as value:
        if not target.username:
            return {"Authorization": f"Bearer {value}"}
        pair = base64.b64encode(f"{target.username}:{value}".encode()).decode()
        return {"Authorization": f"Basic {pair}"}


def _called(target: ScrapeTarget, found: Exposition, key: bytes) -> Called:
    name, labels = found.named.get(key, (key.decode(errors="replace"), {}))
    kind = "counter" if name in found.counters else ""
    return Called(name, {**labels, "instance": target.instance}, kind)
