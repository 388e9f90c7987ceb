"""Visiting hosts over SSH: up to 100 at once, each over a connection that stays open.

Whoever moves a host's next visit on makes it, so any number of collectors share the hosts without
talking; one that is killed costs a host one turn.
"""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime, timedelta
from time import monotonic
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import InterfaceError, OperationalError, close_old_connections, connections

from fullscore.connectors.base import ConnectorError, Limits
from fullscore.connectors.guard import Guard, for_known_hosts
from fullscore.connectors.probe import parse
from fullscore.domains.infrastructure.servers import services
from fullscore.domains.infrastructure.servers.models import Server, SshHost
from fullscore.domains.infrastructure.servers.services import Visit
from fullscore.kit import time
from fullscore.kit.errors import Problem
from fullscore.kit.log import get_logger
from fullscore.kit.models.user import system

if TYPE_CHECKING:
    from fullscore.connectors.ssh.client import Login, Session

AT_ONCE = 100
FACTS_EVERY = timedelta(minutes=15)
LIMITS = Limits(timeout_seconds=40, size_bytes=parse.LIMIT_BYTES)
log = get_logger()


def guard() -> Guard:
    """Return what hosts may be talked to over SSH."""
    return for_known_hosts(settings.OPTIONS.allowed_networks)


class Visitor:
    """One collector's visits."""

    def __init__(self) -> None:
        self.guard = guard()
        self._sessions: dict[int, Session] = {}
        self._visits: dict[int, asyncio.Task[Visit]] = {}
        # The database is spoken to by one thread, and never by the loop.
        self._database = ThreadPoolExecutor(1, "visits")
        self._is_stopped = False

    def run(self) -> None:
        """Visit until `stop`; a database that is away for a while only delays."""
        asyncio.run(self._run())
        self._database.submit(connections.close_all).result()
        self._database.shutdown()

    def stop(self) -> None:
        """Let `run` return after its present turn."""
        self._is_stopped = True

    async def _run(self) -> None:
        while not self._is_stopped:
            try:
                await self.turn()
            except (OperationalError, InterfaceError) as error:
                log.warning("visits wait", error=str(error))
            await asyncio.sleep(0.5)
        for visit in self._visits.values():
            visit.cancel()
        for session in self._sessions.values():
            session.close()

    async def turn(self) -> None:
        """Begin the visits that are due, and write down those that ended."""
        done = [pk for pk, visit in self._visits.items() if visit.done()]
        if ended := [self._visits.pop(pk).result() for pk in done]:
            await self._asked(services.note_visits, ended, by=await self._asked(system))
        most = AT_ONCE - len(self._visits)
        for host in await self._asked(services.claim, most=most, now=time.now()) if most else ():
            if host.pk not in self._visits:  # late: this turn is passed over
                self._visits[host.pk] = asyncio.create_task(self._visit(host))

    async def settled(self) -> None:
        """Wait for the visits under way and write them down."""
        await asyncio.gather(*self._visits.values())
        await self.turn()

    async def _visit(self, host: SshHost) -> Visit:
        began, at = monotonic(), time.now()
        from fullscore.connectors.ssh.client import shown_key  # heavy, and many visit nobody

        offered = error = ""
        try:
            if host.state in services.ssh.LOOKED_FOR:
                offered = await shown_key(host.address, host.port, guard=self.guard, limits=LIMITS)
            else:
                await self._read(host, at)
        except (ConnectorError, Problem) as problem:
            error = f"{type(problem).__name__}: {problem}"
            if host.host_key:
                with suppress(ConnectorError):  # another key is offered to be looked at
                    offered = await shown_key(
                        host.address, host.port, guard=self.guard, limits=LIMITS
                    )
        return Visit(host.pk, at, int((monotonic() - began) * 1000), error, offered)

    async def _read(self, host: SshHost, at: datetime) -> None:
        from fullscore.connectors.ssh.client import Session

        login = await self._asked(login_of, host)
        session = self._sessions.get(host.pk)
        if session is None or session.login != login:
            if session is not None:
                session.close()
            session = self._sessions[host.pk] = Session(login, guard=self.guard, limits=LIMITS)
        server = await self._asked(_server, host)
        words = ["--samples"]
        if server.facts_at is None or server.wanted_at or at - server.facts_at >= FACTS_EVERY:
            words.append("--facts")
        if host.uses_sudo:
            words.append("--sudo")
        report = await asyncio.to_thread(parse.read, await session.probe(words))
        await self._asked(services.take_report, server, report, by=await self._asked(system), at=at)

    async def _asked(self, ask: Any, *values: Any, **named: Any) -> Any:
        """Run something that speaks to the database, in its thread."""

        def run() -> Any:
            close_old_connections()
            return ask(*values, **named)

        return await asyncio.get_running_loop().run_in_executor(self._database, run)


def login_of(host: SshHost) -> "Login":
    """Return where a host is, and what opens it."""
    from fullscore.connectors.ssh.client import Login

    if host.credential is None:
        return Login(host.address, host.port, host.user, host.host_key)
    with host.credential.open() as value:
        is_key = host.credential.kind == "private_key"
        word = {"private_key": value} if is_key else {"password": value}
        return Login(host.address, host.port, host.user, host.host_key, **word)


def _server(host: SshHost) -> Server:
    return services.server_of(host, by=system())
