"""The probe's sections as rows and columns: pure shaping; the services write them."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from fullscore.connectors.probe.parse import Missing
from fullscore.domains.infrastructure.servers.models import (
    Disk,
    Facts,
    Filesystem,
    Server,
    Unit,
)
from fullscore.domains.infrastructure.servers.rows.cells import instant, word
from fullscore.engines import versions

# What changes by itself is no change of the host: left out of hashes and versions.
VOLATILE: Mapping[str, frozenset[str]] = {
    "os": frozenset({"time_offset_seconds"}),
    "filesystems": frozenset({"used_bytes", "available_bytes", "inodes_used"}),
    "units": frozenset({"since", "main_pid", "restarts", "restarts_recent", "condition_met"}),
    "timers": frozenset({"last_at", "next_at"}),
    "users": frozenset({"last_login_at"}),
    "listeners": frozenset({"pid"}),
    "logs": frozenset({"size_bytes"}),
    "updates": frozenset({"age_seconds", "since"}),
    "databases": frozenset({"pid"}),
    "restart": frozenset({"processes"}),
    "kernel": frozenset({"file_handles"}),
    "hardware": frozenset({"celsius", "health"}),
    "containers": frozenset({"state"}),
}
MOST_KEY = 400  # bytes of a version's key; the longest version that is kept has fewer
WAITING = ("candidate", "is_security", "waiting_since")  # of what is installed
Waiting = tuple[str, bool, datetime | None]
NOTHING_WAITS: Waiting = ("", False, None)
NEVER_KEPT = frozenset({"processes", "neighbours"})


def stable(section: str, content: Any) -> Any:
    """Return a section without what changes by itself; lists in an order of their own."""
    if section in NEVER_KEPT:
        return {}
    without = _without(content, VOLATILE.get(section, frozenset()))
    return sorted(without, key=_order) if isinstance(without, list) else without


def _without(content: Any, names: frozenset[str]) -> Any:
    if isinstance(content, list):
        return [_without(one, names) for one in content]
    if isinstance(content, dict):
        return {k: _without(v, names) for k, v in content.items() if k not in names}
    return content


def _order(row: Any) -> str:
    if not isinstance(row, dict):
        return str(row)
    return "\x1f".join(
        str(row.get(k, "")) for k in ("name", "mount", "file", "line", "address", "port")
    )


def with_memory(
    facts: Mapping[str, Any], known: Mapping[str, Facts], now: datetime
) -> dict[str, Any]:
    """Return the facts with what only memory knows.

    Since when updates wait, how often units restarted since the last reading, and since which
    reading a process has been blocked.
    """
    told = dict(facts)
    if isinstance(told.get("processes"), dict):
        before = known["processes"].content.get("rows") or [] if "processes" in known else []
        told["processes"] = {
            **told["processes"], "rows": _blocked(told["processes"].get("rows") or [], before, now)
        }  # fmt: skip
    if isinstance(told.get("updates"), dict):
        before = known["updates"].content.get("rows", []) if "updates" in known else []
        since = {(r["name"], r.get("candidate")): r.get("since") for r in before}
        told["updates"] = {
            **told["updates"],
            "rows": [
                {**r, "since": since.get((r["name"], r.get("candidate"))) or now.isoformat()}
                for r in told["updates"].get("rows", [])
            ],
        }
    if isinstance(told.get("units"), list):
        before = known["units"].content if "units" in known else []
        counts = {u["name"]: u.get("restarts") or 0 for u in before}
        told["units"] = [
            {
                **u,
                "restarts_recent": max(
                    0, (u.get("restarts") or 0) - counts.get(u["name"], u.get("restarts") or 0)
                ),
            }
            for u in told["units"]
        ]
    return told


def _blocked(
    rows: Sequence[Mapping[str, Any]], before: Sequence[Mapping[str, Any]], now: datetime
) -> list[dict[str, Any]]:
    """Return processes with the moment since which each has waited in state D and used no CPU.

    What works on storage is caught in state D now and then; what is stuck there uses no time.
    """
    since = {_run_of(row): row["blocked_since"] for row in before if row.get("blocked_since")}
    return [
        {**row, "blocked_since": since.get(_run_of(row), now.timestamp())}
        if row.get("state") == "D" else dict(row)
        for row in rows
    ]  # fmt: skip


def _run_of(process: Mapping[str, Any]) -> tuple[Any, ...]:
    """Return what tells one run of a process from the next with its number, and from itself at
    work."""
    started = round(process.get("started_at") or 0)
    return process.get("pid"), started, process.get("cpu_seconds")


def columns(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the list of servers shows."""
    identity, system = facts.get("identity") or {}, facts.get("os") or {}
    hardware, restart = facts.get("hardware") or {}, facts.get("restart") or {}
    updates = facts.get("updates") or {}
    waiting = [r for r in updates.get("rows", []) if r.get("is_security")]
    return {
        "os_id": str(system.get("id") or "")[:40],
        "os_version": str(system.get("version_id") or "")[:40],
        "os_name": str(system.get("name") or "")[:120],
        "kernel": str(system.get("kernel") or "")[:120],
        "architecture": str(system.get("architecture") or "")[:20],
        "virtualization": str(identity.get("virtualization") or "")[:20],
        "cpu_count": hardware.get("threads"),
        "memory_bytes": hardware.get("memory_bytes"),
        "booted_at": instant(identity.get("booted_at")),
        "needs_reboot": bool(restart.get("reboot_required")),
        "security_updates": len(waiting) if "updates" in facts else None,
    }


def units_of(server: Server, units: Sequence[Mapping[str, Any]]) -> list[Unit]:
    """Return the rows of a server's units, each once, not saved."""
    made = {
        u["name"][:200]: Unit(
            server=server, name=u["name"][:200], load=word(u, "load"), active=word(u, "active"),
            sub=word(u, "sub"), enabled=word(u, "enabled"), restarts=u.get("restarts") or 0,
            result=str(u.get("result") or "")[:40], since=instant(u.get("since")),
        )
        for u in units
    }  # fmt: skip
    return list(made.values())


def filesystems_of(server: Server, mounts: Sequence[Mapping[str, Any]]) -> list[Filesystem]:
    """Return the rows of a server's mounts, each once, not saved."""
    made = {
        m["mount"][:300]: Filesystem(
            server=server, mount=m["mount"][:300], device=str(m.get("device") or "")[:300],
            type=str(m.get("type") or "")[:20], size_bytes=m.get("size_bytes") or 0,
            used_bytes=m.get("used_bytes") or 0,
            used_percent=_used_percent(m),
            inodes=m.get("inodes"), inodes_used=m.get("inodes_used"),
            options=str(m.get("options") or "")[:400],
        )
        for m in mounts
    }  # fmt: skip
    return list(made.values())


def _used_percent(mount: Mapping[str, Any]) -> float:
    """Return what `df` prints: of what is used and what people may still use."""
    used, size = mount.get("used_bytes") or 0, mount.get("size_bytes") or 0
    available = mount.get("available_bytes")
    room = size if available is None else used + available
    return round(100 * used / (room or 1), 1)


def disks_of(server: Server, disks: Sequence[Mapping[str, Any]]) -> list[Disk]:
    """Return the rows of a server's disks, each once, not saved."""
    made = {
        str(d["name"])[:80]: Disk(
            server=server, name=str(d["name"])[:80], size_bytes=d.get("size_bytes") or 0,
            is_rotational=d.get("rotational"), model=str(d.get("model") or "")[:120],
            serial=str(d.get("serial") or "")[:120],
        )
        for d in disks
    }  # fmt: skip
    return list(made.values())


def version_key(manager: str, version: str) -> bytes:
    """Return what a version is compared by; nothing for managers whose versions are not."""
    return versions.key(manager, version)[:MOST_KEY] if manager in versions.KEYS else b""


def waiting(update: Mapping[str, Any]) -> Waiting:
    """Return what is kept of an update that waits, in the order of WAITING."""
    since = datetime.fromisoformat(update["since"]) if update.get("since") else None
    return str(update.get("candidate") or "")[:120], bool(update.get("is_security")), since


def sockets(listeners: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the sockets as the estate takes them."""
    return [
        {"address": str(s["address"]), "transport": str(s["transport"]), "port": int(s["port"]),
         "command": s.get("command"), "unit": s.get("unit")}
        for s in listeners
    ]  # fmt: skip


def certificates(seen: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the certificates as the estate takes them; instants from the probe's seconds."""
    return [
        {**c, "ends_at": _moment(c.get("ends_at")), "not_before": _moment(c.get("not_before"))}
        for c in seen
    ]


def unread_certificates(errors: Sequence[Missing]) -> list[dict[str, Any]]:
    """Return the certificate files that are named and may not be read: known to be there, no
    more."""
    told = [e.reason.partition("permission: ") for e in errors if e.section == "certificates"]
    return [{"path": path} for _, word, path in told if word and path.startswith("/")]


def _moment(value: Any) -> datetime | None:
    if isinstance(value, str):
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            return None
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return instant(value)
