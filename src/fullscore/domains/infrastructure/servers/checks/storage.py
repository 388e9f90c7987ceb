"""Checks of disks, logs and backups, from facts."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from fullscore.domains.infrastructure.servers.checks.common import not_told, told
from fullscore.domains.infrastructure.servers.queries import Host
from fullscore.kit.checks import Limits, Subject, Verdict, bad, good, graded, not_applicable, rule

QUARTER = timedelta(minutes=15)
BACKUP_TOOLS = (
    "restic",
    "borg",
    "bacula",
    "bareos",
    "pgbackrest",
    "barman",
    "wal-g",
    "duplicity",
    "kopia",
    "rsnapshot",
    "amanda",
    "veeam",
    "proxmox-backup",
    "pg_dump",
    "mariabackup",
    "xtrabackup",
    "mysqldump",
    "urbackup",
    "tarsnap",
    "rdiff-backup",
    "zfs send",
    "btrbk",
    "backup",
)


@rule(
    "servers.read_only",
    title="Filesystems that became read-only",
    codes=["S9"],
    every=QUARTER,
    follows=["servers.disk_failing"],
    why="The kernel stopped writing because the disk or the filesystem has "
    "errors: data are at risk.",
    source="Mounted read-only while /etc/fstab or its kind says otherwise.",
    fix="See the kernel log, save the data, check the disk, then fsck.",
    is_urgent=True,
)
def read_only(hosts: Iterable[Host], *, now: datetime, limits: Limits) -> Iterator[Verdict]:
    """Say which filesystems are read-only though they should not be."""

    def inside(
        host: Host, mounts: list[dict[str, Any]], now: datetime, mine: Any
    ) -> Iterator[Verdict]:
        for mount in mounts:
            wanted = str(mount.get("options_wanted") or "").split(",")
            subject = Subject(item=host.item, key=str(mount["mount"])[:200])
            is_wrong = (
                mount.get("is_read_only") and mount.get("options_wanted") and "ro" not in wanted
            )
            if is_wrong:
                yield bad(
                    subject, severity=5, title=f"{mount['mount']} on {host.name} became read-only",
                    evidence=(mount,), advice=read_only.fix,
                )  # fmt: skip
            else:
                yield good(subject)

    yield from told(hosts, "filesystems", inside, now=now, limits=limits)


@rule(
    "servers.disk_failing", title="Disks that report their end", codes=["S9"], every=QUARTER,
    why="A disk that reallocates or warns fails within weeks, often.",
    source="SMART health, NVMe spare below its threshold, RAID not whole.",
    fix="Check the backup now, then replace the disk.", is_urgent=True,
)  # fmt: skip
def disk_failing(hosts: Iterable[Host], *, now: datetime, limits: Limits) -> Iterator[Verdict]:
    """Say which disks or arrays report a fault."""

    def inside(host: Host, hardware: dict[str, Any], now: datetime, mine: Any) -> Iterator[Verdict]:
        for array in hardware.get("raid") or []:
            yield _array(host, array)
        is_real = (host.section("identity") or {}).get("virtualization") in (None, "", "none")
        for disk in hardware.get("disks") or []:
            yield _disk(host, disk, is_real=is_real)

    yield from told(hosts, "hardware", inside, now=now, limits=limits)


def _array(host: Host, array: dict[str, Any]) -> Verdict:
    name = array.get("name")
    subject = Subject(item=host.item, key=f"raid {name}")
    if not (array.get("is_degraded") or array.get("failed") or array.get("state") == "inactive"):
        return good(subject)
    word = "does not run" if array.get("state") == "inactive" else "is degraded"
    return bad(
        subject, severity=5, title=f"Array {name} on {host.name} {word}", evidence=(array,),
        advice=disk_failing.fix,
    )  # fmt: skip


def _disk(host: Host, disk: dict[str, Any], *, is_real: bool) -> Verdict:
    name, health = disk.get("name"), disk.get("health")
    subject = Subject(item=host.item, key=f"disk {name}")
    if health is None and not is_real:
        return not_applicable(subject, why="a virtual disk: its health is the hypervisor's")
    if health is None or all(value is None for value in health.values()):
        return not_told(host, "the disk's health cannot be read (smartctl)", key=f"disk {name}")
    faults = _faults(health)
    if not faults:
        return good(subject, evidence=(health,))
    return bad(
        subject, severity=5, title=f"Disk {name} on {host.name}: {', '.join(faults)}",
        evidence=(health,), advice=disk_failing.fix,
    )  # fmt: skip


def _faults(health: dict[str, Any]) -> list[str]:
    found = []
    if health.get("passed") is False:
        found.append("health test failed")
    for name in ("reallocated_sectors", "pending_sectors"):
        if (health.get(name) or 0) > 0:
            found.append(f"{health[name]} {name.replace('_', ' ')}")
    spare, least = health.get("spare_percent"), health.get("spare_threshold_percent")
    if spare is not None and least is not None and spare < least:
        found.append(f"spare {spare} % under {least} %")
    return found


@rule(
    "servers.log_size",
    title="Logs that take the disk",
    codes=["S22"],
    every=QUARTER,
    why="Logs that grow without limit fill the disk at the worst moment.",
    source="Log folder over 20 % of its filesystem; our judgement.",
    fix="Set rotation and SystemMaxUse=, and find who writes so much.",
    limits={"low": 20, "medium": 40},
)
def log_size(hosts: Iterable[Host], *, now: datetime, limits: Limits) -> Iterator[Verdict]:
    """Say where logs take a large part of their filesystem."""

    def inside(host: Host, logs: dict[str, Any], now: datetime, mine: Any) -> Iterator[Verdict]:
        size, mount = logs.get("size_bytes"), logs.get("mount")
        mounts = host.section("filesystems") or []
        total = next((m["size_bytes"] for m in mounts if m.get("mount") == mount), None)
        if size is None or not total:
            yield not_told(host, "the size of the log folder or of its filesystem is not known")
            return
        percent = 100 * size / total
        yield graded(
            Subject(item=host.item), percent, mine, unit="%", advice=log_size.fix,
            title=f"Logs take {percent:.0f} % of {mount} on {host.name}",
            evidence=({"path": logs.get("path"), "size_bytes": size, "filesystem_bytes": total},),
        )  # fmt: skip

    yield from told(hosts, "logs", inside, now=now, limits=limits)


@rule(
    "servers.journal_unlimited",
    title="Journals without a limit",
    codes=["S22"],
    every=QUARTER,
    why="A service that logs in a loop fills the disk; a limit keeps it to its share.",
    source="Persistent journal, no SystemMaxUse set: it may then take a tenth of "
    "the disk, at most 4 GB.",
    fix="SystemMaxUse=1G in /etc/systemd/journald.conf, then restart systemd-journald.",
)
def journal_unlimited(hosts: Iterable[Host], *, now: datetime, limits: Limits) -> Iterator[Verdict]:
    """Say where the journal has no limit of its own."""

    def inside(host: Host, logs: dict[str, Any], now: datetime, mine: Any) -> Iterator[Verdict]:
        subject = Subject(item=host.item)
        if logs.get("journal_is_persistent") and not logs.get("journal_limit"):
            yield bad(
                subject, severity=2, title=f"The journal of {host.name} has no limit",
                evidence=({"SystemMaxUse": None},), advice=journal_unlimited.fix,
            )  # fmt: skip
        else:
            yield good(subject)

    yield from told(hosts, "logs", inside, now=now, limits=limits)


@rule(
    "servers.no_backup", title="Hosts without a backup", codes=["S20"], every=QUARTER,
    why="What is not backed up is gone with the disk, the mistake or the ransom note.",
    source="No timetable, running service or timer of the last 48 hours names a known backup tool.",
    fix="Set one up, or tag the item `no-backup` with the reason in an exception.",
    limits={"hours": 48},
)  # fmt: skip
def no_backup(hosts: Iterable[Host], *, now: datetime, limits: Limits) -> Iterator[Verdict]:
    """Say where no backup tool has run lately."""

    def inside(
        host: Host, cron: list[dict[str, Any]], now: datetime, mine: Any
    ) -> Iterator[Verdict]:
        oldest = now - timedelta(hours=mine["hours"])
        seen = [*_in_cron(cron), *_in_timers(host, oldest), *_in_services(host)]
        subject = Subject(item=host.item)
        if seen:
            yield good(subject, evidence=tuple({"by": name} for name in seen[:5]))
        elif gaps := [r for name in ("cron", "timers") for r in host.gaps.get(name, ())
                      if not r.startswith("absent")]:  # fmt: skip
            yield not_told(host, gaps[0])
        else:
            yield bad(
                subject,
                severity=3,
                title=f"No backup of {host.name} was seen",
                advice=no_backup.fix,
                evidence=({"looked_for": ", ".join(BACKUP_TOOLS[:12]) + " …"},),
            )

    yield from told(hosts, "cron", inside, now=now, limits=limits)


def _in_cron(cron: Iterable[dict[str, Any]]) -> list[str]:
    return [str(c["command"]) for c in cron if _is_backup(str(c.get("command") or ""))]


def _in_timers(host: Host, oldest: datetime) -> Iterator[str]:
    """Yield the timers of backup tools that ran since a moment and whose service did not fail."""
    failed = {u.get("name") for u in host.section("units") or [] if u.get("active") == "failed"}
    for timer in host.section("timers") or []:
        last = timer.get("last_at")
        is_recent = last is not None and datetime.fromtimestamp(last, UTC) >= oldest
        is_known = _is_backup(f"{timer.get('name')} {timer.get('unit')}")
        if is_known and is_recent and timer.get("unit") not in failed:
            yield str(timer["name"])


def _in_services(host: Host) -> list[str]:
    """Return the running agents of backup tools: their server decides when they work."""
    units = host.section("units") or []
    names = [str(u.get("name")) for u in units if u.get("active") == "active"]
    return [name for name in names if name.endswith(".service") and _is_backup(name)]


def _is_backup(text: str) -> bool:
    # Debian's own housekeeping copies package lists; that is no backup of the host.
    return any(tool in text.lower() for tool in BACKUP_TOOLS) and "dpkg" not in text
