"""Checks of hypervisors and virtual machines."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from fullscore.domains.infrastructure.servers.queries.virtual import Room, Saved, Seen, Together
from fullscore.kit.checks import Limits, Subject, Verdict, bad, good, graded, rule, unknown

HOUR = timedelta(hours=1)


def homeless(room: Room, others: Sequence[Room], reserve_percent: float) -> list[str]:
    """Return the machines of a hypervisor that fit on no other, by memory.

    Method: first-fit decreasing, at most 11/9 of the best packing (D. S. Johnson, 1973), so a
    machine named here may fit by a cleverer one; `reserve_percent` of each host stays free.
    """
    left = [
        o.memory_bytes * (1 - reserve_percent / 100) - sum(size for _, size in o.machines)
        for o in others
    ]
    lost = []
    for name, size in sorted(room.machines, key=lambda m: (-m[1], m[0])):
        place = next((i for i, free in enumerate(left) if size <= free), None)
        if place is None:
            lost.append(name)
        else:
            left[place] -= size
    return lost


@rule(
    "servers.vm_no_failover", title="Hypervisors whose machines fit nowhere else", codes=["VM1"],
    every=HOUR,
    why="When such a host fails, some of its machines stay down until it is repaired.",
    source="N+1: what runs on each host must fit into the memory left on the others of its site,"
    " 10 % of each kept free; packed first-fit decreasing. Our judgement.",
    fix="Add memory or a host, shrink machines, or say which may stay down.",
    limits={"reserve": 10},
)  # fmt: skip
def vm_no_failover(rooms: Iterable[Room], *, now: datetime, limits: Limits) -> Iterator[Verdict]:
    """Say which hypervisors could not be lost."""
    known = list(rooms)
    for room in known:
        subject = Subject(item=room.item)
        if not room.memory_bytes:
            yield unknown(subject, why="it was not read", remedy=room.error or "Wait for it.")
            continue
        others = [
            o for o in known if o.item != room.item and o.site == room.site and o.state == "ok"
        ]
        lost = homeless(room, others, limits.of(room.item)["reserve"])
        if not lost:
            yield good(subject, figure=0, limit=0, unit="1")
            continue
        evidence = {"machines": lost[:20], "other hosts": [o.name for o in others][:20]}
        yield bad(
            subject, severity=4 if others else 3, figure=len(lost), limit=0, unit="1",
            title=f"{len(lost)} of {len(room.machines)} machines fit nowhere else",
            evidence=(evidence,), advice=vm_no_failover.fix,
        )  # fmt: skip


@rule(
    "servers.vm_together", title="Spares that share one hypervisor", codes=["VM2"], every=HOUR,
    why="Several machines serve one need so that one may fail; on one host all fail at once.",
    source="Every member of the need runs on the same hypervisor; estate rule E8.",
    fix="Move one member to another hypervisor.",
)  # fmt: skip
def vm_together(needs: Iterable[Together], *, now: datetime, limits: Limits) -> Iterator[Verdict]:
    """Say which spares would fail with one host."""
    for one in needs:
        subject = Subject(item=one.item, key=one.need)
        hosts = {hypervisor for _, hypervisor in one.members}
        if len(hosts) > 1 or len(one.members) < 2:
            yield good(subject)
            continue
        names = [machine for machine, _ in one.members]
        yield bad(
            subject, severity=4,
            title=f"All that serve {one.need or one.name} run on {hosts.pop()}",
            evidence=({"machines": names},), advice=vm_together.fix,
        )  # fmt: skip


@rule(
    "servers.vm_snapshot_old", title="Snapshots that were forgotten", codes=["VM3"], every=HOUR,
    why="A snapshot grows with every write, slows the machine, and fills the pool at last.",
    source="Older than 7 days; our judgement: a snapshot is a way back, no backup.",
    fix="Delete it when the change it was for is over: `virsh snapshot-delete`.",
    limits={"low": 7, "medium": 30},
)  # fmt: skip
def vm_snapshot_old(saved: Iterable[Saved], *, now: datetime, limits: Limits) -> Iterator[Verdict]:
    """Say which snapshots are older than their limit."""
    for one in saved:
        days = (now - one.taken_at) / timedelta(days=1)
        yield graded(
            Subject(item=one.item, key=one.name), days, limits.of(one.item), unit="d",
            title=f"The snapshot {one.name} of {one.machine} is {days:.0f} days old",
            advice=vm_snapshot_old.fix,
        )  # fmt: skip


@rule(
    "servers.vm_overcommitted", title="More memory promised than there is", codes=["VM4"],
    every=HOUR,
    why="When the machines use what they were promised, the host swaps or kills one of them.",
    source="Memory of running machines over 1.2 times the host's; our judgement.",
    fix="Move a machine, shrink one, or add memory.", limits={"medium": 1.2, "high": 1.5},
)  # fmt: skip
def vm_overcommitted(rooms: Iterable[Room], *, now: datetime, limits: Limits) -> Iterator[Verdict]:
    """Say which hypervisors have promised more memory than they have."""
    for room in rooms:
        subject = Subject(item=room.item)
        if not room.memory_bytes:
            yield unknown(subject, why="it was not read", remedy=room.error or "Wait for it.")
            continue
        ratio = sum(size for _, size in room.machines) / room.memory_bytes
        yield graded(
            subject, ratio, limits.of(room.item), unit="1", advice=vm_overcommitted.fix,
            title=f"{ratio:.2f} times its memory is promised to machines",
        )  # fmt: skip


@rule(
    "servers.vm_waits", title="Machines that wait for a CPU of their host", codes=["VM4"],
    every=timedelta(minutes=5), good_runs=2,
    why="The guest looks idle and its users wait: the host has no CPU to give it.",
    source="Ready and waiting for more than 10 % of the time since the last reading (`domstats`,"
    " vcpu wait); our judgement.",
    fix="Move the machine, or take CPUs from machines that do not use them.",
    limits={"medium": 10, "high": 25},
)  # fmt: skip
def vm_waits(machines: Iterable[Seen], *, now: datetime, limits: Limits) -> Iterator[Verdict]:
    """Say which machines get no CPU when they want one."""
    for one in machines:
        if one.waits_percent is not None:
            yield graded(
                Subject(item=one.item), one.waits_percent, limits.of(one.item), unit="%",
                title=f"{one.name} waits for a CPU of {one.hypervisor}", advice=vm_waits.fix,
            )  # fmt: skip


@rule(
    "servers.vm_unrecorded", title="Machines nobody put on the record", codes=["VM5"], every=HOUR,
    why="What nobody knows of nobody patches, backs up or pays for on purpose.",
    source="It runs, and nobody said that it is meant to be.",
    fix="Keep it on its page and give it an owner, or shut it down.",
)  # fmt: skip
def vm_unrecorded(machines: Iterable[Seen], *, now: datetime, limits: Limits) -> Iterator[Verdict]:
    """Say which machines run without anybody having said so."""
    for one in machines:
        subject = Subject(item=one.item)
        if one.is_recorded or one.state != "running":
            yield good(subject)
            continue
        yield bad(
            subject, severity=2, title=f"{one.name} runs on {one.hypervisor}, off the record",
            advice=vm_unrecorded.fix,
        )  # fmt: skip


@rule(
    "servers.hypervisor_failing", title="Hypervisors that cannot be read",
    every=timedelta(minutes=5), good_runs=2,
    why="While it is not read, its machines may fail or move unseen.",
    source="The last reading failed.",
    fix="Read the error: open the way to it, or give the account the right to use libvirt.",
)  # fmt: skip
def hypervisor_failing(
    rooms: Iterable[Room], *, now: datetime, limits: Limits
) -> Iterator[Verdict]:
    """Say which hypervisors could not be read."""
    for room in rooms:
        subject = Subject(item=room.item)
        if room.state != "failing":
            yield good(subject)
            continue
        yield bad(
            subject, severity=4, title=f"{room.name} does not tell of its machines",
            evidence=({"error": room.error},), advice=hypervisor_failing.fix,
        )  # fmt: skip
