"""Checks of what runs: units, processes, kernel, clock, silence."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from fullscore.domains.infrastructure.servers.checks.common import not_told, told
from fullscore.domains.infrastructure.servers.queries import Host
from fullscore.kit.checks import Limits, Subject, Verdict, bad, good, graded, rule, unknown

QUARTER = timedelta(minutes=15)


@rule(
    "servers.unit_failed", title="Units that failed", codes=["S6"], every=QUARTER,
    why="A service that should run does not, or a job that should have run did not.",
    source="systemd's own state `failed`.",
    fix="`systemctl status UNIT` and `journalctl -u UNIT`; repair, then `systemctl restart UNIT`.",
)  # fmt: skip
def unit_failed(hosts: Iterable[Host], *, now: datetime, limits: Limits) -> Iterator[Verdict]:
    """Say which units are in the state failed."""

    def inside(
        host: Host, units: list[dict[str, Any]], now: datetime, mine: Any
    ) -> Iterator[Verdict]:
        for unit in units:
            subject = Subject(item=host.item, key=str(unit.get("name", "")))
            if unit.get("active") == "failed":
                yield bad(
                    subject,
                    severity=4,
                    title=f"{unit['name']} failed on {host.name}",
                    evidence=(
                        {
                            "unit": unit["name"],
                            "result": unit.get("result"),
                            "since": unit.get("since"),
                        },
                    ),
                    advice=f"systemctl status {unit['name']}; journalctl -u {unit['name']}",
                )
            else:
                yield good(subject)

    yield from told(hosts, "units", inside, now=now, limits=limits)


@rule(
    "servers.unit_restarting",
    title="Units that restart again and again",
    codes=["S6"],
    every=QUARTER,
    why="A service in a restart loop answers now and then, and hides its fault from simple probes.",
    source="More than 3 restarts since the last reading 15 minutes ago; our judgement.",
    fix="Read its journal from before the first restart: `journalctl -u UNIT`.",
    limits={"high": 3},
)
def unit_restarting(hosts: Iterable[Host], *, now: datetime, limits: Limits) -> Iterator[Verdict]:
    """Say which units systemd restarts over and over."""

    def inside(
        host: Host, units: list[dict[str, Any]], now: datetime, mine: Any
    ) -> Iterator[Verdict]:
        for unit in units:
            count = float(unit.get("restarts_recent") or 0)
            subject = Subject(item=host.item, key=str(unit.get("name", "")))
            yield graded(
                subject,
                count,
                mine,
                title=f"{unit.get('name')} restarted {count:.0f} times on {host.name}",
                unit="1",
                advice=unit_restarting.fix,
            )

    yield from told(hosts, "units", inside, now=now, limits=limits)


@rule(
    "servers.unit_not_running",
    title="Enabled services that do not run",
    codes=["S6"],
    every=QUARTER,
    why="What should start with the host is not there; it was stopped by hand or never came up.",
    source="Enabled, a service that stays, inactive, its conditions met, and "
    "nothing that starts it later.",
    fix="Start it, or disable it if it is not needed: `systemctl disable --now UNIT`.",
)
def unit_not_running(hosts: Iterable[Host], *, now: datetime, limits: Limits) -> Iterator[Verdict]:
    """Say which services are enabled and ended badly or were never started."""

    def inside(
        host: Host, units: list[dict[str, Any]], now: datetime, mine: Any
    ) -> Iterator[Verdict]:
        waiting = {str(u.get("name")) for u in units if u.get("active") == "active"}
        for unit in units:
            name = str(unit.get("name", ""))
            subject = Subject(item=host.item, key=name)
            if _is_down(unit, name, waiting):
                yield bad(
                    subject, severity=3, title=f"{name} is enabled but does not run on {host.name}",
                    evidence=(unit,), advice=f"systemctl start {name}, or systemctl disable {name}",
                )  # fmt: skip
            else:
                yield good(subject)

    yield from told(hosts, "units", inside, now=now, limits=limits)


@rule(
    "servers.timer_missed", title="Timers that missed their runs", codes=["S6"], every=QUARTER,
    why="What should run by the clock does not: a backup, a renewal, a rotation.",
    source="The moment of the next run has passed by more than the time between two runs.",
    fix="`systemctl list-timers` and `systemctl status TIMER`; start it, or its unit ended badly.",
)  # fmt: skip
def timer_missed(hosts: Iterable[Host], *, now: datetime, limits: Limits) -> Iterator[Verdict]:
    """Say which timers let two runs pass."""

    def inside(
        host: Host, timers: list[dict[str, Any]], now: datetime, mine: Any
    ) -> Iterator[Verdict]:
        at = (host.at or now).timestamp()
        for timer in timers:
            last, following = timer.get("last_at"), timer.get("next_at")
            if timer.get("active") != "active" or not (last and following and following > last):
                continue
            subject = Subject(item=host.item, key=str(timer.get("name", "")))
            if at - following <= following - last:
                yield good(subject)
                continue
            yield bad(
                subject, severity=4, title=f"{timer['name']} missed its runs on {host.name}",
                evidence=(timer,), advice=f"systemctl status {timer['name']} {timer.get('unit')}",
            )  # fmt: skip

    yield from told(hosts, "timers", inside, now=now, limits=limits)


STAYS = ("simple", "exec", "forking", "notify", "notify-reload", "dbus")
STARTERS = (".socket", ".path", ".timer")  # units that start a service when it is needed


def _is_down(unit: dict[str, Any], name: str, running: set[str]) -> bool:
    """Say whether a service should be there and is not; a oneshot ends, a socket starts another."""
    stem = name.removesuffix(".service")
    return (
        name.endswith(".service") and unit.get("type") in STAYS and unit.get("enabled") == "enabled"
        and unit.get("active") == "inactive" and unit.get("condition_met") is not False
        and not any(stem + starter in running for starter in STARTERS)
    )  # fmt: skip


@rule(
    "servers.zombies", title="Many zombie processes", codes=["S7"], every=QUARTER,
    why="A parent that does not collect its children fills the process table.",
    source="More than 50; our judgement.", fix="Restart the parent process.", limits={"medium": 50},
)  # fmt: skip
def zombies(hosts: Iterable[Host], *, now: datetime, limits: Limits) -> Iterator[Verdict]:
    """Say where zombies pile up."""

    def inside(host: Host, content: Any, now: datetime, mine: Any) -> Iterator[Verdict]:
        count = float((content.get("states") or {}).get("Z", 0))
        yield graded(
            Subject(item=host.item),
            count,
            mine,
            title=f"{count:.0f} zombie processes on {host.name}",
            unit="1",
            advice=zombies.fix,
        )

    yield from told(hosts, "processes", inside, now=now, limits=limits)


@rule(
    "servers.process_stuck",
    title="Processes stuck in the kernel",
    codes=["S7"],
    every=QUARTER,
    why="A process that waits on storage for minutes cannot be killed; the storage has a fault.",
    source="In state D, without using any CPU, in two readings more than 5 minutes apart.",
    fix="Look at the disk or the network mount it waits for.",
    limits={"seconds": 300},
)
def process_stuck(hosts: Iterable[Host], *, now: datetime, limits: Limits) -> Iterator[Verdict]:
    """Say which processes have waited uninterruptibly for long."""

    def inside(host: Host, content: Any, now: datetime, mine: Any) -> Iterator[Verdict]:
        # `blocked_since` is added by `rows.with_memory`: one reading cannot tell waiting from
        # stuck.
        stuck = [
            p for p in content.get("rows") or []
            if p.get("state") == "D" and p.get("blocked_since") and host.at
            and host.at.timestamp() - p["blocked_since"] > mine["seconds"]
        ]  # fmt: skip
        if stuck:
            yield bad(
                Subject(item=host.item),
                severity=3,
                advice=process_stuck.fix,
                figure=len(stuck),
                limit=0,
                unit="1",
                title=f"{len(stuck)} processes stuck in the kernel on {host.name}",
                evidence=tuple(
                    {"pid": p.get("pid"), "command": p.get("command"), "unit": p.get("unit")}
                    for p in stuck[:20]
                ),
            )
        else:
            yield good(Subject(item=host.item), figure=0, limit=0, unit="1")

    yield from told(hosts, "processes", inside, now=now, limits=limits)


@rule(
    "servers.process_oversized",
    title="One process holds most of the memory",
    every=QUARTER,
    why="A leak grows until the kernel kills something, often something else.",
    source="Over 60 % of the host's memory in one process; our judgement. "
    "Databases: set a higher limit.",
    fix="Restart it in a quiet hour, give its unit MemoryMax, or report the leak.",
    limits={"medium": 60, "high": 85},
)
def process_oversized(hosts: Iterable[Host], *, now: datetime, limits: Limits) -> Iterator[Verdict]:
    """Say which processes hold most of a host's memory."""

    def inside(host: Host, content: Any, now: datetime, mine: Any) -> Iterator[Verdict]:
        total = float((host.section("hardware") or {}).get("memory_bytes") or 0)
        if not total:
            yield not_told(host, "how much memory it has is not known")
            return
        for process in content.get("rows") or []:
            size = float(process.get("memory_bytes") or 0)
            percent = 100 * size / total
            name = str(process.get("command") or "?")
            yield graded(
                Subject(item=host.item, key=name[:80]), percent, mine, unit="%",
                title=f"{name} holds {percent:.0f} % of the memory of {host.name}",
                evidence=({"pid": process.get("pid"), "bytes": size, "unit": process.get("unit")},),
                advice=process_oversized.fix,
            )  # fmt: skip

    yield from told(hosts, "processes", inside, now=now, limits=limits)


@rule(
    "servers.clock_off", title="Clocks that are wrong", codes=["S8"], every=QUARTER,
    follows=["servers.clock_unsynchronised"],
    why="Logs cannot be matched, tickets and certificates are refused, replication drifts.",
    source="Offset over half a second; Kerberos refuses at five minutes.",
    fix="See `chronyc tracking` or `timedatectl timesync-status`, and let UDP 123 through.",
    limits={"medium": 0.5, "high": 30},
)  # fmt: skip
def clock_off(hosts: Iterable[Host], *, now: datetime, limits: Limits) -> Iterator[Verdict]:
    """Say whose clock is off."""

    def inside(host: Host, system: dict[str, Any], now: datetime, mine: Any) -> Iterator[Verdict]:
        offset = system.get("time_offset_seconds")
        if offset is None:
            yield unknown(Subject(item=host.item), why=NO_CLOCK, remedy=TIME_SERVICE)
            return
        yield graded(
            Subject(item=host.item), abs(float(offset)), mine, unit="s", advice=clock_off.fix,
            title=f"The clock of {host.name} is {offset:+.1f} s off",
        )  # fmt: skip

    yield from told(hosts, "os", inside, now=now, limits=limits)


@rule(
    "servers.clock_unsynchronised", title="Clocks nobody sets", codes=["S8"], every=QUARTER,
    why="A free-running clock is seconds off within weeks.",
    source="The kernel's own word (adjtimex) that it is not synchronised.",
    fix="Install and start chrony or systemd-timesyncd, and name a time server.",
)  # fmt: skip
def clock_unsynchronised(
    hosts: Iterable[Host], *, now: datetime, limits: Limits
) -> Iterator[Verdict]:
    """Say whose clock is not synchronised to anything."""

    def inside(host: Host, system: dict[str, Any], now: datetime, mine: Any) -> Iterator[Verdict]:
        subject = Subject(item=host.item)
        virtualization = (host.section("identity") or {}).get("virtualization")
        if system.get("time_synchronised") is False:
            told_by = "its host sets the clock: look there" if virtualization in CONTAINERS else ""
            yield bad(
                subject, severity=3, title=f"Nothing sets the clock of {host.name}",
                advice=told_by or clock_unsynchronised.fix,
                evidence=({"time_synchronised": False, "virtualization": virtualization},),
            )  # fmt: skip
        elif system.get("time_synchronised") is True:
            yield good(subject)
        else:
            yield unknown(subject, why=NO_CLOCK, remedy=TIME_SERVICE)

    yield from told(hosts, "os", inside, now=now, limits=limits)


NO_CLOCK = "the kernel does not say how its clock is set"
TIME_SERVICE = "timedatectl timesync-status"
CONTAINERS = ("docker", "lxc", "podman", "container", "openvz")


@rule(
    "servers.host_silent",
    title="Hosts that have gone silent",
    codes=["S10"],
    every=timedelta(minutes=5),
    why="We no longer know anything about it: it may be down, or cut off, or its probe is.",
    source="No facts for three intervals (45 minutes).",
    fix="Is it up, can it reach us, does its timer run? `systemctl status fullscore-probe.timer`",
    limits={"high": 45, "critical": 1440},
    is_urgent=True,
    is_outage=True,
)
def host_silent(hosts: Iterable[Host], *, now: datetime, limits: Limits) -> Iterator[Verdict]:
    """Say which hosts have told nothing for too long."""
    for host in hosts:
        if host.at is None:
            continue
        minutes = (now - host.at) / timedelta(minutes=1)
        yield graded(
            Subject(item=host.item),
            minutes,
            limits.of(host.item),
            unit="min",
            advice=host_silent.fix,
            title=f"{host.name} has told nothing for {minutes:.0f} minutes",
        )
