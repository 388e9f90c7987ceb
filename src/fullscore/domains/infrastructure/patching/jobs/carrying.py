"""The steps on one server, over its own connection: check, save, update, reboot, verify."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING, Any

from fullscore.connectors.apt import commands, parse
from fullscore.connectors.base import ConnectorError, Unreachable
from fullscore.domains.infrastructure.patching.models import Campaign, RunStep, ServerRun
from fullscore.domains.infrastructure.patching.services import running
from fullscore.kit import time

if TYPE_CHECKING:
    from fullscore.connectors.ssh.client import Session

LEAST_VAR_KIB = 512 * 1024  # our judgement: lists, packages and their unpacking
LEAST_BOOT_KIB = 64 * 1024  # a kernel and its initramfs

Ask = Callable[..., Awaitable[Any]]
Told = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Patience:
    """How long is waited for what, in seconds."""

    poll: float = 2.0
    update: float = 3600.0
    reboot: float = 600.0
    settle: float = 120.0  # until services are back


class Failed(Exception):
    """A step went wrong; the message is a sentence for a person."""

    def __init__(self, message: str, evidence: str = "") -> None:
        super().__init__(message)
        self.evidence = evidence


class Carrying:
    """Carries one run out, or on: what is finished is not done again."""

    def __init__(self, run: ServerRun, session: "Session", ask: Ask, patience: Patience) -> None:
        self.run, self.session = run, session
        self._ask, self._patience = ask, patience
        self._finished: dict[str, dict[str, Any]] = {}

    async def carry(self) -> None:
        """Do every step that is not finished yet. Raises Failed where one goes wrong."""
        self._finished = await self._ask(running.finished, self.run)
        if self.run.is_back:
            await self._do("restore", self._restore)
            await self._do("verify back", self._verify_back)
            return
        await self._do("check", self._check)
        await self._do("save", self._save)
        await self._do("update", self._update)
        await self._do("reboot", self._reboot)
        await self._do("verify", self._verify)

    async def _do(self, name: str, work: Callable[[RunStep], Awaitable[tuple[Told, str]]]) -> None:
        if name in self._finished:
            return
        step = await self._ask(running.step, self.run, name, now=time.now())
        try:
            told, evidence = await work(step)
        except (Failed, ConnectorError) as problem:
            evidence = getattr(problem, "evidence", "") or str(problem)
            await self._ask(
                running.end_step, step, now=time.now(), is_good=False, told={}, evidence=evidence
            )
            raise Failed(f"{name.capitalize()}: {problem}") from problem
        await self._ask(
            running.end_step, step, now=time.now(), is_good=True, told=told, evidence=evidence
        )
        self._finished[name] = {**step.told, **told}

    async def _said(self, script: str, *, wrong: str = "") -> str:
        """Return what a script printed; raises Failed when it failed and that is `wrong`."""
        status, output, complaint = await self.session.run("sh -s", script.encode())
        text = parse.words(output)
        if wrong and status != 0:
            why = parse.complaint(text) if text.strip() else complaint or f"status {status}"
            raise Failed(f"{wrong}: {why}", text)
        return text

    # ── forth ──────────────────────────────────────────────────────────────────────────────

    async def _check(self, step: RunStep) -> tuple[Told, str]:
        """See that the host is sound and would do exactly what was planned."""
        packages = self.run.packages
        await self._said(commands.sound(), wrong="Its packages are not sound")
        free = parse.free_kib(await self._said(commands.space(), wrong="Its space is not known"))
        if free and (free[0] < LEAST_VAR_KIB or free[-1] < LEAST_BOOT_KIB):
            raise Failed(f"There is too little space: {min(free) // 1024} MiB are left.")
        await self._said(commands.refresh(), wrong="A repository does not answer")
        text = await self._said(commands.simulate(packages), wrong="It cannot be simulated")
        if differs := parse.transaction(text).differs_from(packages):
            raise Failed(f"It would {differs}: plan it anew.", text)
        identity = parse.identity(await self._said(commands.identity(), wrong="No boot is told"))
        units, listens = parse.running(await self._said(commands.running()))
        told = {
            "boot_id": identity.boot_id,
            "kernel": identity.kernel,
            "units": sorted(units),
            "listens": sorted(listens),
        }
        return told, text

    async def _save(self, step: RunStep) -> tuple[Told, str]:
        """Keep the packages as they are, so that there is a way back."""
        packages, place = self.run.packages, f"keep-{self.run.pk}"
        now = parse.versions(await self._said(commands.versions(packages)))
        if moved := [one[0] for one in packages if now.get(one[0].partition(":")[0]) != one[1]]:
            raise Failed(f"{', '.join(moved[:5])} changed since the plan: plan it anew.")
        text = await self._said(commands.keep(place, packages), wrong="Nothing could be kept")
        kept = {line.split("_")[0] for line in text.splitlines()}
        lost = [one[0] for one in packages if one[0].partition(":")[0] not in kept]
        if lost and self.run.campaign.way_back == Campaign.WayBack.DOWNGRADE:
            raise Failed(f"There would be no way back: {', '.join(lost[:5])} cannot be fetched.")
        return {"place": place, "kept": sorted(kept)}, text

    async def _update(self, step: RunStep) -> tuple[Told, str]:
        """Bring the packages to their planned versions."""
        place = f"update-{self.run.pk}"
        return {}, await self._detached(place, commands.update(place, self.run.packages))

    async def _detached(self, place: str, start: str) -> str:
        """Start something that outlives the connection, and wait for its end; returns its log."""
        deadline = monotonic() + self._patience.update
        await self._said(start, wrong="It could not be started")
        while monotonic() < deadline:
            try:
                state, status, log = parse.detached(await self._said(commands.peek(place)))
            except Unreachable:  # the work goes on without us: asked again, it tells its end
                await asyncio.sleep(self._patience.poll)
                continue
            if state == "ended" and status == 0:
                return log
            if state == "ended":
                raise Failed(parse.complaint(log), log)
            if state == "lost":
                await self._said(start, wrong="It could not be started again")
            await asyncio.sleep(self._patience.poll)
        raise Failed("It did not end in time; it may still be at work.")

    async def _reboot(self, step: RunStep) -> tuple[Told, str]:
        """Reboot where that is needed, once, and wait until another boot answers."""
        before = self._finished["check"]["boot_id"]
        if not step.told.get("ordered"):
            status, _, _ = await self.session.run("sh -s", commands.wants_reboot().encode())
            if status != 0 or self.run.campaign.reboots == Campaign.Reboots.NEVER:
                return {"rebooted": False}, ""
            # Noted first: whoever goes on after us waits for it, and never orders it again.
            await self._ask(running.note, step, {"ordered": True})
            await self._said(commands.reboot(), wrong="The reboot could not be ordered")
        self.session.close()
        deadline = monotonic() + self._patience.reboot
        while monotonic() < deadline:
            await asyncio.sleep(self._patience.poll)
            try:
                now = parse.identity(await self._said(commands.identity()))
            except ConnectorError:  # it is away, which is what was asked for
                continue
            if now.boot_id == before:
                continue
            if now.newest and now.kernel != now.newest:
                raise Failed(f"It came back with kernel {now.kernel}, not {now.newest}.")
            return {"rebooted": True, "boot_id": now.boot_id}, ""
        raise Failed("It did not come back from its reboot: it needs a person.")

    async def _verify(self, step: RunStep) -> tuple[Told, str]:
        """See that versions are as planned, and that all that ran and listened is back."""
        packages = self.run.packages
        now = parse.versions(await self._said(commands.versions(packages)))
        if wrong := [one[0] for one in packages if now.get(one[0].partition(":")[0]) != one[2]]:
            raise Failed(f"{', '.join(wrong[:5])} is not at its planned version.", str(now))
        await self._settled()
        return {}, "\n".join(f"{name} {version}" for name, version in now.items())

    async def _settled(self) -> None:
        """Wait until every service and listener from before is back."""
        before = self._finished["check"]
        deadline = monotonic() + self._patience.settle
        while True:
            units, listens = parse.running(await self._said(commands.running()))
            missing = [*(set(before["units"]) - units), *(set(before["listens"]) - listens)]
            if not missing:
                return
            if monotonic() > deadline:
                raise Failed(f"{', '.join(sorted(missing)[:5])} did not come back.")
            await asyncio.sleep(self._patience.poll)

    # ── back ───────────────────────────────────────────────────────────────────────────────

    async def _restore(self, step: RunStep) -> tuple[Told, str]:
        """Install what was kept."""
        place, kept = f"back-{self.run.pk}-{step.place}", self._finished["save"]["place"]
        return {}, await self._detached(place, commands.put_back(place, kept, self.run.packages))

    async def _verify_back(self, step: RunStep) -> tuple[Told, str]:
        """See that versions, services and listeners are as before."""
        packages = self.run.packages
        now = parse.versions(await self._said(commands.versions(packages)))
        if wrong := [one[0] for one in packages if now.get(one[0].partition(":")[0]) != one[1]]:
            raise Failed(f"{', '.join(wrong[:5])} is not as it was.", str(now))
        await self._settled()
        return {}, "\n".join(f"{name} {version}" for name, version in now.items())
