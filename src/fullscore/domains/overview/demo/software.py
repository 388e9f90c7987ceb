"""What is installed and runs on Brightwater's hosts: packages, updates, units, processes. Pure."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from fullscore.domains.overview.demo.company import Computer

# Names and upstream versions; a host adds its release, so that versions differ between releases.
EVERYWHERE = (
    ("adduser", "3.152"),
    ("bash", "5.2.37"),
    ("ca-certificates", "20250419"),
    ("coreutils", "9.7"),
    ("cron", "3.0pl1"),
    ("curl", "8.14.1"),
    ("dbus", "1.16.2"),
    ("e2fsprogs", "1.47.2"),
    ("gzip", "1.13"),
    ("iproute2", "6.15.0"),
    ("jq", "1.7.1"),
    ("krb5-user", "1.21.3"),
    ("less", "668"),
    ("libc6", "2.41"),
    ("libcap2", "2.75"),
    ("libcurl4", "8.14.1"),
    ("libssl3", "3.5.1"),
    ("libsystemd0", "257.8"),
    ("logrotate", "3.22.0"),
    ("lvm2", "2.03.31"),
    ("nftables", "1.1.3"),
    ("openssh-server", "10.0p1"),
    ("openssl", "3.5.1"),
    ("perl-base", "5.40.1"),
    ("python3", "3.13.5"),
    ("restic", "0.18.0"),
    ("rsync", "3.4.1"),
    ("sudo", "1.9.16p2"),
    ("systemd", "257.8"),
    ("tzdata", "2025b"),
    ("util-linux", "2.41"),
    ("xz-utils", "5.8.1"),
    ("zlib1g", "1.3.1"),
    ("zstd", "1.5.7"),
)
BY_ROLE = {
    "hypervisor": (("qemu-system", "10.0.3"), ("libvirt-daemon", "11.3.0"), ("mdadm", "4.4")),
    "application": (("nginx", "1.26.3"), ("openjdk-21-jre", "21.0.8"), ("libxml2", "2.14.5")),
    "database": (("postgresql-17", "17.6"), ("pgbackrest", "2.56.0"), ("pgbouncer", "1.24.1")),
    "infrastructure": (("bind9", "9.20.11"), ("chrony", "4.6.1"), ("rsyslog", "8.2504.0")),
    "cloud": (("nginx", "1.26.3"), ("nodejs", "20.19.2-1nodesource1"), ("redis-tools", "8.0.2")),
}
FIXED = (("openssl", "3.5.4"), ("libssl3", "3.5.4"), ("sudo", "1.9.17p2"))  # what the updates bring

BASIC_UNITS = ("cron.service", "dbus.service", "ssh.service", "systemd-journald.service",
               "systemd-timesyncd.service", "nftables.service", "rsyslog.service")  # fmt: skip
UNITS_OF = {
    "hypervisor": ("libvirtd.service", "mdmonitor.service"),
    "application": ("nginx.service", "brightwater-app.service", "edi-import.service"),
    "database": ("postgresql@17-main.service", "pgbouncer.service"),
    "infrastructure": ("named.service", "chrony.service"),
    "cloud": ("nginx.service", "brightwater-web.service"),
}
WAITING = {"updates_late": 12, "updates_new": 3}  # fault → days an update has waited


def packages(computer: Computer) -> list[dict[str, Any]]:
    """Return what is installed."""
    system = computer.system
    return [
        {
            "manager": system.manager, "name": name, "version": _version(computer, version),
            "architecture": "amd64" if system.manager == "deb" else "x86_64", "source": name,
            "source_version": _version(computer, version), "state": "installed",
        }
        for name, version in (*EVERYWHERE, *BY_ROLE[computer.role])
    ]  # fmt: skip


def _version(computer: Computer, version: str) -> str:
    if "nodesource" in version:
        return version  # packaged by its maker
    return f"{version}-1+{computer.system.id}{computer.system.version}"


def updates(computer: Computer, at: datetime) -> dict[str, Any]:
    """Return what waits, and since when; lists are three hours old."""
    days = next((d for fault, d in WAITING.items() if fault in computer.faults), None)
    known = dict(EVERYWHERE)
    rows = [
        {
            "manager": computer.system.manager,
            "name": name,
            "installed": _version(computer, known[name]),
            "candidate": _version(computer, version),
            "architecture": "amd64",
            "origin": f"{computer.system.id}-security",
            "is_security": True,
            "since": (at - timedelta(days=days)).isoformat(),
        }
        for name, version in FIXED
        if days is not None
    ]
    return {"age_seconds": 10_800.0, "rows": rows}


def units(computer: Computer, at: datetime) -> list[dict[str, Any]]:
    """Return the units, one of them failed where that is planted."""
    is_broken = computer.faults & {"unit_failed", "unit_repaired"}
    return [
        _unit(name, at, is_failed=bool(is_broken) and name == "edi-import.service")
        for name in (*BASIC_UNITS, *UNITS_OF[computer.role])
    ]


def _unit(name: str, at: datetime, *, is_failed: bool) -> dict[str, Any]:
    since = at - (timedelta(hours=26) if is_failed else timedelta(days=21))
    return {
        "name": name,
        "type": "service",
        "load": "loaded",
        "active": "failed" if is_failed else "active",
        "sub": "failed" if is_failed else "running",
        "enabled": "enabled",
        "restarts": 0,
        "main_pid": None if is_failed else 700 + len(name),
        "since": since.timestamp(),
        "result": "exit-code" if is_failed else "success",
        "condition_met": True,
        "user": "root",
        "path": f"/usr/lib/systemd/system/{name}",
        "path_changed_at": (at - timedelta(days=200)).timestamp(),
        "programs": [],
        "writable": [],
        "restarts_recent": 0,
    }


def repaired(unit: dict[str, Any], at: datetime) -> dict[str, Any]:
    """Return a failed unit as it is after somebody has seen to it."""
    return _unit(unit["name"], at, is_failed=False) | {"since": at.timestamp()}


def timers(at: datetime) -> list[dict[str, Any]]:
    """Return the timers every host has."""
    return [
        {
            "name": f"{name}.timer",
            "unit": f"{name}.service",
            "active": "active",
            "enabled": "enabled",
            "schedule": "daily",
            "last_at": (at - timedelta(hours=7)).timestamp(),
            "next_at": (at + timedelta(hours=17)).timestamp(),
        }
        for name in ("logrotate", "apt-daily", "systemd-tmpfiles-clean")
    ]


def cron(computer: Computer) -> list[dict[str, Any]]:
    """Return the timetable: the nightly copy, except where nobody set one up."""
    if "no_backup" in computer.faults:
        return []
    return [
        {
            "file": "/etc/cron.d/restic", "line": 3, "schedule": "20 1 * * *", "user": "root",
            "command": "/usr/bin/restic backup --quiet /etc /srv", "writable": [],
        }
    ]  # fmt: skip


def processes(computer: Computer, at: datetime) -> dict[str, Any]:
    """Return the processes: each unit's own, none too large."""
    names = [n for n in (*BASIC_UNITS, *UNITS_OF[computer.role])]
    rows = list(_processes(computer, names, at))
    return {"total": 90 + len(rows), "states": {"S": 60 + len(rows), "I": 28, "R": 2}, "rows": rows}


def _processes(computer: Computer, names: list[str], at: datetime) -> Iterator[dict[str, Any]]:
    for place, name in enumerate(names):
        word = name.partition("@")[0].removesuffix(".service")
        yield {
            "pid": 700 + len(name) + place,
            "parent": 1,
            "command": word,
            "arguments": f"/usr/sbin/{word}",
            "state": "S",
            "user": "root",
            "unit": name,
            "threads": 4,
            "cpu_seconds": 1200.0 + 40 * place,
            "cpu_percent": 0.4,
            "memory_bytes": computer.memory_bytes // 40,
            "started_at": (at - timedelta(days=21)).timestamp(),
            "handles": 60 + place,
            "handles_limit": 1_048_576,
        }
