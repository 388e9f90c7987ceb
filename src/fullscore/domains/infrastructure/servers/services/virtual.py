"""Taking in what a hypervisor tells: machines, pools and networks become items."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from fullscore.connectors.libvirt import shapes
from fullscore.connectors.libvirt.shapes import Reading
from fullscore.domains.foundation.estate import services as estate
from fullscore.domains.foundation.estate.models import Item, Source
from fullscore.domains.foundation.estate.queries import known_as
from fullscore.domains.infrastructure.servers.announcements import HypervisorWanted
from fullscore.domains.infrastructure.servers.models import (
    Hypervisor,
    Machine,
    MachineSnapshot,
    SshHost,
    StoragePool,
)
from fullscore.domains.infrastructure.servers.queries import FACTS_EVERY
from fullscore.engines.identity import Word
from fullscore.kit import live
from fullscore.kit.announcements import announce
from fullscore.kit.audit import recorded
from fullscore.kit.errors import Conflict, Invalid
from fullscore.kit.models import User

LIBVIRT = "libvirt"
State = Machine.State


def add_hypervisor(*, by: User, item: Item, **values: Any) -> Hypervisor:
    """Add a hypervisor; it is read at once, and then every five minutes."""
    hypervisor = Hypervisor(item=item, **values)
    _check_way(hypervisor)
    with recorded(hypervisor, "add", by=by):
        pass
    announce(HypervisorWanted(hypervisor.pk))
    return hypervisor


def change_hypervisor(hypervisor: Hypervisor, *, by: User, **values: Any) -> Hypervisor:
    """Alter how a hypervisor is asked."""
    with recorded(hypervisor, "change", by=by):
        for name, value in values.items():
            setattr(hypervisor, name, value)
        _check_way(hypervisor)
    announce(HypervisorWanted(hypervisor.pk))
    return hypervisor


def _check_way(hypervisor: Hypervisor) -> None:
    if hypervisor.item.kind != "hypervisor":
        told = f"{hypervisor.item} is a {hypervisor.item.kind}: choose a hypervisor."
        raise Invalid(told, {"item": [told]})
    is_reached = SshHost.objects.filter(item=hypervisor.item_id).exists()
    if hypervisor.way == Hypervisor.Way.SSH and not is_reached:
        told = "Add it under SSH hosts first, and trust its key."
        raise Invalid(told, {"item": [told]})


def read_hypervisor(hypervisor: Hypervisor, *, by: User) -> Hypervisor:
    """Ask a hypervisor at once what it runs."""
    if hypervisor.state == Hypervisor.State.PAUSED:
        raise Conflict("It is paused: resume it first.")
    announce(HypervisorWanted(hypervisor.pk))
    return hypervisor


def pause_hypervisor(hypervisor: Hypervisor, *, by: User, note: str = "") -> Hypervisor:
    """Ask a hypervisor no longer, until it is resumed."""
    if hypervisor.state == Hypervisor.State.PAUSED:
        raise Conflict("It is paused already.")
    with recorded(hypervisor, "pause", by=by, note=note):
        hypervisor.state = Hypervisor.State.PAUSED
    return hypervisor


def resume_hypervisor(hypervisor: Hypervisor, *, by: User) -> Hypervisor:
    """Ask a paused hypervisor again."""
    if hypervisor.state != Hypervisor.State.PAUSED:
        raise Conflict("It is not paused.")
    with recorded(hypervisor, "resume", by=by):
        hypervisor.state = Hypervisor.State.NEW
    announce(HypervisorWanted(hypervisor.pk))
    return hypervisor


def keep(machine: Machine, *, by: User, note: str = "") -> Machine:
    """Say that a machine is meant to be: it is on the record from now on."""
    if machine.is_recorded:
        raise Conflict(f"{machine} is on the record already.")
    if machine.item.state == Item.State.PLANNED:
        estate.change(machine.item, by=by, state=Item.State.ACTIVE)
    with recorded(machine, "keep", by=by, note=note):
        machine.is_recorded = True
    return machine


@transaction.atomic
def note_unread(hypervisor: Hypervisor, error: str, *, by: User) -> None:
    """Write down why a hypervisor could not be read; what is known of it stays."""
    hypervisor.last_error = error[:300]
    if hypervisor.state == Hypervisor.State.FAILING:
        Hypervisor.objects.filter(pk=hypervisor.pk).update(last_error=hypervisor.last_error)
        return
    with recorded(hypervisor, "fail", by=by, note=error[:300]):
        hypervisor.state = Hypervisor.State.FAILING


@transaction.atomic
def take_reading(hypervisor: Hypervisor, reading: Reading, *, by: User, now: datetime) -> None:
    """Take over what a hypervisor told; a machine it no longer knows is gone, and so is its link.

    What is as it was writes its time alone.
    """
    before = hypervisor.read_at
    for one in reading.pools:
        _take_pool(hypervisor, one, by=by)
    for net in reading.networks:
        _take_network(hypervisor, net, by=by)
    for told in reading.machines:
        _take_machine(hypervisor, told, by=by, now=now, before=before)
    unread = {error.partition(":")[0] for error in reading.errors}
    _let_go(hypervisor, {m.uuid for m in reading.machines} | unread, by=by)
    running = [m.memory_bytes for m in reading.machines if m.state in ("running", "paused")]
    _write(hypervisor, "read", by, {
        "state": Hypervisor.State.OK, "version": reading.host.version[:120],
        "cpu_count": reading.host.cpu_count, "memory_bytes": reading.host.memory_bytes,
        "promised_bytes": sum(running),
    }, {"read_at": now, "last_error": "", "gaps": list(reading.errors)})  # fmt: skip
    if reading.host.uuid:
        item = hypervisor.item
        words = _words(reading.host.uuid)
        host = estate.Told(f"host {item.pk}", item.name, item.kind, words, item=item)
        estate.record_batch(_source(by), [host], by=by, now=now)
    live.publish("servers.hypervisor", hypervisor.pk)


def _take_machine(
    hypervisor: Hypervisor, told: shapes.Machine, *, by: User, now: datetime,
    before: datetime | None,
) -> None:  # fmt: skip
    machine = Machine.objects.filter(uuid=told.uuid).select_related("item").first()
    machine = machine or _met(hypervisor, told, by=by)
    waits = _waits(machine, told, now, before)
    _write(machine, "see", by, {
        "hypervisor": hypervisor, "state": told.state, "cpu_count": told.cpu_count,
        "memory_bytes": told.memory_bytes, "starts_by_itself": told.starts_by_itself,
        "addresses": list(told.addresses), "networks": list(told.networks),
        "disks": [{"target": d.target, "source": d.source} for d in told.disks],
    }, {"seen_at": now, "wait_ns": told.wait_ns, "waits_percent": waits})  # fmt: skip
    item = machine.item
    claims = {
        "domain": told.name, "cpu_count": told.cpu_count, "memory_bytes": told.memory_bytes,
        "addresses": list(told.addresses),
    }  # fmt: skip
    words = _words(told.uuid, told.macs)
    seen = estate.Told(told.uuid, item.name, "vm", words, claims, item=item)
    estate.record_batch(_source(by), [seen], by=by, now=now)
    _place(machine, hypervisor, by=by)
    _take_snapshots(machine, told.snapshots)


def _met(hypervisor: Hypervisor, told: shapes.Machine, *, by: User) -> Machine:
    """Return a machine seen for the first time: what is known by its UUID, or something new."""
    item = known_as(_words(told.uuid))
    is_known = item is not None and not Machine.objects.filter(item=item).exists()
    is_accepted = is_known or _source(by).accepts_new
    if item is None or not is_known:
        state = Item.State.ACTIVE if is_accepted else Item.State.PLANNED
        item = _item("vm", told.name, hypervisor, by=by, state=state)
    return Machine(item=item, hypervisor=hypervisor, uuid=told.uuid, is_recorded=is_accepted)


def _waits(
    machine: Machine, told: shapes.Machine, now: datetime, before: datetime | None
) -> float | None:
    """Return the share of time its CPUs were ready and had to wait, since the last reading."""
    if machine.wait_ns is None or told.wait_ns is None or before is None or before >= now:
        return None
    if told.wait_ns < machine.wait_ns or not told.cpu_count:  # it was started anew
        return None
    passed_ns = (now - before).total_seconds() * 1e9 * told.cpu_count
    return round(min(100.0, 100 * (told.wait_ns - machine.wait_ns) / passed_ns), 2)


def _place(machine: Machine, hypervisor: Hypervisor, *, by: User) -> None:
    """Let a machine run on the hypervisor that tells of it, and on no other known one."""
    others = machine.item.links_out.filter(kind="runs_on", to_item__hypervisor__isnull=False)
    for link in others.exclude(to_item=hypervisor.item_id):
        estate.unlink(link, by=by)
    known = machine.item.links_out.filter(kind="runs_on", to_item=hypervisor.item_id)
    if not known.exists():
        estate.require(machine.item, by=by, to=hypervisor.item, kind="runs_on")


def _take_snapshots(machine: Machine, told: Iterable[shapes.Snapshot]) -> None:
    rows = {
        one.name: MachineSnapshot(
            machine=machine, name=one.name, taken_at=one.taken_at, state=one.state
        )
        for one in told
    }
    known = {s.name: s.taken_at for s in machine.snapshots.all()}
    if known == {name: row.taken_at for name, row in rows.items()}:
        return
    machine.snapshots.all().delete()
    MachineSnapshot.objects.bulk_create(rows.values())


def _take_pool(hypervisor: Hypervisor, told: shapes.Pool, *, by: User) -> None:
    pool = hypervisor.pools.filter(uuid=told.uuid).select_related("item").first()
    if pool is None:
        item = _item("storage", f"{told.name} on {hypervisor}", hypervisor, by=by)
        pool = StoragePool(item=item, hypervisor=hypervisor, uuid=told.uuid)
        _part_of(item, hypervisor, by=by)
    percent = 100 * told.used_bytes / told.capacity_bytes if told.capacity_bytes else 0.0
    _write(pool, "see", by, {
        "type": told.kind, "path": told.path, "capacity_bytes": told.capacity_bytes,
    }, {"used_bytes": told.used_bytes, "used_percent": round(percent, 2)})  # fmt: skip


def _take_network(hypervisor: Hypervisor, told: shapes.Network, *, by: User) -> None:
    name = f"{told.name} on {hypervisor}"[:200]
    facts = {"libvirt": told.uuid, "forward": told.forward, "bridge": told.bridge}
    rows = Item.objects.live().filter(kind="vlan", links_out__to_item=hypervisor.item_id)
    known = rows.filter(name=name).first()
    if known is None:
        known = _item("vlan", name, hypervisor, by=by)
        _part_of(known, hypervisor, by=by)
    _write(known, "see", by, {"attributes": {**known.attributes, **facts}}, {})


def _part_of(item: Item, hypervisor: Hypervisor, *, by: User) -> None:
    """Let a pool or network stand with its hypervisor: without it, it is not there."""
    estate.require(item, by=by, to=hypervisor.item, kind="runs_on")


def _item(
    kind: str, name: str, hypervisor: Hypervisor, *, by: User, state: str = Item.State.ACTIVE
) -> Item:
    """Make an item; a name that is taken is told apart by the hypervisor."""
    here = hypervisor.item
    taken = Item.objects.live().filter(kind=kind, name__iexact=name, site=here.site_id)
    name = f"{name} on {hypervisor}" if taken.exists() else name
    item = Item(
        kind=kind,
        name=name[:200],
        site=here.site,
        owner=here.owner,
        environment=here.environment,
        state=state,
    )
    with recorded(item, "add", by=by, note=f"seen on {hypervisor}"):
        pass
    return item


def _let_go(hypervisor: Hypervisor, seen: set[str], *, by: User) -> None:
    lost = hypervisor.machines.exclude(uuid__in=seen).exclude(state=State.GONE)
    for machine in lost.select_related("item"):
        with recorded(machine, "lose", by=by, note=f"{hypervisor} knows it no longer"):
            machine.state = State.GONE
        for link in machine.item.links_out.filter(kind="runs_on", to_item=hypervisor.item_id):
            estate.unlink(link, by=by)


def _write(
    record: Any, verb: str, by: User, facts: Mapping[str, Any], figures: Mapping[str, Any]
) -> None:
    """Record what changed; figures that always move are written without an entry."""
    is_new = record.pk is None
    altered = {n: v for n, v in facts.items() if is_new or getattr(record, n) != v}
    if altered:
        with recorded(record, verb, by=by):
            for name, value in {**altered, **figures}.items():
                setattr(record, name, value)
    elif figures:
        type(record).objects.filter(pk=record.pk).update(**figures)


def _source(by: User) -> Source:
    """Return libvirt as a source: what it has not said for three intervals it says no more."""
    every = int(FACTS_EVERY.total_seconds())
    return estate.source_of(LIBVIRT, "libvirt", by=by, every_seconds=every)


def _words(uuid: str, macs: Iterable[str] = ()) -> list[Word]:
    """Return what a machine is recognised by; either byte order of its UUID is the same."""
    return [Word("system_uuid", uuid), *(Word("mac", mac) for mac in macs)]
