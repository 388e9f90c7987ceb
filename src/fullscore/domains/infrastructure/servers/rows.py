"""The probe's sections as rows and columns: pure shaping, and writing them set at a time."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from fullscore.connectors.probe.parse import Missing
from fullscore.domains.infrastructure.servers.models import (
    Account,
    Facts,
    Filesystem,
    Installed,
    PackageVersion,
    Server,
    Unit,
)
from fullscore.domains.infrastructure.servers.queries.logins import known

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


def write(server: Server, facts: Mapping[str, Any], changed: Sequence[str]) -> None:
    """Make the rows of a server say what its changed sections say."""
    if isinstance(facts.get("units"), list):
        _write_units(server, facts["units"])
    if isinstance(facts.get("filesystems"), list):
        _write_filesystems(server, facts["filesystems"])
    if "users" in changed or "sudo" in changed:
        _write_accounts(server, facts.get("users") or [], facts.get("sudo") or [])
    if "packages" in changed or "updates" in changed:
        _write_packages(server, facts.get("packages") or [], facts.get("updates") or {})


def units_of(server: Server, units: Sequence[Mapping[str, Any]]) -> list[Unit]:
    """Return the rows of a server's units, not saved."""
    return [
        Unit(
            server=server, name=u["name"][:200], load=_word(u, "load"), active=_word(u, "active"),
            sub=_word(u, "sub"), enabled=_word(u, "enabled"), restarts=u.get("restarts") or 0,
            result=str(u.get("result") or "")[:40], since=instant(u.get("since")),
        )
        for u in units
    ]  # fmt: skip


def _write_units(server: Server, units: Sequence[Mapping[str, Any]]) -> None:
    made = units_of(server, units)
    server.units.exclude(name__in=[u.name for u in made]).delete()
    Unit.objects.bulk_create(
        made, batch_size=200, update_conflicts=True, unique_fields=["server", "name"],
        update_fields=["load", "active", "sub", "enabled", "restarts", "result", "since"],
    )  # fmt: skip


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


def _write_filesystems(server: Server, mounts: Sequence[Mapping[str, Any]]) -> None:
    made = filesystems_of(server, mounts)
    server.filesystems.exclude(mount__in=[m.mount for m in made]).delete()
    Filesystem.objects.bulk_create(
        made, update_conflicts=True, unique_fields=["server", "mount"],
        update_fields=["device", "type", "size_bytes", "used_bytes", "used_percent", "inodes",
                       "inodes_used", "options"],
    )  # fmt: skip


def _write_accounts(
    server: Server, users: Sequence[Mapping[str, Any]], rules: Sequence[Mapping[str, Any]]
) -> None:
    made, told = accounts_of(server, users, rules), known()
    for one in made:
        one.person_id, one.purpose = told.of(server.pk, one.name, one.full_name)
    server.accounts.exclude(name__in=[a.name for a in made]).delete()
    Account.objects.bulk_create(
        made, batch_size=200, update_conflicts=True, unique_fields=["server", "name"],
        update_fields=["uid", "full_name", "shell", "home", "groups", "is_locked", "can_log_in",
                       "becomes_root", "key_count", "password_changed_on", "last_login_at",
                       "person", "purpose"],
    )  # fmt: skip


def accounts_of(
    server: Server, users: Sequence[Mapping[str, Any]], rules: Sequence[Mapping[str, Any]]
) -> list[Account]:
    """Return the rows of a server's logins, not saved."""
    return [_account(server, user, rules) for user in users]


def _account(
    server: Server, user: Mapping[str, Any], rules: Sequence[Mapping[str, Any]]
) -> Account:
    shell = str(user.get("shell") or "")
    keys = user.get("keys") or []
    has_shell = bool(shell) and shell.rpartition("/")[2] not in ("nologin", "false", "sync")
    changed = str(user.get("password_changed_on") or "")
    return Account(
        server=server, name=str(user["name"])[:80], uid=user.get("uid") or 0, shell=shell[:120],
        home=str(user.get("home") or "")[:200],
        full_name=str(user.get("full_name") or "")[:120], groups=user.get("groups") or [],
        is_locked=user.get("is_locked"), key_count=len(keys),
        can_log_in=has_shell and (bool(keys) or user.get("is_locked") is False),
        becomes_root=way_to_root(user, rules)[:200],
        password_changed_on=changed or None, last_login_at=instant(user.get("last_login_at")),
    )  # fmt: skip


def way_to_root(user: Mapping[str, Any], rules: Sequence[Mapping[str, Any]]) -> str:
    """Return how an account becomes root: by being it, or by which sudo rule at which line."""
    if user.get("uid") == 0:
        return "is root"
    names = {str(user["name"]), "ALL", *(f"%{g}" for g in user.get("groups") or [])}
    for rule in rules:
        who = rule.get("who")
        given = set(map(str, who)) if isinstance(who, list) else {str(who)}
        if given & names and "ALL" in (rule.get("commands") or []):
            return f"{', '.join(sorted(given & names))} by {rule.get('file')}:{rule.get('line')}"
    return ""


def _write_packages(
    server: Server, packages: Sequence[Mapping[str, Any]], updates: Mapping[str, Any]
) -> None:
    """Link the server to its package versions, made once for all servers that have them."""
    wanted = {
        (
            p["manager"][:8],
            p["name"][:200],
            str(p["version"])[:120],
            str(p.get("architecture") or "")[:20],
        ): p
        for p in packages
        if p.get("state") in ("installed", None, "")
    }
    PackageVersion.objects.bulk_create(
        [
            PackageVersion(
                manager=m, name=n, version=v, architecture=a,
                source=str(p.get("source") or "")[:200],
                source_version=str(p.get("source_version") or "")[:120],
            )
            for (m, n, v, a), p in wanted.items()
        ],
        batch_size=500, ignore_conflicts=True,
    )  # fmt: skip
    names = sorted({n for _, n, _, _ in wanted})
    found: dict[tuple[str, ...], int] = {}
    for start in range(0, len(names), 800):
        rows = PackageVersion.objects.filter(name__in=names[start : start + 800])
        for pk, *key in rows.values_list("pk", "manager", "name", "version", "architecture"):
            if tuple(key) in wanted:
                found[tuple(key)] = pk
    waiting = {u["name"]: u for u in updates.get("rows", [])}
    made = [installed(server, pk, waiting.get(key[1])) for key, pk in found.items()]
    _forget_packages(server, set(found.values()))
    Installed.objects.bulk_create(
        made, batch_size=500, update_conflicts=True, unique_fields=["server", "package"],
        update_fields=["candidate", "is_security", "waiting_since"],
    )  # fmt: skip


def _forget_packages(server: Server, kept: set[int]) -> None:
    known = dict(server.installed.values_list("package_id", "pk"))
    gone = [pk for package, pk in known.items() if package not in kept]
    for start in range(0, len(gone), 800):
        Installed.objects.filter(pk__in=gone[start : start + 800]).delete()


def installed(server: Server, package: int, update: Mapping[str, Any] | None) -> Installed:
    """Return the row that says a package is installed, and which update waits; not saved."""
    update = update or {}
    return Installed(
        server=server, package_id=package, candidate=str(update.get("candidate") or "")[:120],
        is_security=bool(update.get("is_security")), waiting_since=update.get("since"),
    )  # fmt: skip


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


def instant(seconds: Any) -> datetime | None:
    """Return an instant from seconds since 1970."""
    is_number = isinstance(seconds, int | float) and not isinstance(seconds, bool)
    return datetime.fromtimestamp(float(seconds), UTC) if is_number else None


def _word(row: Mapping[str, Any], name: str) -> str:
    return str(row.get(name) or "")[:20]
