"""The collector that stands beside the database.

Who reads what is agreed without talking: every collector finds the same holder of each target
among those that live, and reads it only while it holds the lease. A collector that is killed is
gone after 15 seconds and its leases after 20; should two read one target, both store the same.
"""

import threading
from datetime import datetime

from django.db import InterfaceError, OperationalError, close_old_connections, connections

from fullscore.connectors.base import Refused
from fullscore.domains.foundation.telemetry import queries, services
from fullscore.domains.foundation.telemetry.jobs.reader import Aim, Came, Reader, name_of_this
from fullscore.domains.foundation.telemetry.models import ScrapeTarget
from fullscore.domains.foundation.telemetry.services import Scraped
from fullscore.kit import time
from fullscore.kit.errors import Problem
from fullscore.kit.log import get_logger

BEAT_SECONDS = 5.0
log = get_logger()


class Scraper:
    """One collector."""

    def __init__(self, name: str = "") -> None:
        self.name = name or name_of_this()
        self.reader = Reader()
        self.targets: dict[int, ScrapeTarget] = {}
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
        self.reader.close()
        services.leave(self.name)
        connections.close_all()

    def stop(self) -> None:
        """Let `run` return after its present turn."""
        self._stopped.set()

    def turn(self, now: datetime) -> None:
        """Start what is due, and store what has come back."""
        if not 0 <= now.timestamp() - self._beat_at < BEAT_SECONDS:
            self._beat_at = now.timestamp()
            self.targets = services.beat(self.name, now=now)
        for pk in queries.wanted_targets():
            if pk in self.targets:
                self._start(self.targets[pk], now)
        for target in self.targets.values():
            if self._is_due(target, now):
                self._start(target, now)
        self._store_what_came()

    def _is_due(self, target: ScrapeTarget, now: datetime) -> bool:
        is_paused = target.state == ScrapeTarget.State.PAUSED
        has_lease = target.held_until is not None and target.held_until > now
        is_due = self.reader.is_due(target.pk, target.every_seconds, now)
        return is_due and has_lease and not is_paused

    def _start(self, target: ScrapeTarget, now: datetime) -> None:
        try:
            aim = aim_at(target)
        except Problem as problem:  # its credential cannot be opened: those of others can
            services.note_scraped([services.unopened(target, problem, now=now)])
            return
        known = services.known_keys(services.of_target(target))
        self.reader.start(aim, now, known=known)

    def _store_what_came(self) -> None:
        came = [one for one in self.reader.came() if one.pk in self.targets]
        if came:
            services.note_scraped([self._stored(one) for one in came])

    def _stored(self, came: Came) -> Scraped:
        """Store what a scrape brought, and return how it went."""
        found, keys = came.read.found, set(came.read.found.keys)
        gone = self._before.get(came.pk, set()) - keys
        self._before[came.pk] = keys
        return services.store_scrape(
            self.targets[came.pk],
            found,
            at=came.at,
            took_ms=came.read.took_ms,
            error=came.read.error,
            gone=gone,
        )


def aim_at(target: ScrapeTarget) -> Aim:
    """Return what a reader has to know of a target; this opens its credential."""
    return Aim(
        target.pk,
        target.url,
        target.every_seconds,
        target.timeout_seconds,
        target.sample_limit,
        services.authorization(target),
    )
