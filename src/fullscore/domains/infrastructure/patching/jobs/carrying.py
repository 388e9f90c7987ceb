"""The steps on one server, in order, and judged: check, save, update, reboot, verify.

Who carries them out, over SSH or by Ansible, is said by the campaign: see `hands`.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from time import monotonic
from typing import Any

from fullscore.connectors.apt import transaction as transactions
from fullscore.connectors.apt.transaction import Transaction
from fullscore.connectors.base import ConnectorError
from fullscore.domains.infrastructure.patching.jobs.hands import Failed, Hands, Patience, Stand
from fullscore.domains.infrastructure.patching.models import Campaign, RunStep, ServerRun
from fullscore.domains.infrastructure.patching.queries import gates
from fullscore.domains.infrastructure.patching.services import looking, running
from fullscore.kit import time

NO_HOOKS = "It has no /etc/fullscore/drain and undrain that the account may run: add them."
FROM, TO = 1, 2  # where a package says its version before, and as planned

Ask = Callable[..., Awaitable[Any]]
Told = Mapping[str, Any]


class Carrying:
    """Carries one run out, or on: what is finished is not done again."""

    def __init__(self, run: ServerRun, hands: Hands, ask: Ask, patience: Patience) -> None:
        self.run, self.hands = run, hands
        self._ask, self._patience = ask, patience
        self._finished: dict[str, dict[str, Any]] = {}

    async def carry(self) -> None:
        """Do every step that is not finished yet. Raises Failed where one goes wrong."""
        self._finished = await self._ask(running.finished, self.run)
        if self.run.is_back:
            await self._do("restore", self._restore)
            await self._do("verify back", self._verify_back)
            if self.run.campaign.drains:
                await self._do("undrain back", self._undrain)
            return
        await self._do("check", self._check)
        await self._do("save", self._save)
        if self.run.campaign.drains:  # last: what could still refuse it has not
            await self._do("drain", self._drain)
        await self._do("update", self._update)
        await self._do("reboot", self._reboot)
        await self._do("verify", self._verify)
        if self.run.campaign.drains:
            await self._do("undrain", self._undrain)

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

    # ── forth ──────────────────────────────────────────────────────────────────────────────

    async def _check(self, step: RunStep) -> tuple[Told, str]:
        """See that the host is sound and would do exactly what was approved."""
        packages = self.run.packages
        seen = await self.hands.look(packages)
        if differs := seen.transaction.differs_from(approved(self.run, seen.transaction)):
            raise Failed(f"It would {differs}: plan it anew.", seen.text)
        if self.run.campaign.drains and not await self.hands.has_hooks():
            raise Failed(NO_HOOKS)
        rows = seen.transaction.rows()
        if not self.run.looked_at and (held := await self._ask(
            looking.held_along, self.run, rows, now=time.now()
        )):  # fmt: skip
            raise Failed(held, seen.text)
        told = {
            "boot_id": seen.identity.boot_id,
            "kernel": seen.identity.kernel,
            "units": sorted(seen.units),
            "listens": sorted(seen.listens),
            "transaction": rows,
        }
        return told, seen.text

    def _rows(self, *kinds: str) -> list[list[str]]:
        """Return what the approved transaction alters: name, before, afterwards."""
        known = self._finished["check"]["transaction"]
        return [row for kind in kinds for row in known[kind]]

    async def _save(self, step: RunStep) -> tuple[Told, str]:
        """Keep the packages as they are, so that there is a way back."""
        packages, place = self._rows("upgraded", "removed"), f"keep-{self.run.pk}"
        kept = await self.hands.keep(place, packages)
        if moved := _differ(packages, kept.versions, at=FROM):
            raise Failed(f"{moved} changed since the plan: plan it anew.")
        lost = [name for one in packages if (name := bare(one[0])) not in kept.names]
        if unborne := _unborne(self.run, lost):
            raise Failed(f"There would be no way back: {', '.join(unborne[:5])} cannot be kept.")
        return {"place": place, "kept": sorted(kept.names), "lost": lost}, kept.text

    async def _drain(self, step: RunStep) -> tuple[Told, str]:
        """Have the host take itself out of service."""
        return {}, await self.hands.hook(f"drain-{self.run.pk}", "drain")

    async def _undrain(self, step: RunStep) -> tuple[Told, str]:
        """Have it go into service again."""
        return {}, await self.hands.hook(f"undrain-{self.run.pk}-{step.place}", "undrain")

    async def _update(self, step: RunStep) -> tuple[Told, str]:
        """Bring the packages to their planned versions."""
        place, removes = f"update-{self.run.pk}", bool(self._rows("removed"))
        return {}, await self.hands.update(place, self.run.packages, removes=removes)

    async def _reboot(self, step: RunStep) -> tuple[Told, str]:
        """Reboot where that is needed, once, and wait until another boot answers."""
        before = self._finished["check"]["boot_id"]
        if not step.told.get("ordered"):
            is_never = self.run.campaign.reboots == Campaign.Reboots.NEVER
            if is_never or not await self.hands.wants_reboot():
                return {"rebooted": False}, ""
            # Noted first: whoever goes on after us waits for it, and never orders it again.
            await self._ask(running.note, step, {"ordered": True})
            await self.hands.reboot()
        self.hands.leave()
        deadline = monotonic() + self._patience.reboot
        while monotonic() < deadline:
            await asyncio.sleep(self._patience.poll)
            try:
                now = await self.hands.identity()
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
        packages = self._rows("upgraded", "added")
        now = await self.hands.stand(packages)
        if wrong := _differ(packages, now.versions, at=TO):
            raise Failed(f"{wrong} is not at its planned version.", str(now.versions))
        await self._settled(now)
        await self._watched(packages)
        return {}, "\n".join(f"{name} {version}" for name, version in now.versions.items())

    async def _watched(self, packages: list[list[str]]) -> None:
        """Watch a host that is back: what is wrong with it or its services at the end fails it."""
        minutes = self.run.campaign.settle_minutes
        await asyncio.sleep(min(60.0 * minutes, self._patience.settle))
        if minutes:
            await self._settled(await self.hands.stand(packages))
        if wrong := await self._ask(gates.wrong_since_update, self.run):
            raise Failed(wrong)

    async def _settled(self, now: Stand) -> None:
        """Wait until every service and listener from before is back."""
        before = self._finished["check"]
        deadline = monotonic() + self._patience.settle
        while missing := [*(set(before["units"]) - now.units),
                          *(set(before["listens"]) - now.listens)]:  # fmt: skip
            if monotonic() > deadline:
                raise Failed(f"{', '.join(sorted(missing)[:5])} did not come back.")
            await asyncio.sleep(self._patience.poll)
            now = await self.hands.stand(self.run.packages)

    # ── back ───────────────────────────────────────────────────────────────────────────────

    async def _restore(self, step: RunStep) -> tuple[Told, str]:
        """Install what was kept."""
        place, kept = f"back-{self.run.pk}-{step.place}", self._finished["save"]["place"]
        packages = self._rows("upgraded", "removed")
        return {}, await self.hands.put_back(place, kept, packages)

    async def _verify_back(self, step: RunStep) -> tuple[Told, str]:
        """See that versions, services and listeners are as before."""
        packages = self._rows("upgraded", "removed")
        now = await self.hands.stand(packages)
        if wrong := _differ(packages, now.versions, at=FROM):
            raise Failed(f"{wrong} is not as it was.", str(now.versions))
        await self._settled(now)
        return {}, "\n".join(f"{name} {version}" for name, version in now.versions.items())


async def foresee(run: ServerRun, hands: Hands) -> tuple[dict[str, Any], frozenset[str]]:
    """Ask a host what it would do, and which packages could not be kept as they are."""
    seen = (await hands.look(run.packages)).transaction
    if missing := seen.leaves(transactions.planned(run.packages)):
        raise Failed(f"It would {missing}: plan it anew.")
    rows = seen.rows()
    kept = [*rows["upgraded"], *rows["removed"]]
    could = await hands.could_keep(kept)
    return dict(rows), frozenset(bare(one[0]) for one in kept) - could


def approved(run: ServerRun, seen: Transaction) -> Transaction:
    """Return what a run may do: what was seen before the approval, else what was planned.

    Of a host nobody could look at, new packages that the planned ones need are taken along where
    the campaign says so; nothing is removed and nothing else upgraded.
    """
    if run.looked_at:
        return transactions.kept(run.transaction)
    planned = transactions.planned(run.packages)
    if run.campaign.new_dependencies != Campaign.NewDependencies.ALLOWED or seen.removed:
        return planned
    return replace(planned, added=seen.dependencies())


def _unborne(run: ServerRun, lost: list[str]) -> list[str]:
    """Return the packages without a way back of which nobody said that this is borne."""
    campaign = run.campaign
    if campaign.way_back != Campaign.WayBack.DOWNGRADE:
        return []
    if campaign.no_way_back != Campaign.NoWayBack.ACCEPTED:
        return lost
    return [one for one in lost if one not in run.lacks] if run.looked_at else []


def bare(name: str) -> str:
    """Return a package's name without an architecture."""
    return name.partition(":")[0]


def _differ(packages: list[list[str]], versions: Mapping[str, str], *, at: int) -> str:
    """Name the packages that are not at the version of before, or of the plan; “” where all are."""
    wrong = [one[0] for one in packages if versions.get(bare(one[0])) != one[at]]
    return ", ".join(wrong[:5])
