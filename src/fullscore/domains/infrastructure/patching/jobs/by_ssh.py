"""Steps carried out over an SSH connection of our own, by scripts that are sent to `sh`."""

import asyncio
from time import monotonic
from typing import TYPE_CHECKING

from fullscore.connectors.apt import parse
from fullscore.connectors.apt.parse import Identity
from fullscore.connectors.apt.transaction import Transaction
from fullscore.connectors.base import Unreachable
from fullscore.domains.infrastructure.patching.jobs.hands import (
    Failed,
    Kept,
    Look,
    Packages,
    Patience,
    Stand,
    Tool,
    ended,
    need_space,
)

if TYPE_CHECKING:
    from fullscore.connectors.ssh.client import Session


class BySsh:
    """Does on one host what a step asks, over one connection that is made anew where it breaks."""

    def __init__(self, session: "Session", patience: Patience, tool: Tool) -> None:
        self._session, self._patience, self._tool = session, patience, tool
        self._commands, self._parse = tool

    async def _said(self, script: str, *, wrong: str = "") -> str:
        """Return what a script printed; raises Failed when it failed and that is `wrong`."""
        status, output, complaint = await self._session.run("sh -s", script.encode())
        text = parse.words(output)
        if wrong and status != 0:
            why = self._parse.complaint(text) if text.strip() else complaint or f"status {status}"
            raise Failed(f"{wrong}: {why}", text)
        return text

    async def look(self, packages: Packages) -> Look:
        """See whether packages are sound and repositories answer, and what would be done."""
        await self._said(self._commands.sound(), wrong="Its packages are not sound")
        space = await self._said(self._commands.space(), wrong="Its space is not known")
        need_space(parse.free_kib(space))
        await self._said(self._commands.refresh(), wrong="A repository does not answer")
        text = await self._said(self._commands.simulate(packages), wrong="It cannot be simulated")
        booted = await self._said(self._commands.identity(), wrong="No boot is told")
        units, listens = parse.running(await self._said(self._commands.running()))
        seen = await self._filled(self._parse.transaction(text), packages)
        return Look(seen, text, parse.identity(booted), units, listens)

    async def _filled(self, seen: Transaction, packages: Packages) -> Transaction:
        """Say which versions are there now, where the package manager did not."""
        untold = [one for one in seen.upgraded if not one.old]
        script = self._commands.versions(untold) if untold else ""
        now = parse.versions(await self._said(script)) if untold else {}
        return seen.filled(packages, now)

    async def has_hooks(self) -> bool:
        """Say whether the host has what takes it out of service, and what brings it back."""
        status, _, _ = await self._session.run("sh -s", self._commands.has_hooks().encode())
        return status == 0

    async def hook(self, place: str, name: str) -> str:
        """Run a hook of the host, detached from the connection."""
        return await self._detached(place, self._commands.hook(place, name))

    async def could_keep(self, packages: Packages) -> frozenset[str]:
        """Return the names of the packages that `keep` could have as they are; keeps nothing."""
        text = await self._said(self._commands.could_keep(packages))
        return frozenset(text.split())

    async def keep(self, place: str, packages: Packages) -> Kept:
        """Have the packages as they are in a folder on the host."""
        now = parse.versions(await self._said(self._commands.versions(packages)))
        text = await self._said(self._commands.keep(place, packages), wrong="Nothing could be kept")
        return Kept(now, self._parse.kept(text), text)

    async def update(self, place: str, packages: Packages, *, removes: bool = False) -> str:
        """Bring packages to their planned versions, detached from the connection."""
        script = self._commands.update(place, packages, removes=removes)
        return await self._detached(place, script)

    async def put_back(self, place: str, kept: str, packages: Packages) -> str:
        """Install what was kept, detached from the connection."""
        return await self._detached(place, self._commands.put_back(place, kept, packages))

    async def _detached(self, place: str, start: str) -> str:
        """Start something that outlives the connection, and wait for its end; returns its log."""
        deadline = monotonic() + self._patience.update
        await self._said(start, wrong="It could not be started")
        while monotonic() < deadline:
            try:
                text = await self._said(self._commands.peek(place))
            except Unreachable:  # the work goes on without us: asked again, it tells its end
                await asyncio.sleep(self._patience.poll)
                continue
            log = ended(text, self._tool)
            if log is not None:
                return log
            if text.startswith("lost"):
                await self._said(start, wrong="It could not be started again")
            await asyncio.sleep(self._patience.poll)
        raise Failed("It did not end in time; it may still be at work.")

    async def stand(self, packages: Packages) -> Stand:
        """See versions, services and listeners as they are now."""
        now = parse.versions(await self._said(self._commands.versions(packages)))
        return Stand(now, *parse.running(await self._said(self._commands.running())))

    async def wants_reboot(self) -> bool:
        """Say whether the distribution asks for a reboot."""
        status, _, _ = await self._session.run("sh -s", self._commands.wants_reboot().encode())
        return status == 0

    async def reboot(self) -> None:
        """Order a reboot, which begins once the connection is closed."""
        await self._said(self._commands.reboot(), wrong="The reboot could not be ordered")

    async def identity(self) -> Identity:
        """See which boot of which kernel runs."""
        return parse.identity(await self._said(self._commands.identity()))

    def leave(self) -> None:
        """Close the connection."""
        self._session.close()
