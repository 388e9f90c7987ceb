"""Running runbooks: many at once, each command over a connection of its own.

Any number of processes share the runs: whoever notes itself as a run's holder brings it on, and
says every few seconds that it lives. One that is killed costs a run half a minute: another takes
it over, and sends nothing a second time that alters a host.
"""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from shlex import quote
from time import monotonic
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from django.conf import settings
from django.db import InterfaceError, OperationalError, close_old_connections, connections

from fullscore.connectors.base import ConnectorError, Limits, Refused
from fullscore.connectors.guard import for_known_hosts
from fullscore.domains.foundation.changes.models import CommandAccess, RunbookRun
from fullscore.domains.foundation.changes.services.runbooks import starting, stepping
from fullscore.domains.foundation.changes.services.runbooks.stepping import Order
from fullscore.domains.foundation.changes.services.runbooks.telling import MOST_OUTPUT
from fullscore.kit import time
from fullscore.kit.log import get_logger
from fullscore.kit.models.user import system

if TYPE_CHECKING:
    from fullscore.connectors.ssh.client import Ran, Session

AT_ONCE = 20
TURN_SECONDS, BEAT_SECONDS = 1.0, 5.0
LIMITS = Limits(timeout_seconds=20, size_bytes=MOST_OUTPUT)  # to connect; of what is kept
log = get_logger()


class Runner:
    """One process's share of the runs."""

    def __init__(self) -> None:
        self.guard = for_known_hosts(settings.OPTIONS.allowed_networks)
        self.holder = uuid4().hex
        self._runs: dict[int, asyncio.Task[None]] = {}
        self._beaten = 0.0
        # The database is spoken to by one thread, and never by the loop.
        self._database = ThreadPoolExecutor(1, "runbooks")
        self._is_stopped = False

    def run(self) -> None:
        """Bring runs on until `stop`; a database that is away for a while only delays."""
        asyncio.run(self._run())
        self._database.submit(connections.close_all).result()
        self._database.shutdown()

    def stop(self) -> None:
        """Let `run` return after its present turn; what is under way is taken over by others."""
        self._is_stopped = True

    async def _run(self) -> None:
        while not self._is_stopped:
            try:
                await self.turn()
            except (OperationalError, InterfaceError) as error:
                log.warning("runbooks wait", error=str(error))
            await asyncio.sleep(TURN_SECONDS)
        for task in self._runs.values():
            task.cancel()

    async def turn(self) -> None:
        """Take up runs that may go on, let go of what is to stop, and say that this lives."""
        for pk in [pk for pk, task in self._runs.items() if task.done()]:
            task = self._runs.pop(pk)
            if not task.cancelled() and (error := task.exception()):
                log.error("runbook broke off", run=pk, exc_info=error)
        if self._runs:
            for pk in await self._asked(stepping.stopping, list(self._runs)):
                self._runs[pk].cancel()
            if monotonic() - self._beaten > BEAT_SECONDS:
                self._beaten = monotonic()
                await self._asked(
                    stepping.beat, list(self._runs), holder=self.holder, now=time.now()
                )
        most = AT_ONCE - len(self._runs)
        for pk in await self._asked(_claim, self.holder, most) if most else ():
            if pk not in self._runs:
                self._runs[pk] = asyncio.create_task(self._carry(pk))

    async def settled(self) -> None:
        """Wait for what is under way."""
        with suppress(asyncio.CancelledError):
            await asyncio.gather(*self._runs.values())

    async def _carry(self, pk: int) -> None:
        """Bring one run on until it waits or is over."""
        try:
            while order := await self._asked(_advance, pk, self.holder):
                await self._execute(order)
        except asyncio.CancelledError:
            if self._is_stopped:  # the next process goes on with it
                raise
            await self._asked(_advance, pk, self.holder)

    async def _execute(self, order: Order) -> None:
        """Send a command once, and say how it ended."""
        session = None
        try:
            session = await self._session(order)
            await session.open()
            if not await self._asked(_send, order, self.holder):
                return
            ran = await session.run_once(
                f"sh -c {quote(order.command)}", within_seconds=order.within_seconds
            )
        except ConnectorError as problem:
            await self._asked(_fail, order, str(problem), self.holder)
            return
        finally:
            if session is not None:
                session.close()
        await self._asked(_take, order, ran, self.holder)

    async def _session(self, order: Order) -> "Session":
        from fullscore.connectors.ssh.client import Login, Session  # heavy, and many run nothing

        return Session(Login(**await self._asked(_login, order)), guard=self.guard, limits=LIMITS)

    async def _asked(self, ask: Any, *values: Any, **named: Any) -> Any:
        """Run something that speaks to the database, in its thread."""

        def run() -> Any:
            close_old_connections()
            return ask(*values, **named)

        return await asyncio.get_running_loop().run_in_executor(self._database, run)


def _claim(holder: str, most: int) -> list[int]:
    return stepping.claim(by=system(), holder=holder, most=most, now=time.now())


def _advance(pk: int, holder: str) -> Order | None:
    return stepping.advance(pk, holder=holder, by=system(), now=time.now())


def _send(order: Order, holder: str) -> bool:
    return stepping.send(order, holder=holder, now=time.now())


def _fail(order: Order, why: str, holder: str) -> None:
    stepping.fail_unsent(order, why, holder=holder, by=system(), now=time.now())


def _take(order: Order, ran: "Ran", holder: str) -> None:
    stepping.take(
        order, ran.status, ran.output, ran.why, holder=holder, by=system(), now=time.now()
    )


def _login(order: Order) -> dict[str, Any]:
    item = RunbookRun.objects.select_related("item").get(pk=order.run).item
    way = CommandAccess.objects.filter(item=item).select_related("credential").first()
    if way is None or way.credential is None or not way.host_key:
        raise Refused(starting.no_way(item))
    with way.credential.open() as value:
        return {
            "host": way.address,
            "port": way.port,
            "user": way.user,
            "host_key": way.host_key,
            "private_key": value,
        }
