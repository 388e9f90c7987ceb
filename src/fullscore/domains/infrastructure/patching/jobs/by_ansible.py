"""Steps carried out by Ansible: hosts that come to the same step together share one play.

Playbooks do what our scripts do, by the same few commands that the host's sudoers allow. A play
costs seconds, so those of a wave are gathered; one that ends as a whole without a result (too slow,
too much printed) is played again for each host alone, so that one host spoils no other's step.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from time import monotonic
from typing import Any

from fullscore.connectors.ansible import client
from fullscore.connectors.ansible.client import Host
from fullscore.connectors.ansible.parse import Played
from fullscore.connectors.apt import commands, parse
from fullscore.connectors.apt.parse import Identity
from fullscore.connectors.base import Limits, Refused, Unreachable
from fullscore.domains.infrastructure.patching.jobs.hands import (
    TOOLS,
    Failed,
    Kept,
    Look,
    Packages,
    Patience,
    Stand,
    ended,
    need_space,
)

GATHER_SECONDS = 0.3
PLAYS_AT_ONCE = 4  # each is some processes of 100 MB; who waits meanwhile shares the next
HOLD_SECONDS = 30  # how long one play waits on the host for what was started
LIMITS = Limits(timeout_seconds=300, size_bytes=32 << 20)
WRONG = {
    "audit": "Its packages are not sound",
    "sound": "Its packages are not sound",
    "space": "Its space is not known",
    "refresh": "A repository does not answer",
    "simulate": "It cannot be simulated",
    "identity": "No boot is told",
    "keep": "Nothing could be kept",
    "foresee": "What could be kept is not known",
    "start": "It could not be started",
    "order": "The reboot could not be ordered",
}


@dataclass(slots=True)
class _Asked:
    """One host's turn in a play that is gathered."""

    host: Host
    answer: "asyncio.Future[Played]"


class Stage:
    """Where plays are gathered and played, some at once."""

    def __init__(self) -> None:
        self._waiting: dict[str, list[_Asked]] = {}
        self._turns = asyncio.Semaphore(PLAYS_AT_ONCE)
        self._tasks: set[asyncio.Task[None]] = set()

    async def play(self, name: str, host: Host) -> Played:
        """Play a playbook for a host, with the others that ask for it within a moment."""
        asked = _Asked(host, asyncio.get_running_loop().create_future())
        waiting = self._waiting.setdefault(name, [])
        waiting.append(asked)
        if len(waiting) == 1:
            task = asyncio.create_task(self._gathered(name))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return await asked.answer

    async def play_alone(self, name: str, host: Host) -> Played:
        """Play a playbook for a host, once and by itself."""
        async with self._turns:
            return (await client.play(name, {"host": host}, limits=LIMITS))["host"]

    async def _gathered(self, name: str) -> None:
        """Play for all that ask until it is our turn; for each alone where that gave no result."""
        await asyncio.sleep(GATHER_SECONDS)
        async with self._turns:
            asked = [one for one in self._waiting.pop(name) if not one.answer.done()]
            has_result = not asked or await self._shared(name, asked)
        if not has_result:
            await asyncio.gather(*(self._alone(name, one) for one in asked))

    async def _shared(self, name: str, asked: list[_Asked]) -> bool:
        """Play for several; says whether each has its answer."""
        rows = {f"host{n}": one for n, one in enumerate(asked)}
        try:
            told = await client.play(name, {k: one.host for k, one in rows.items()}, limits=LIMITS)
        except Exception as odd:
            if len(asked) > 1:
                return False
            _refuse(asked[0], odd)
            return True
        for key, one in rows.items():
            _answer(one, told[key])
        return True

    async def _alone(self, name: str, one: _Asked) -> None:
        try:
            _answer(one, await self.play_alone(name, one.host))
        except Exception as odd:  # whatever it is, it is told where it was asked
            _refuse(one, odd)


def _answer(one: _Asked, played: Played) -> None:
    if not one.answer.done():
        one.answer.set_result(played)


def _refuse(one: _Asked, problem: Exception) -> None:
    if not one.answer.done():
        one.answer.set_exception(problem)


class ByAnsible:
    """Does on one host what a step asks, by playbooks."""

    def __init__(self, stage: Stage, host: Host, patience: Patience) -> None:
        self._stage, self._host, self._patience = stage, host, patience

    async def _played(self, name: str, **variables: Any) -> Played:
        """Play a playbook; raises Failed, Unreachable and Refused for what went wrong in it."""
        return _judged(await self._stage.play(name, self._with(variables)))

    def _with(self, variables: Mapping[str, Any]) -> Host:
        return replace(self._host, variables={**self._host.variables, **variables})

    async def look(self, packages: Packages) -> Look:
        """See whether packages are sound and repositories answer, and what apt would do."""
        words = commands.listed(packages, at=2)
        told = await self._stage.play("check", self._with({"targets": words}))
        need_space(parse.free_kib(told.output("space")))  # before what a full disk makes fail
        units, listens = parse.running(_judged(told).output("running"))
        identity = parse.identity(told.output("identity"))
        text = told.output("simulate")
        return Look(parse.transaction(text).filled(packages, {}), text, identity, units, listens)

    async def has_hooks(self) -> bool:
        """Say whether the host has what takes it out of service, and what brings it back."""
        told = await self._stage.play("hooks", self._with({}))
        if told.state == "unreachable":
            _judged(told)
        return told.state != "failed"

    async def hook(self, place: str, name: str) -> str:
        """Run a hook of the host, detached from the play."""
        return await self._detached("hook", place=place, hook=name)

    async def could_keep(self, packages: Packages) -> frozenset[str]:
        """Return the names of the packages that `keep` could have as they are; keeps nothing."""
        told = await self._played("foresee", kept=commands.listed(packages, at=1))
        return frozenset(told.output("foresee").split())

    async def keep(self, place: str, packages: Packages) -> Kept:
        """Have the packages as they are in a folder on the host."""
        words, names = commands.listed(packages, at=1), commands.checked_names(packages)
        told = await self._played("save", place=place, names=names, kept=words)
        text = told.output("keep")
        return Kept(parse.versions(told.output("versions")), parse.kept(text), text)

    async def update(self, place: str, packages: Packages, *, removes: bool = False) -> str:
        """Bring packages to their planned versions, detached from the play."""
        words = commands.listed(packages, at=2)
        return await self._detached("update", place=place, targets=words, may_remove=removes)

    async def put_back(self, place: str, kept: str, packages: Packages) -> str:
        """Install what was kept, detached from the play."""
        stems = [commands.stem(one) for one in packages]
        return await self._detached("downgrade", place=place, saved=kept, stems=stems)

    async def _detached(self, name: str, **variables: Any) -> str:
        """Play what starts something that outlives the play, until it ends; returns its log."""
        deadline, is_started = monotonic() + self._patience.update, False
        while monotonic() < deadline:
            hold = max(1, min(HOLD_SECONDS, round(deadline - monotonic())))
            try:
                told = await self._stage.play(name, self._with({"hold_seconds": hold, **variables}))
                start = told.task("start")
                is_started = is_started or (start is not None and start.state in ("ok", "changed"))
                log = ended(_judged(told).output("wait"), TOOLS["deb"])
            except Unreachable:  # the work goes on without us: asked again, it tells its end
                if not is_started:
                    raise
                await asyncio.sleep(self._patience.poll)
                continue
            if log is not None:
                return log
        raise Failed("It did not end in time; it may still be at work.")

    async def stand(self, packages: Packages) -> Stand:
        """See versions, services and listeners as they are now."""
        told = await self._played("verify", names=commands.checked_names(packages))
        return Stand(
            parse.versions(told.output("versions")), *parse.running(told.output("running"))
        )

    async def wants_reboot(self) -> bool:
        """Say whether the distribution asks for a reboot."""
        wanted = (await self._played("reboot")).task("wanted")
        return wanted is not None and wanted.status == 0

    async def reboot(self) -> None:
        """Order a reboot: by a play of its own, which is never repeated."""
        _judged(await self._stage.play_alone("reboot", self._with({"is_ordered": True})))

    async def identity(self) -> Identity:
        """See which boot of which kernel runs."""
        return parse.identity((await self._played("reboot")).output("identity"))

    def leave(self) -> None:
        """Nothing is held between two plays."""


def _judged(played: Played) -> Played:
    """Return what was played; raises Failed, Unreachable and Refused for what went wrong in it."""
    if played.state == "unreachable":
        raise (Refused if played.is_refused else Unreachable)(played.problem)
    if played.state == "failed":
        last = next(task for task in played.tasks if task.state == "failed")
        why = parse.complaint(last.output) if last.output.strip() else last.problem
        raise Failed(f"{WRONG.get(last.name, last.name.capitalize())}: {why}", last.output)
    return played


def host(login: Mapping[str, Any], address: str) -> Host:
    """Return where plays go, at an address that the guard let through."""
    if not login["private_key"]:
        raise Refused("Ansible goes in by a key alone: give the patch access one.")
    return Host(
        address=address, port=login["port"], user=login["user"], host_key=login["host_key"],
        private_key=login["private_key"],
    )  # fmt: skip
