"""Patching servers: many at once, each over its own connection or in a play of Ansible's.

Any number of processes share the runs: whoever notes itself as a run's holder carries it out, and
says every few seconds that it lives. One that is killed costs a run a minute: another goes on with
it from its last finished step.
"""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from django.conf import settings
from django.db import InterfaceError, OperationalError, close_old_connections, connections

from fullscore.connectors.base import ConnectorError, Deadline, Limits, Refused
from fullscore.connectors.guard import for_known_hosts
from fullscore.domains.infrastructure.patching.jobs.by_ssh import BySsh
from fullscore.domains.infrastructure.patching.jobs.carrying import Carrying, foresee
from fullscore.domains.infrastructure.patching.jobs.hands import TOOLS, Failed, Hands, Patience
from fullscore.domains.infrastructure.patching.models import Campaign, PatchAccess, ServerRun
from fullscore.domains.infrastructure.patching.services import driving, looking, running
from fullscore.kit import time
from fullscore.kit.errors import Problem
from fullscore.kit.log import get_logger
from fullscore.kit.models.user import system

if TYPE_CHECKING:
    from fullscore.domains.infrastructure.patching.jobs.by_ansible import Stage

AT_ONCE = 50
TURN_SECONDS = 2.0
LOOK_UP_SECONDS = 10.0
LIMITS = Limits(timeout_seconds=300, size_bytes=1 << 20)
NO_WAY = "There is no account to alter it by: add a patch access, and put its key on the host."
log = get_logger()


class Patcher:
    """One process's share of the runs."""

    def __init__(self, patience: Patience | None = None) -> None:
        self.guard = for_known_hosts(settings.OPTIONS.allowed_networks)
        self.holder = uuid4().hex
        self._patience = patience or Patience()
        self._runs: dict[int, asyncio.Task[None]] = {}
        # The database is spoken to by one thread, and never by the loop.
        self._database = ThreadPoolExecutor(1, "patches")
        self._stage: Stage | None = None  # where plays are gathered, once one is asked for
        self._is_stopped = False

    def run(self) -> None:
        """Patch until `stop`; a database that is away for a while only delays."""
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
                log.warning("patching waits", error=str(error))
            await asyncio.sleep(TURN_SECONDS)
        for task in self._runs.values():
            task.cancel()

    async def turn(self) -> None:
        """Bring campaigns on, begin the runs that may, and say that those under way live."""
        for pk in [pk for pk, task in self._runs.items() if task.done()]:
            if error := self._runs.pop(pk).exception():
                log.error("run broke off", run=pk, exc_info=error)
        await self._asked(_turn)
        if self._runs:
            await self._asked(running.beat, list(self._runs), holder=self.holder, now=time.now())
        most = AT_ONCE - len(self._runs)
        for run in await self._asked(_claim, self.holder, most, list(self._runs)) if most else ():
            if run.pk not in self._runs:
                self._runs[run.pk] = asyncio.create_task(self._carry(run))
        most = AT_ONCE - len(self._runs)
        for run in await self._asked(_to_see, self.holder, most, list(self._runs)) if most else ():
            self._runs[run.pk] = asyncio.create_task(self._see(run))

    async def settled(self) -> None:
        """Wait for the runs under way."""
        await asyncio.gather(*self._runs.values())

    async def _carry(self, run: ServerRun) -> None:
        """Carry one run out and say how it ended."""
        state = ServerRun.State.BACK if run.is_back else ServerRun.State.DONE
        why, hands = "", None
        try:
            hands = await self._hands(run)
            await Carrying(run, hands, self._asked, self._patience).carry()
        except (Failed, ConnectorError, Problem) as problem:
            state, why = ServerRun.State.FAILED, str(problem)
        except (OperationalError, InterfaceError):
            raise  # the database is away, not the host: the run is taken up again
        except Exception as odd:  # a host may print anything
            log.exception("a run broke off", run=run.pk)
            state, why = ServerRun.State.FAILED, f"It broke off: {type(odd).__name__}."
        finally:
            if hands is not None:
                hands.leave()
        await self._asked(_end, run, state, why)

    async def _see(self, run: ServerRun) -> None:
        """Ask one host what it would do, and say what it told or why it could not be asked."""
        hands, told, lacks, why = None, dict[str, Any](), frozenset[str](), ""
        try:
            hands = await self._hands(run)
            told, lacks = await foresee(run, hands)
        except (Failed, ConnectorError, Problem) as problem:
            why = str(problem)
        except (OperationalError, InterfaceError):
            raise
        except Exception as odd:  # a host may print anything
            log.exception("a look broke off", run=run.pk)
            why = f"It broke off: {type(odd).__name__}."
        finally:
            if hands is not None:
                hands.leave()
        await self._asked(_answer, run, told, lacks, why)

    async def _hands(self, run: ServerRun) -> Hands:
        """Return who carries a run out, as its campaign says; either is heavy, and loaded late."""
        told = await self._asked(_login, run)
        if told is None:
            raise Refused(NO_WAY)
        if run.campaign.way == Campaign.Way.ANSIBLE:
            return await self._by_ansible(told)
        from fullscore.connectors.ssh.client import Login, Session

        session = Session(Login(**told), guard=self.guard, limits=LIMITS)
        return BySsh(session, self._patience, TOOLS[run.manager])

    async def _by_ansible(self, told: dict[str, Any]) -> Hands:
        from fullscore.domains.infrastructure.patching.jobs import by_ansible

        if self._stage is None:
            self._stage = by_ansible.Stage()
        deadline = Deadline(LOOK_UP_SECONDS)
        found = await asyncio.to_thread(
            self.guard.addresses, told["host"], told["port"], deadline=deadline
        )
        return by_ansible.ByAnsible(self._stage, by_ansible.host(told, found[0]), self._patience)

    async def _asked(self, ask: Any, *values: Any, **named: Any) -> Any:
        """Run something that speaks to the database, in its thread."""

        def run() -> Any:
            close_old_connections()
            return ask(*values, **named)

        return await asyncio.get_running_loop().run_in_executor(self._database, run)


def _turn() -> None:
    driving.turn(by=system(), now=time.now())


def _claim(holder: str, most: int, holding: list[int]) -> list[ServerRun]:
    now = time.now()
    return driving.claim(by=system(), holder=holder, most=most, now=now, holding=holding)


def _to_see(holder: str, most: int, holding: list[int]) -> list[ServerRun]:
    return looking.claim(holder=holder, most=most, now=time.now(), holding=holding)


def _answer(run: ServerRun, told: dict[str, Any], lacks: frozenset[str], why: str) -> None:
    now = time.now()
    why = why or looking.held_along(run, told, now=now)
    looking.answer(run, by=system(), now=now, rows=told, lacks=lacks, unseen=why)


def _end(run: ServerRun, state: str, why: str) -> None:
    running.end(run, state, by=system(), now=time.now(), why=why)


def _login(run: ServerRun) -> dict[str, Any] | None:
    rows = PatchAccess.objects.filter(host__item=run.server.item_id, credential__isnull=False)
    way = rows.select_related("host", "credential").first()
    if way is None or way.credential is None:
        return None
    host = way.host
    with way.credential.open() as value:
        return {
            "host": host.address,
            "port": host.port,
            "user": way.user,
            "host_key": host.host_key,
            "private_key": value,
        }
