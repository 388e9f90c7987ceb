"""Writing what a probe tells as rows, set at a time."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from fullscore.domains.infrastructure.servers import rows
from fullscore.domains.infrastructure.servers.models import (
    Account,
    AccountKey,
    Disk,
    Filesystem,
    Installed,
    PackageVersion,
    Server,
    SudoRule,
    Unit,
)
from fullscore.domains.infrastructure.servers.queries.logins import known
from fullscore.domains.infrastructure.servers.rows import logins
from fullscore.domains.infrastructure.servers.rules.logins import Known
from fullscore.kit import bulk

PACKAGE = ("manager", "name", "version", "architecture", "key", "source", "source_version")


def write(server: Server, facts: Mapping[str, Any], changed: Sequence[str]) -> None:
    """Make the rows of a server say what its changed sections say."""
    if isinstance(facts.get("units"), list):
        _write_units(server, facts["units"])
    if isinstance(facts.get("filesystems"), list):
        _write_filesystems(server, facts["filesystems"])
    if "users" in changed or "sudo" in changed:
        _write_logins(server, facts, changed)
    if "hardware" in changed:
        _write_disks(server, (facts.get("hardware") or {}).get("disks") or [])
    if "packages" in changed or "updates" in changed:
        _write_packages(server, facts.get("packages") or [], facts.get("updates") or {})


def _write_units(server: Server, units: Sequence[Mapping[str, Any]]) -> None:
    made = rows.units_of(server, units)
    server.units.exclude(name__in=[u.name for u in made]).delete()
    Unit.objects.bulk_create(
        made, batch_size=200, update_conflicts=True, unique_fields=["server", "name"],
        update_fields=["load", "active", "sub", "enabled", "restarts", "result", "since"],
    )  # fmt: skip


def _write_filesystems(server: Server, mounts: Sequence[Mapping[str, Any]]) -> None:
    made = rows.filesystems_of(server, mounts)
    server.filesystems.exclude(mount__in=[m.mount for m in made]).delete()
    Filesystem.objects.bulk_create(
        made, update_conflicts=True, unique_fields=["server", "mount"],
        update_fields=["device", "type", "size_bytes", "used_bytes", "used_percent", "inodes",
                       "inodes_used", "options"],
    )  # fmt: skip


def _write_disks(server: Server, disks: Sequence[Mapping[str, Any]]) -> None:
    made = rows.disks_of(server, disks)
    server.disks.exclude(name__in=[d.name for d in made]).delete()
    Disk.objects.bulk_create(
        made, update_conflicts=True, unique_fields=["server", "name"],
        update_fields=["size_bytes", "is_rotational", "model", "serial"],
    )  # fmt: skip


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
    found = _known_versions(wanted)
    new = (
        (m, n, v, a, rows.version_key(m, v), str(p.get("source") or "")[:200],
         str(p.get("source_version") or "")[:120])
        for (m, n, v, a), p in wanted.items()
        if (m, n, v, a) not in found
    )  # fmt: skip
    bulk.insert(PackageVersion, PACKAGE, new, passes_over=True)
    found |= _known_versions(wanted.keys() - found.keys())
    waiting = {u["name"]: rows.waiting(u) for u in updates.get("rows", [])}
    _write_installed(
        server, {pk: waiting.get(key[1], rows.NOTHING_WAITS) for key, pk in found.items()}
    )


def _known_versions(wanted: Collection[tuple[str, ...]]) -> dict[tuple[str, ...], int]:
    """Return the package versions among those wanted that some server has told already."""
    names, found = sorted({key[1] for key in wanted}), {}
    for start in range(0, len(names), 800):
        some = PackageVersion.objects.filter(name__in=names[start : start + 800])
        for pk, *key in some.values_list("pk", "manager", "name", "version", "architecture"):
            if tuple(key) in wanted:
                found[tuple(key)] = pk
    return found


def _write_installed(server: Server, told: Mapping[int, rows.Waiting]) -> None:
    """Write what is installed anew, what waits otherwise than before, and forget what is gone."""
    stored = server.installed.values_list("package_id", "pk", *rows.WAITING)
    known = {package: (pk, tuple(waiting)) for package, pk, *waiting in stored}
    gone = [pk for package, (pk, _) in known.items() if package not in told]
    for start in range(0, len(gone), 800):
        Installed.objects.filter(pk__in=gone[start : start + 800]).delete()
    new = [(server.pk, package, *w) for package, w in told.items() if package not in known]
    bulk.insert(Installed, ("server", "package", *rows.WAITING), new)
    other = [(*w, known[p][0]) for p, w in told.items() if p in known and known[p][1] != w]
    bulk.update(Installed, rows.WAITING, other)


def _write_logins(server: Server, facts: Mapping[str, Any], changed: Sequence[str]) -> None:
    """Make the logins, keys and sudo rules of a server say what its changed sections say."""
    if "sudo" in changed:
        _write_rules(server, logins.rules_of(server, facts.get("sudo") or []))
    if facts.get("users") is None:
        return  # not known, which is not absent
    users, told = logins.each_once(facts["users"]), known()
    rules = facts.get("sudo")
    known_rules = logins.told_by(server.sudo_rules.all()) if rules is None else rules
    accounts = _write_accounts(server, users, known_rules, told)
    if "users" in changed:
        _write_keys(server, logins.keys_of(accounts, users, told))


def _write_accounts(
    server: Server, users: Sequence[Mapping[str, Any]], rules: Sequence[Mapping[str, Any]],
    told: Known,
) -> list[Account]:  # fmt: skip
    made = logins.accounts_of(server, users, rules)
    for one in made:
        one.person_id, one.purpose = told.of(server.pk, one.name, one.full_name)
    server.accounts.exclude(name__in=[a.name for a in made]).delete()
    Account.objects.bulk_create(
        made, batch_size=200, update_conflicts=True, unique_fields=["server", "name"],
        update_fields=["uid", "full_name", "shell", "home", "groups", "is_locked", "can_log_in",
                       "becomes_root", "key_count", "password_changed_on", "last_login_at",
                       "person", "purpose"],
    )  # fmt: skip
    return made


def _write_keys(server: Server, made: Sequence[AccountKey]) -> None:
    wanted = {(key.account_id, key.fingerprint) for key in made}
    stored = server.account_keys.values_list("pk", "account", "fingerprint")
    gone = [pk for pk, *old in stored if tuple(old) not in wanted]
    for start in range(0, len(gone), 800):
        AccountKey.objects.filter(pk__in=gone[start : start + 800]).delete()
    AccountKey.objects.bulk_create(
        made, batch_size=200, update_conflicts=True, unique_fields=["account", "fingerprint"],
        update_fields=["type", "bits", "comment", "options", "file", "person"],
    )  # fmt: skip


def _write_rules(server: Server, made: Sequence[SudoRule]) -> None:
    wanted = {(rule.file, rule.line, rule.part) for rule in made}
    stored = server.sudo_rules.values_list("pk", "file", "line", "part")
    gone = [pk for pk, *old in stored if tuple(old) not in wanted]
    for start in range(0, len(gone), 800):
        SudoRule.objects.filter(pk__in=gone[start : start + 800]).delete()
    SudoRule.objects.bulk_create(
        made, batch_size=200, update_conflicts=True,
        unique_fields=["server", "file", "line", "part"],
        update_fields=["who", "hosts", "run_as", "tags", "commands", "gives_root"],
    )  # fmt: skip
