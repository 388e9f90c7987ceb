"""Checks of disks, logs and backups, from facts."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from fullscore.domains.infrastructure.servers.checks.common import told
from fullscore.domains.infrastructure.servers.queries import Host
from fullscore.kit.checks import Limits, Subject, Verdict, bad, good, graded, rule

QUARTER = timedelta(minutes=15)
BACKUP_TOOLS = (
    "restic", "borg", "bacula", "bareos", "pgbackrest", "barman", "wal-g", "duplicity", "kopia",
    "rsnapshot", "amanda", "veeam", "proxmox-backup", "pg_dump", "mariabackup", "xtrabackup",
    "mysqldump",
    "urbackup", "tarsnap", "rdiff-backup", "zfs send", "btrbk", "backup",
)  # fmt: skip


@rule(
    "servers.read_only", title="Filesystems that became read-only", codes=["S9"], every=QUARTER,
    why="The kernel stopped writing because disk or filesystem have errors: data are at risk.",
    source="Mounted read-only while /etc/fstab or its kind says otherwise.",
    fix="See the kernel log, save the data, check the disk, then fsck.", is_urgent=True,
)  # fmt: skip
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
            state = str(array.get("state") or "")
            subject = Subject(item=host.item, key=f"raid {array.get('name')}")
            if array.get("is_degraded") or "degraded" in state or array.get("missing"):
                yield bad(
                    subject, severity=5,
                    title=f"Array {array.get('name')} on {host.name} is degraded",
                    evidence=(array,), advice=disk_failing.fix,
                )  # fmt: skip
            else:
                yield good(subject)
        for disk in hardware.get("disks") or []:
            health = disk.get("health")
            subject = Subject(item=host.item, key=f"disk {disk.get('name')}")
            if isinstance(health, dict) and (faults := _faults(health)):
                yield bad(
                    subject, severity=5,
                    title=f"Disk {disk.get('name')} on {host.name}: {', '.join(faults)}",
                    evidence=(health,), advice=disk_failing.fix,
                )  # fmt: skip
            elif health is not None:
                yield good(subject)

    yield from told(hosts, "hardware", inside, now=now, limits=limits)


def _faults(health: dict[str, Any]) -> list[str]:
    found = []
    if health.get("passed") is False or health.get("state") in ("failed", "failing"):
        found.append("health test failed")
    for name in ("reallocated", "reallocated_sectors", "pending", "pending_sectors"):
        if (health.get(name) or 0) > 0:
            found.append(f"{health[name]} {name.replace('_', ' ')}")
    spare, least = health.get("spare_percent"), health.get("spare_threshold_percent")
    if spare is not None and least is not None and spare < least:
        found.append(f"spare {spare} % under {least} %")
    return found


@rule(
    "servers.log_size", title="Logs that take the disk", codes=["S22"], every=QUARTER,
    why="Logs that grow without limit fill the disk at the worst moment.",
    source="Log folder over 20 % of its filesystem; our judgement.",
    fix="Set rotation and SystemMaxUse=, and find who writes so much.",
    limits={"low": 20, "medium": 40},
)  # fmt: skip
def log_size(hosts: Iterable[Host], *, now: datetime, limits: Limits) -> Iterator[Verdict]:
    """Say where logs take a large part of their filesystem."""

    def inside(host: Host, logs: dict[str, Any], now: datetime, mine: Any) -> Iterator[Verdict]:
        size, mount = logs.get("size_bytes"), logs.get("mount")
        total = next(
            (m["size_bytes"] for m in host.section("filesystems") or [] if m.get("mount") == mount),
            0,
        )
        if not size or not total:
            return
        percent = 100 * size / total
        yield graded(
            Subject(item=host.item), percent, mine, unit="%", advice=log_size.fix,
            title=f"Logs take {percent:.0f} % of {mount} on {host.name}",
            evidence=({"path": logs.get("path"), "size_bytes": size, "filesystem_bytes": total},),
        )  # fmt: skip

    yield from told(hosts, "logs", inside, now=now, limits=limits)


@rule(
    "servers.journal_unlimited", title="Journals without a limit", codes=["S22"], every=QUARTER,
    why="A service that logs in a loop fills the disk; a limit keeps it to its share.",
    source="Persistent, no SystemMaxUse set: it may then take a tenth of the disk, up to 4 GB.",
    fix="SystemMaxUse=1G in /etc/systemd/journald.conf, then restart systemd-journald.",
)  # fmt: skip
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
    source="No unit, timer or timetable of a known backup tool ran within 48 hours, none declared.",
    fix="Set one up, or tag the item `no-backup` with the reason in an exception.",
    limits={"hours": 48},
)  # fmt: skip
def no_backup(hosts: Iterable[Host], *, now: datetime, limits: Limits) -> Iterator[Verdict]:
    """Say where no backup tool has run lately."""

    def inside(
        host: Host, cron: list[dict[str, Any]], now: datetime, mine: Any
    ) -> Iterator[Verdict]:
        seen = [str(c.get("command")) for c in cron if _is_backup(str(c.get("command", "")))]
        oldest = now - timedelta(hours=mine["hours"])
        for timer in host.section("timers") or []:
            if not _is_backup(f"{timer.get('name')} {timer.get('unit')}"):
                continue
            last = timer.get("last_at")
            if last and datetime.fromtimestamp(float(last), UTC) >= oldest:
                seen.append(str(timer["name"]))
        subject = Subject(item=host.item)
        if seen:
            yield good(subject, evidence=tuple({"by": name} for name in seen[:5]))
        else:
            yield bad(
                subject, severity=3, title=f"No backup of {host.name} was seen",
                advice=no_backup.fix,
                evidence=({"looked_for": ", ".join(BACKUP_TOOLS[:12]) + " …"},),
            )  # fmt: skip

    yield from told(hosts, "cron", inside, now=now, limits=limits)


def _is_backup(text: str) -> bool:
    # Debian's own housekeeping copies package lists; that is no backup of the host.
    return any(tool in text.lower() for tool in BACKUP_TOOLS) and "dpkg" not in text
