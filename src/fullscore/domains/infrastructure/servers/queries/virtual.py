"""Questions about hypervisors and machines, as checks and pages ask them."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from fullscore.domains.foundation.estate.models import Link
from fullscore.domains.infrastructure.servers.models import Hypervisor, Machine, MachineSnapshot
from fullscore.kit.checks import Scope

ALIVE = (Machine.State.RUNNING, Machine.State.PAUSED)


class Room(NamedTuple):
    """A hypervisor: its memory, what its running machines may use, and who could take them."""

    item: int
    name: str
    site: int | None
    state: str
    error: str
    memory_bytes: int
    machines: tuple[tuple[str, int], ...]  # name, bytes


class Seen(NamedTuple):
    """A machine as its hypervisor tells of it."""

    item: int
    name: str
    hypervisor: str
    state: str
    is_recorded: bool
    waits_percent: float | None


class Saved(NamedTuple):
    """A snapshot of a machine."""

    item: int
    machine: str
    name: str
    taken_at: datetime


class Together(NamedTuple):
    """A need that several machines serve, and the hypervisors they run on."""

    item: int
    name: str
    need: str
    members: tuple[tuple[str, str], ...]  # machine, hypervisor


def rooms(scope: Scope) -> list[Room]:
    """Return every hypervisor that is read; all of them, for they are each other's way out."""
    running: dict[int, list[tuple[str, int]]] = defaultdict(list)
    rows = Machine.objects.filter(state__in=ALIVE).order_by("item__name")
    for hypervisor, name, size in rows.values_list("hypervisor", "item__name", "memory_bytes"):
        running[hypervisor].append((name, size))
    known = Hypervisor.objects.exclude(state=Hypervisor.State.PAUSED).select_related("item")
    return [
        Room(h.item_id, h.item.name, h.item.site_id, h.state, h.last_error, h.memory_bytes or 0,
             tuple(running[h.pk]))
        for h in known
    ]  # fmt: skip


def machines(scope: Scope) -> list[Seen]:
    """Return every machine that is still there."""
    rows = Machine.objects.exclude(state=Machine.State.GONE)
    if scope.items is not None:
        rows = rows.filter(item__in=scope.items)
    return [
        Seen(m.item_id, m.item.name, m.hypervisor.item.name, m.state, m.is_recorded,
             m.waits_percent)
        for m in rows.select_related("item", "hypervisor__item")
    ]  # fmt: skip


def snapshots(scope: Scope) -> list[Saved]:
    """Return every snapshot of machines that are still there."""
    rows = MachineSnapshot.objects.exclude(machine__state=Machine.State.GONE)
    if scope.items is not None:
        rows = rows.filter(machine__item__in=scope.items)
    return [
        Saved(s.machine.item_id, s.machine.item.name, s.name, s.taken_at)
        for s in rows.select_related("machine__item")
    ]


def together(scope: Scope) -> Iterator[Together]:
    """Return each need of which fewer are needed than serve it, where machines serve it."""
    rows = Link.objects.filter(
        requirement__needed__isnull=False, requirement__needed__gt=0,
        to_item__machine__isnull=False,
    ).exclude(to_item__machine__state=Machine.State.GONE)  # fmt: skip
    if scope.items is not None:
        rows = rows.filter(requirement__dependent__in=scope.items)
    found: dict[tuple[int, str, str, int, int], list[tuple[str, str]]] = defaultdict(list)
    for link in rows.select_related("requirement__dependent", "to_item__machine__hypervisor__item"):
        need = link.requirement
        serving = need.links.count() if need else 0
        if need and (need.needed or 0) < serving:
            key = (need.dependent_id, need.dependent.name, need.name, need.pk, serving)
            found[key].append((link.to_item.name, link.to_item.machine.hypervisor.item.name))
    for (item, name, need_name, _, serving), members in sorted(found.items()):
        if len(members) == serving:  # else one stands elsewhere
            yield Together(item, name, need_name, tuple(sorted(members)))
