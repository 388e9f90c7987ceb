"""Reading hypervisors, and carrying out what was ordered on their machines."""

import asyncio
import shlex
from collections.abc import Sequence

from fullscore.connectors.base import ConnectorError
from fullscore.connectors.libvirt import client
from fullscore.connectors.process import Done
from fullscore.domains.infrastructure.servers import services
from fullscore.domains.infrastructure.servers.jobs import visiting
from fullscore.domains.infrastructure.servers.models import Hypervisor, MachineAct, SshHost
from fullscore.kit import time
from fullscore.kit.errors import Conflict, Problem
from fullscore.kit.jobs import every, job
from fullscore.kit.models.user import system


@every(minutes=5)
def read_hypervisors() -> None:
    """Ask each hypervisor what it runs."""
    rows = Hypervisor.objects.exclude(state=Hypervisor.State.PAUSED)
    for pk in rows.values_list("pk", flat=True):
        read_hypervisor.enqueue(hypervisor=pk)


@job(attempts=1)
def read_hypervisor(hypervisor: int) -> None:
    """Ask one hypervisor what it runs, and take it over."""
    found = Hypervisor.objects.select_related("item").filter(pk=hypervisor).first()
    if found is None or found.state == Hypervisor.State.PAUSED:
        return
    try:
        reading = client.read(_runner(found), found.uri)
    except (ConnectorError, Problem) as error:
        services.note_unread(found, str(error), by=system())
        return
    services.take_reading(found, reading, by=system(), now=time.now())


@job(attempts=1)
def carry_out(act: int) -> None:
    """Do what was ordered, write down how it went, and look at the hypervisor again."""
    rows = MachineAct.objects.select_related("machine__hypervisor__item", "machine__item", "change")
    found = rows.filter(pk=act, state=MachineAct.State.ORDERED).first()
    if found is None:
        return
    hypervisor = found.machine.hypervisor
    try:
        said = client.apply(services.plan_of(found), _runner(hypervisor), hypervisor.uri)
    except (ConnectorError, Problem) as error:
        services.end(found, by=system(), said=str(error), is_done=False)
        return
    services.end(found, by=system(), said="\n".join(said), is_done=True)
    read_hypervisor.enqueue(hypervisor=hypervisor.pk)


def _runner(hypervisor: Hypervisor) -> client.Run:
    """Return what runs a program on a hypervisor: here, or over its own SSH host."""
    if hypervisor.way == Hypervisor.Way.LOCAL:
        return client.here
    host = SshHost.objects.select_related("item", "credential").filter(item=hypervisor.item_id)
    found = host.first()
    if found is None or found.state == SshHost.State.PAUSED:
        raise Conflict(f"{hypervisor} is not read over SSH: add it under SSH hosts, or resume it.")
    return _OverSsh(found)


class _OverSsh:
    """Runs each program over a connection of its own: a hypervisor is asked every five minutes."""

    def __init__(self, host: SshHost) -> None:
        from fullscore.connectors.ssh.client import Session

        self._session = Session(
            visiting.login_of(host), guard=visiting.guard(), limits=client.LIMITS
        )

    def __call__(self, command: Sequence[str]) -> Done:
        status, output, complaint = asyncio.run(self._run(shlex.join(command)))
        return Done(127 if status is None else status, output, complaint)

    async def _run(self, command: str) -> tuple[int | None, bytes, str]:
        try:
            return await self._session.run(command, b"")
        finally:
            self._session.close()
