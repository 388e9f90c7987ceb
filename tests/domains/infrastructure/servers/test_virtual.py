"""Hypervisors read and acted on through the real virsh; their machines as items; the checks."""

from datetime import UTC, datetime, timedelta

import pytest

from fullscore.connectors.libvirt import client
from fullscore.connectors.libvirt.parse import swapped
from fullscore.connectors.libvirt.shapes import Host, Machine, Reading, Snapshot
from fullscore.domains.foundation.estate import services as estate
from fullscore.domains.foundation.estate.models import Item
from fullscore.domains.infrastructure.servers import jobs, services
from fullscore.domains.infrastructure.servers.checks import virtual as checks
from fullscore.domains.infrastructure.servers.models import Machine as Kept
from fullscore.domains.infrastructure.servers.models import SshHost
from fullscore.domains.infrastructure.servers.queries import virtual as queries
from fullscore.kit import time
from fullscore.kit.checks import Limits, Scope
from fullscore.kit.errors import Conflict, Invalid
from fullscore.kit.models import AuditEntry
from fullscore.kit.models.user import system
from tests import make
from tests.connectors.libvirt import nodes

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
GIB = 1 << 30


@pytest.fixture(autouse=True)
def database(db):
    """Let every test here have one."""


def machine(number=1, **values):
    known = {"uuid": nodes.uuid(number), "name": f"web{number}", "state": "running",
             "cpu_count": 2, "memory_bytes": GIB}  # fmt: skip
    return Machine(**known | values)


def told(*machines, memory=16 * GIB, **values):
    host = Host("hv1", "", "QEMU 7.2.0", 16, memory)
    return Reading(host, machines, (), (), **values)


def take(hypervisor, *machines, now=NOW, **values):
    services.take_reading(hypervisor, told(*machines, **values), by=system(), now=now)
    hypervisor.refresh_from_db()
    return [*Kept.objects.order_by("uuid")]


def judged(rule, facts, **limits):
    verdicts = rule.judge(facts, now=NOW, limits=Limits({**rule.limits, **limits}))
    return [(v.outcome, v.severity) for v in verdicts]


# ── what is told becomes items ─────────────────────────────────────────────────────────────────


@pytest.mark.real
def test_fifty_machines_become_items_that_run_on_their_hypervisor(tmp_path):
    nodes.need_virsh()
    rows = [nodes.domain(n, is_off=n % 10 == 0, saved="old" if n == 7 else "") for n in range(50)]
    reading = client.read(client.here, nodes.node(tmp_path, *rows))
    hypervisor = make.hypervisor()

    services.take_reading(hypervisor, reading, by=system(), now=NOW)

    hypervisor.refresh_from_db()
    assert (hypervisor.state, hypervisor.machines.count()) == ("ok", 50)
    assert (hypervisor.memory_bytes, hypervisor.promised_bytes) == (64 * GIB, 45 * GIB)
    item = Item.objects.get(kind="vm", name="web07")
    assert [link.to_item for link in item.links_out.filter(kind="runs_on")] == [hypervisor.item]
    assert [s.name for s in item.machine.snapshots.all()] == ["old"]
    assert Item.objects.filter(kind="storage", name=f"images on {hypervisor}").exists()
    assert Item.objects.get(kind="vlan").attributes["bridge"] == "br0"


@pytest.mark.real
def test_reading_the_same_again_writes_nothing_down(tmp_path):
    nodes.need_virsh()
    reading = client.read(client.here, nodes.node(tmp_path, nodes.domain(1), nodes.domain(2)))
    hypervisor = make.hypervisor()
    services.take_reading(hypervisor, reading, by=system(), now=NOW)
    before = AuditEntry.objects.count()

    services.take_reading(hypervisor, reading, by=system(), now=NOW + timedelta(minutes=5))

    assert AuditEntry.objects.count() == before
    hypervisor.refresh_from_db()
    assert hypervisor.read_at == NOW + timedelta(minutes=5)


@pytest.mark.parametrize("order", [str, swapped], ids=["as it is", "the other byte order"])
def test_a_machine_is_the_server_that_has_its_uuid(order):
    server = make.item("web1.example.org", kind="vm")
    make.identifier(item=server, kind="system_uuid", value=order(nodes.uuid(1)))

    (kept,) = take(make.hypervisor(), machine(1))

    assert (kept.item, kept.is_recorded) == (server, True)


def test_a_machine_that_moves_takes_its_link_along():
    one, other = make.hypervisor(), make.hypervisor()
    take(one, machine(1))

    (kept,) = take(other, machine(1))

    assert kept.hypervisor == other
    assert [link.to_item for link in kept.item.links_out.all()] == [other.item]
    take(one)  # the old host knows it no longer: that takes nothing away
    kept.refresh_from_db()
    assert kept.state == "running"


def test_a_machine_that_is_no_more_is_gone_and_leaves_its_host():
    hypervisor = make.hypervisor()
    take(hypervisor, machine(1), machine(2))

    first, second = take(hypervisor, machine(2))

    assert (first.state, first.item.links_out.count()) == ("gone", 0)
    assert second.state == "running"


def test_a_machine_that_could_not_be_read_is_not_gone():
    hypervisor = make.hypervisor()
    take(hypervisor, machine(1))

    (kept,) = take(hypervisor, errors=(f"{nodes.uuid(1)}: no XML we read",))

    assert kept.state == "running"
    assert hypervisor.gaps == [f"{nodes.uuid(1)}: no XML we read"]


def test_two_machines_of_one_name_are_told_apart():
    make.item("web1", kind="vm")

    (kept,) = take(make.hypervisor(item=make.item("hv9", kind="hypervisor")), machine(1))

    assert kept.item.name == "web1 on hv9"


def test_waiting_for_a_cpu_is_a_share_of_the_time_between_readings():
    hypervisor = make.hypervisor()
    take(hypervisor, machine(1, wait_ns=0))
    later = NOW + timedelta(seconds=100)

    (kept,) = take(hypervisor, machine(1, wait_ns=20_000_000_000), now=later)
    assert kept.waits_percent == 10.0  # 20 s of 100 s on each of two CPUs

    (kept,) = take(hypervisor, machine(1, wait_ns=5), now=later + timedelta(seconds=60))
    assert kept.waits_percent is None  # started anew


def test_a_hypervisor_over_ssh_needs_an_ssh_host():
    item = make.item(kind="hypervisor")

    with pytest.raises(Invalid, match="SSH hosts first"):
        services.add_hypervisor(by=system(), item=item, way="ssh")

    make.ssh_host(item=item)
    assert services.add_hypervisor(by=system(), item=item, way="ssh").state == "new"


@pytest.mark.parametrize("uri", ["qemu+ext:///system?command=/bin/sh", "test:///etc/passwd"])
def test_an_address_that_starts_programs_is_refused(uri):
    with pytest.raises(Invalid, match="qemu:///system"):
        services.add_hypervisor(
            by=system(), item=make.item(kind="hypervisor"), way="local", uri=uri
        )


# ── jobs and acts ──────────────────────────────────────────────────────────────────────────────


def reached(**values):
    """Return a hypervisor that libvirt's test driver plays, read once."""
    nodes.need_virsh()
    hypervisor = make.hypervisor(uri="test:///default", **values)
    jobs.read_hypervisor(hypervisor=hypervisor.pk)
    hypervisor.refresh_from_db()
    return hypervisor


def running(act, *, by):
    """Bring the change of an act to where it runs; its approval is tested elsewhere."""
    type(act.change).objects.filter(pk=act.change_id).update(
        state="running", executor=by, started_at=time.now(), points=1, band="low"
    )
    act.refresh_from_db()
    return act


@pytest.mark.real
def test_a_hypervisor_is_read_by_the_clock():
    hypervisor = reached()

    assert (hypervisor.state, hypervisor.last_error) == ("ok", "")
    assert [m.item.name for m in hypervisor.machines.all()] == ["test"]


@pytest.mark.real
def test_one_that_does_not_answer_says_why_and_keeps_what_was_known():
    hypervisor = reached()
    type(hypervisor).objects.filter(pk=hypervisor.pk).update(uri="lxc:///system")

    jobs.read_hypervisor(hypervisor=hypervisor.pk)

    hypervisor.refresh_from_db()
    assert hypervisor.state == "failing"
    assert "does not answer" in hypervisor.last_error
    assert hypervisor.machines.count() == 1
    assert ("bad", 4) in judged(checks.hypervisor_failing, queries.rooms(Scope(NOW)))


@pytest.mark.real
def test_an_act_is_planned_as_a_change_and_happens_only_while_that_runs():
    ann = make.user("ann")
    kept = reached().machines.get()

    act = services.plan_shutdown(kept, by=ann)
    steps = [s.title for s in act.change.steps.filter(is_back=False)]
    assert steps == [f"Shut test down (virsh shutdown {kept.uuid})"]
    assert [*act.change.items.all()] == [kept.item]
    with pytest.raises(Conflict, match="have it approved"):
        services.apply(act, by=ann)

    services.apply(running(act, by=ann), by=ann)
    jobs.carry_out(act=act.pk)

    act.refresh_from_db()
    assert (act.state, act.said) == ("done", "Shut test down: shut off")
    assert act.change.steps.get(is_back=False).done_at is not None


@pytest.mark.real
def test_an_act_the_hypervisor_refuses_has_failed_and_may_be_tried_again():
    ann = make.user("ann")
    kept = reached().machines.get()
    act = services.plan_snapshot(kept, by=ann, name="first")
    type(act).objects.filter(pk=act.pk).update(act="start", values={}, steps=[
        {"title": "Start test", "command": f"virsh start {kept.uuid}"}])  # fmt: skip
    act.refresh_from_db()

    services.apply(running(act, by=ann), by=ann)
    jobs.carry_out(act=act.pk)

    act.refresh_from_db()
    assert act.state == "failed"
    assert "already active" in act.said
    assert services.apply(act, by=ann).state == "ordered"


def test_what_would_be_done_is_what_was_shown():
    ann = make.user("ann")
    (kept,) = take(make.hypervisor(), machine(1))
    act = services.plan_shutdown(kept, by=ann)

    type(kept).objects.filter(pk=kept.pk).update(uuid=nodes.uuid(2))
    act.refresh_from_db()

    with pytest.raises(Conflict, match="plan it anew"):
        services.plan_of(act)


def test_two_things_at_once_are_not_done_with_one_machine():
    ann = make.user("ann")
    (kept,) = take(make.hypervisor(), machine(1))
    acts = [running(services.plan_shutdown(kept, by=ann), by=ann) for _ in range(2)]
    services.apply(acts[0], by=ann)

    with pytest.raises(Invalid, match="wait for it"):
        services.apply(acts[1], by=ann)


def test_going_back_says_what_it_loses():
    (kept,) = take(make.hypervisor(), machine(1, snapshots=(Snapshot("s1", NOW, "running"),)))

    act = services.plan_revert(kept, by=system(), name="s1")

    assert act.loses == "All that web1 wrote since."
    assert (act.change.rollback, act.loses in act.change.description) == ("none", True)
    with pytest.raises(Invalid, match="no snapshot “s2”"):
        services.plan_revert(kept, by=system(), name="s2")


def test_a_machine_moves_only_where_there_is_room():
    one, small, large = make.hypervisor(), make.hypervisor(), make.hypervisor()
    (kept,) = take(one, machine(1, memory_bytes=4 * GIB))
    take(small, memory=2 * GIB)
    take(large, memory=64 * GIB)
    make.ssh_host(item=large.item, address="hv2.example.org")

    with pytest.raises(Conflict, match="2048 MiB left, 4096 MiB needed"):
        services.plan_migrate(kept, by=system(), to=small)
    act = services.plan_migrate(kept, by=system(), to=large)

    assert "qemu+ssh://hv2.example.org/system" in act.steps[0]["command"]
    with pytest.raises(Invalid, match="runs there"):
        services.plan_migrate(kept, by=system(), to=one)


@pytest.mark.parametrize(
    ("state", "plan", "told"),
    [
        ("running", services.plan_start, "only one that is off"),
        ("off", services.plan_shutdown, "needs one that runs"),
    ],
)
def test_what_the_state_forbids_is_not_planned(state, plan, told):
    (kept,) = take(make.hypervisor(), machine(1, state=state))

    with pytest.raises(Conflict, match=told):
        plan(kept, by=system())


# ── checks ─────────────────────────────────────────────────────────────────────────────────────


def room(item, memory, *machines, **values):
    rows = tuple((f"vm{n}", size) for n, size in enumerate(machines))
    return queries.Room(item, f"hv{item}", None, "ok", "", memory, rows)._replace(**values)


@pytest.mark.parametrize(
    ("rooms", "expected"),
    [
        ([room(1, 100, 40, 40), room(2, 100)], [("good", 0), ("good", 0)]),
        ([room(1, 100, 40, 40), room(2, 100, 40)], [("bad", 4), ("bad", 4)]),
        ([room(1, 100, 40)], [("bad", 3)]),
        ([room(1, 100)], [("good", 0)]),
        ([room(1, 100, 91), room(2, 100)], [("bad", 4), ("good", 0)]),
        ([room(1, 100, 40), room(2, 900, site=9)], [("bad", 3), ("good", 0)]),
        ([room(1, 100, 40), room(2, 900, state="failing")], [("bad", 3), ("good", 0)]),
        ([room(1, 100, 60, 30), room(2, 100), room(3, 100, 50)],
         [("good", 0), ("good", 0), ("good", 0)]),
        ([room(1, 0)], [("unknown", 0)]),
    ],
    ids=["room", "no room for two", "alone", "nothing runs", "10 % stay free", "other site",
         "partner not read", "largest first", "not read"],
)  # fmt: skip
def test_a_hypervisor_must_be_dispensable(rooms, expected):
    assert judged(checks.vm_no_failover, rooms) == expected


@pytest.mark.parametrize(
    ("promised", "expected"),
    [(120, ("good", 0)), (121, ("bad", 3)), (151, ("bad", 4))],
)
def test_memory_may_be_promised_a_fifth_too_much(promised, expected):
    assert judged(checks.vm_overcommitted, [room(1, 100, promised)]) == [expected]


@pytest.mark.parametrize(
    ("days", "expected"), [(6, ("good", 0)), (8, ("bad", 2)), (31, ("bad", 3))]
)
def test_snapshots_grow_old(days, expected):
    saved = queries.Saved(1, "web1", "s1", NOW - timedelta(days=days))

    assert judged(checks.vm_snapshot_old, [saved]) == [expected]


def test_what_runs_off_the_record_is_found_until_it_is_kept():
    (kept,) = take(make.hypervisor(), machine(1))
    assert judged(checks.vm_unrecorded, queries.machines(Scope(NOW))) == [("bad", 2)]
    assert kept.item.state == "planned"

    services.keep(kept, by=system())

    assert judged(checks.vm_unrecorded, queries.machines(Scope(NOW))) == [("good", 0)]
    assert Item.objects.get(pk=kept.item_id).state == "active"


def test_what_runs_is_on_the_record_where_libvirt_takes_in_what_is_new():
    make.source("libvirt", kind="libvirt", accepts_new=True)

    (found,) = take(make.hypervisor(), machine(1))

    assert (found.is_recorded, found.item.state) == (True, "active")


def test_spares_on_one_hypervisor_are_found():
    shop = make.item("shop", kind="service")
    one, other = make.hypervisor(), make.hypervisor()
    first, second = take(one, machine(1), machine(2))
    for kept in (first, second):
        estate.require(shop, by=system(), to=kept.item, name="web", needed=1)
    assert judged(checks.vm_together, queries.together(Scope(NOW))) == [("bad", 4)]

    take(other, machine(2))

    assert judged(checks.vm_together, queries.together(Scope(NOW))) == [("good", 0)]


def test_a_machine_that_waits_is_found_and_one_that_does_not_tell_is_no_case():
    seen = queries.Seen(1, "web1", "hv1", "running", True, 11.0)

    assert judged(checks.vm_waits, [seen, seen._replace(waits_percent=None)]) == [("bad", 3)]


def test_rows_are_seen_with_their_machine():
    team = make.team()
    ann = make.user("ann", role="viewer", team=team)
    one = make.machine(item=make.item(kind="vm", owner=team))
    make.machine_snapshot(machine=one)
    make.machine_snapshot()

    assert [s.machine for s in type(one.snapshots.get()).objects.visible_to(ann)] == [one]


def test_an_ssh_host_that_is_paused_is_not_asked():
    hypervisor = make.hypervisor(way="ssh")
    make.ssh_host(item=hypervisor.item, state=SshHost.State.PAUSED)

    jobs.read_hypervisor(hypervisor=hypervisor.pk)

    hypervisor.refresh_from_db()
    assert "resume it" in hypervisor.last_error
