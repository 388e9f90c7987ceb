"""Who can log in and become root, as rows: logins, the keys that open them, and sudo rules."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from fullscore.domains.infrastructure.servers.models import Account, AccountKey, Server, SudoRule
from fullscore.domains.infrastructure.servers.rows.cells import instant
from fullscore.domains.infrastructure.servers.rules.logins import Known, meant

NAME_LETTERS = 80


def each_once(users: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return users by their names; of two that share one the first, who logs in by it."""
    once: dict[str, Mapping[str, Any]] = {}
    for user in users:
        once.setdefault(str(user["name"])[:NAME_LETTERS], user)
    return list(once.values())


def told_by(stored: Iterable[SudoRule]) -> list[dict[str, Any]]:
    """Return sudo rules that are stored as they were told, as far as it says who becomes root."""
    return [
        {"who": one.who.split(", "), "run_as": one.run_as.split(", ") if one.run_as else [],
         "commands": one.commands.split(", "), "file": one.file, "line": one.line}
        for one in stored
    ]  # fmt: skip


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
        server=server, name=str(user["name"])[:NAME_LETTERS], uid=user.get("uid") or 0,
        shell=shell[:120], home=str(user.get("home") or "")[:200],
        full_name=str(user.get("full_name") or "")[:120], groups=user.get("groups") or [],
        is_locked=user.get("is_locked"), key_count=len(keys),
        can_log_in=has_shell and (bool(keys) or user.get("is_locked") is False),
        becomes_root=way_to_root(user, rules)[:200],
        password_changed_on=changed or None, last_login_at=instant(user.get("last_login_at")),
    )  # fmt: skip


def gives_root(rule: Mapping[str, Any]) -> bool:
    """Say whether a sudo rule allows everything as root; one that names nobody means root."""
    run_as = rule.get("run_as") or ["root"]
    return "ALL" in (rule.get("commands") or []) and bool({"root", "ALL", "#0"} & set(run_as))


def way_to_root(user: Mapping[str, Any], rules: Sequence[Mapping[str, Any]]) -> str:
    """Return how an account becomes root: by being it, or by which sudo rule at which line."""
    if user.get("uid") == 0:
        return "is root"
    groups = [str(group) for group in user.get("groups") or []]
    for rule in rules:
        who = rule.get("who")
        words = list(map(str, who)) if isinstance(who, list) else [str(who)]
        given = meant(words, name=str(user["name"]), uid=user.get("uid"), groups=groups)
        if given and gives_root(rule):
            return f"{', '.join(sorted(set(given)))} by {rule.get('file')}:{rule.get('line')}"
    return ""


def keys_of(
    accounts: Sequence[Account], users: Sequence[Mapping[str, Any]], told: Known
) -> list[AccountKey]:
    """Return the rows of the keys that open a server's stored logins, each once; not saved."""
    made: dict[tuple[str, str], AccountKey] = {}
    for account, user in zip(accounts, users, strict=True):
        for key in user.get("keys") or []:
            fingerprint = str(key.get("fingerprint") or "")[:100]
            comment = str(key.get("comment") or "")[:200]
            if fingerprint:
                made[account.name, fingerprint] = AccountKey(
                    server_id=account.server_id, account=account, fingerprint=fingerprint,
                    type=str(key.get("type") or "")[:60], bits=key.get("bits"), comment=comment,
                    options=str(key.get("options") or "")[:400],
                    file=str(key.get("file") or "")[:300],
                    person_id=told.of_key(account.server_id, comment, owner=account.person_id),
                )  # fmt: skip
    return list(made.values())


def rules_of(server: Server, rules: Sequence[Mapping[str, Any]]) -> list[SudoRule]:
    """Return the rows of a server's sudo rules, not saved; a line may hold several."""
    parts: Counter[tuple[str, int]] = Counter()
    made = []
    for rule in rules:
        file, line = str(rule.get("file") or "")[:300], rule.get("line") or 0
        parts[file, line] += 1
        made.append(SudoRule(
            server=server, file=file, line=line, part=parts[file, line],
            who=_listed(rule.get("who"))[:400], hosts=_listed(rule.get("hosts"))[:200],
            run_as=_listed(rule.get("run_as"))[:200], tags=_listed(rule.get("tags"))[:120],
            commands=_listed(rule.get("commands")), gives_root=gives_root(rule),
        ))  # fmt: skip
    return made


def _listed(words: Any) -> str:
    return ", ".join(map(str, words)) if isinstance(words, list) else str(words or "")
