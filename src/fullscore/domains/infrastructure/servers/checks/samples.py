"""Checks of samples: what is running full, or is under pressure now.

Good only after two good runs.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from fullscore.domains.infrastructure.servers.queries import Gauge, Volume
from fullscore.domains.infrastructure.servers.queries.waiting import Slow, Stolen
from fullscore.engines.forecast import Sample, days_until_full
from fullscore.kit.checks import (
    Limits,
    Subject,
    Verdict,
    bad,
    good,
    graded,
    not_applicable,
    rule,
    unknown,
)

FIVE = timedelta(minutes=5)
MINUTE = timedelta(minutes=1)
LEAD_HOURS = 4.0  # to grow a volume or clean it up; our judgement
NO_SAMPLES = "no samples in the window"
REMEDY = "Is the collector running?"


def _filling(
    volumes: Iterable[Volume], now: datetime, limits: Limits, what: str
) -> Iterator[Verdict]:
    for volume in volumes:
        subject = Subject(item=volume.item, key=volume.mount)
        if volume.used_bytes is None:
            yield unknown(subject, why=NO_SAMPLES, remedy=REMEDY)
            continue
        if volume.size_bytes <= 0:
            continue
        mine = limits.of(volume.item)
        percent = 100 * volume.used_bytes / volume.size_bytes
        samples = [Sample(day, used) for day, used in volume.samples]
        days = days_until_full(samples, volume.size_bytes) if len(samples) >= 24 else None
        evidence = ({"mount": volume.mount, "used": f"{percent:.1f} %", "size": volume.size_bytes},)
        if percent > mine["critical"]:
            yield bad(
                subject, severity=5,
                title=f"{volume.mount} on {volume.host}: {what} {percent:.0f} % used",
                figure=percent, limit=mine["critical"], unit="%", evidence=evidence,
                due_on=now.date(),
                advice=ADVICE,
            )  # fmt: skip
        elif percent > (mine["clear"] if volume.is_held else mine["high"]):
            yield bad(
                subject, severity=4,
                title=f"{volume.mount} on {volume.host}: {what} {percent:.0f} % used",
                figure=percent, limit=mine["high"], unit="%", evidence=evidence, advice=ADVICE,
            )  # fmt: skip
        elif days is not None and days < mine["days"]:
            full_at = now + timedelta(days=days)
            yield bad(
                subject, severity=4, figure=days, limit=mine["days"], unit="d", evidence=evidence,
                title=f"{volume.mount} on {volume.host}: {what} full in {days:.1f} days",
                advice=ADVICE, due_on=(full_at - timedelta(hours=LEAD_HOURS)).date(),
            )  # fmt: skip
        else:
            yield good(subject, figure=percent, limit=mine["high"], unit="%", evidence=evidence)


ADVICE = "Find what grows (`du -xh --max-depth=2`), remove or move it, or enlarge the volume."


@rule(
    "servers.disk_filling", title="Disks that run full", codes=["S1"], every=FIVE, good_runs=2,
    why="A full disk stops databases, logins and logging, and often loses data.",
    source="Forecast under 7 days (Theil–Sen over 14 days), or use over 95 %, good again from 90 %;"
    " our judgement.",
    fix=ADVICE, limits={"high": 95, "clear": 90, "critical": 98, "days": 7}, is_urgent=True,
)  # fmt: skip
def disk_filling(volumes: Iterable[Volume], *, now: datetime, limits: Limits) -> Iterator[Verdict]:
    """Say which filesystems are full or will be soon."""
    yield from _filling(volumes, now, limits, "disk")


@rule(
    "servers.inodes_filling", title="Filesystems that run out of inodes", codes=["S1"], every=FIVE,
    good_runs=2, why="Without inodes no file can be made, though space is left.",
    source="As for space: forecast under 7 days, or use over 95 %, good again from 90 %.",
    fix="Find the folder with millions of small files and clean it up.",
    limits={"high": 95, "clear": 90, "critical": 98, "days": 7},
)  # fmt: skip
def inodes_filling(
    volumes: Iterable[Volume], *, now: datetime, limits: Limits
) -> Iterator[Verdict]:
    """Say which filesystems have few inodes left."""
    yield from _filling(volumes, now, limits, "inodes")


def _pressure(
    gauges: Iterable[Gauge], limits: Limits, title: str, advice: str
) -> Iterator[Verdict]:
    for gauge in gauges:
        subject = Subject(item=gauge.item)
        percent = gauge.figures.get("percent")
        if percent is None and not gauge.figures.get("has_series"):
            yield not_applicable(subject, why="this kernel does not report pressure (PSI)")
        elif percent is None:
            yield unknown(subject, why=NO_SAMPLES, remedy=REMEDY)
        else:
            told = f"{title} for {percent:.0f} % of the time"
            yield graded(
                subject, percent, limits.of(gauge.item), title=told, unit="%", advice=advice
            )


@rule(
    "servers.memory_pressure", title="Work that waits for memory", codes=["S2"], every=MINUTE,
    good_runs=2,
    follows=["servers.memory_low"],
    why="When every task stalls for memory the host is about to halt or to kill processes.",
    source="PSI memory `full` over 5 % for 5 minutes; kernel documentation, accounting/psi.rst.",
    fix="Find the largest processes and units, restart or move them, or add memory.",
    limits={"high": 5, "critical": 25}, is_urgent=True,
)  # fmt: skip
def memory_pressure(gauges: Iterable[Gauge], *, now: datetime, limits: Limits) -> Iterator[Verdict]:
    """Say where all work stalls for memory."""
    yield from _pressure(gauges, limits, "All work waits for memory", memory_pressure.fix)


@rule(
    "servers.cpu_pressure", title="Work that waits for a CPU", codes=["S3"], every=MINUTE,
    good_runs=2,
    why="Requests queue for a processor: users see it as slowness long before anything breaks.",
    source="PSI CPU `some` over 40 % for 15 minutes; utilisation alone is no alarm.",
    fix="Find the busy processes, spread the load, or add processors.",
    limits={"medium": 40, "high": 80},
)  # fmt: skip
def cpu_pressure(gauges: Iterable[Gauge], *, now: datetime, limits: Limits) -> Iterator[Verdict]:
    """Say where work waits for a processor."""
    yield from _pressure(gauges, limits, "Work waits for a CPU", cpu_pressure.fix)


@rule(
    "servers.io_pressure", title="Work that waits for disks", codes=["S4"], every=MINUTE,
    good_runs=2,
    why="All tasks stall on storage: databases time out and restarts take minutes.",
    source="PSI I/O `full` over 20 % for 10 minutes; our judgement.",
    fix="Look for a failing disk, a backup at the wrong hour, or missing memory for caches.",
    limits={"high": 20},
)  # fmt: skip
def io_pressure(gauges: Iterable[Gauge], *, now: datetime, limits: Limits) -> Iterator[Verdict]:
    """Say where all work stalls on disks."""
    yield from _pressure(gauges, limits, "All work waits for disks", io_pressure.fix)


@rule(
    "servers.cpu_stolen", title="Processors given to others", codes=["S3"], every=MINUTE,
    good_runs=2,
    why="The hypervisor promised more than it has: this machine is slow, and nothing in it helps.",
    source="Steal over 10 % for 15 minutes, the mean of all processors; our judgement.",
    fix="Move the machine or a neighbour to another hypervisor, or buy a larger kind.",
    limits={"medium": 10},
)  # fmt: skip
def cpu_stolen(hosts: Iterable[Stolen], *, now: datetime, limits: Limits) -> Iterator[Verdict]:
    """Say whose processors the hypervisor gives to others."""
    for one in hosts:
        if one.percent is None:
            yield unknown(Subject(item=one.item), why=NO_SAMPLES, remedy=REMEDY)
            continue
        yield graded(
            Subject(item=one.item), one.percent, limits.of(one.item), unit="%",
            title=f"{one.percent:.0f} % of the processors of {one.name} are given to others",
            advice=cpu_stolen.fix,
        )  # fmt: skip


@rule(
    "servers.disk_slow", title="Disks that answer slowly", codes=["S4"], every=MINUTE,
    good_runs=2, follows=["servers.io_pressure"],
    why="Each request waits: databases time out long before the disk fails.",
    source="Requests take over 50 ms on a solid disk, 200 ms on a rotating one, on average of 10"
    " minutes with at least one request a second; our judgement.",
    fix="Look for a failing disk or a full queue (`iostat -x`), or for a backup at the wrong hour.",
    limits={"solid": 50, "rotating": 200},
)  # fmt: skip
def disk_slow(disks: Iterable[Slow], *, now: datetime, limits: Limits) -> Iterator[Verdict]:
    """Say which disks take long to answer."""
    for one in disks:
        if one.await_ms is None:
            yield unknown(Subject(item=one.item), why=NO_SAMPLES, remedy=REMEDY)
            continue
        most = limits.of(one.item)["rotating" if one.is_rotational else "solid"]
        yield graded(
            Subject(item=one.item, key=one.device), one.await_ms, {"high": most}, unit="ms",
            title=f"{one.device} of {one.name} takes {one.await_ms:.0f} ms for a request",
            advice=disk_slow.fix,
        )  # fmt: skip


@rule(
    "servers.swap_thrash", title="Swapping in and out", codes=["S5"], every=MINUTE, good_runs=2,
    follows=["servers.memory_low"],
    why="A host that pages in and out without end does little else.",
    source="More than 1,000 pages per second for 10 minutes; our judgement.",
    fix="Reduce what runs here, or add memory.", limits={"medium": 1000},
)  # fmt: skip
def swap_thrash(gauges: Iterable[Gauge], *, now: datetime, limits: Limits) -> Iterator[Verdict]:
    """Say where pages go in and out of swap all the time."""
    yield from _summed(
        gauges, limits, "{:.0f} pages per second swapped in and out", "1/s", swap_thrash.fix
    )


@rule(
    "servers.oom_killed", title="Processes killed for lack of memory", codes=["S2"], every=MINUTE,
    follows=["servers.memory_low"],
    why="The kernel ended a process to save the rest: some service is gone or was restarted.",
    source="Any kill within the last hour.", good_runs=2,
    fix="See `journalctl -k | grep -i oom`, then give the unit a limit or the host more memory.",
    limits={"critical": 0},
)  # fmt: skip
def oom_killed(gauges: Iterable[Gauge], *, now: datetime, limits: Limits) -> Iterator[Verdict]:
    """Say where the kernel killed for lack of memory within the hour."""
    yield from _summed(
        gauges, limits, "{:.0f} processes killed for lack of memory", "1", oom_killed.fix
    )


def _summed(
    gauges: Iterable[Gauge], limits: Limits, title: str, unit: str, advice: str
) -> Iterator[Verdict]:
    for gauge in gauges:
        subject = Subject(item=gauge.item)
        total = gauge.figures.get("sum")
        if total is None:
            yield unknown(subject, why=NO_SAMPLES, remedy=REMEDY)
            continue
        yield graded(
            subject,
            total,
            limits.of(gauge.item),
            title=title.format(total),
            unit=unit,
            advice=advice,
        )


@rule(
    "servers.file_handles", title="File handles that run out", codes=["S19"], every=FIVE,
    good_runs=2,
    why="At the limit every open fails: connections are refused and logs stop.",
    source="Over 80 % of the kernel's limit; our judgement.",
    fix="Find the process that leaks (`ls /proc/*/fd | wc -l`), restart it, or raise fs.file-max.",
    limits={"high": 80},
)  # fmt: skip
def file_handles(gauges: Iterable[Gauge], *, now: datetime, limits: Limits) -> Iterator[Verdict]:
    """Say where the open files come near the kernel's limit."""
    for gauge in gauges:
        subject = Subject(item=gauge.item)
        used, most = (gauge.figures.get(f"node_filefd_{w}") for w in ("allocated", "maximum"))
        if used is None or not most:
            yield unknown(subject, why=NO_SAMPLES, remedy=REMEDY)
            continue
        percent = 100 * used / most
        yield graded(
            subject, percent, limits.of(gauge.item),
            title=f"{percent:.0f} % of all file handles in use",
            unit="%", advice=file_handles.fix,
        )  # fmt: skip


@rule(
    "servers.memory_low", title="Little memory left", codes=["S2"], every=MINUTE, good_runs=2,
    why="Below a few percent the next large request ends in swapping or in a kill.",
    source="Available memory under 5 % (medium) or 2 % (high) of all; our judgement.",
    fix="Find the largest processes and units, restart or move them, or add memory.",
    limits={"medium": 5, "high": 2},
)  # fmt: skip
def memory_low(gauges: Iterable[Gauge], *, now: datetime, limits: Limits) -> Iterator[Verdict]:
    """Say where little memory is left."""
    for gauge in gauges:
        subject = Subject(item=gauge.item)
        total = gauge.figures.get("node_memory_MemTotal_bytes")
        left = gauge.figures.get("node_memory_MemAvailable_bytes")
        if not total or left is None:
            yield unknown(subject, why=NO_SAMPLES, remedy=REMEDY)
            continue
        percent = 100 * left / total
        yield graded(
            subject, percent, limits.of(gauge.item), worse="below", unit="%",
            title=f"{percent:.1f} % of the memory is left", advice=memory_low.fix,
        )  # fmt: skip
