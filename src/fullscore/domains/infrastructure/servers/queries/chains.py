"""Why somebody gets in on a server, and why as root: key, login, group, rule, and since when."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import Q

from fullscore.domains.foundation.changes.models import Change
from fullscore.domains.foundation.changes.queries.standing import live_approvals
from fullscore.domains.foundation.directory.models import Person
from fullscore.domains.infrastructure.servers.models import (
    Account,
    AccountKey,
    Facts,
    Server,
    SudoRule,
)
from fullscore.domains.infrastructure.servers.queries import during
from fullscore.domains.infrastructure.servers.rules.logins import meant
from fullscore.kit import history
from fullscore.kit.models import User

MOST_VERSIONS, MOST_CHANGES = 100, 500  # of a section and of a server, looked back through


@dataclass(frozen=True, slots=True)
class Since:
    """Since when something stands, and the change in which it came."""

    at: datetime | None = None  # None: no version of it is kept
    is_first: bool = False  # it was there in the oldest version that was looked at
    change: Change | None = None  # as far as the asker may see it
    is_hidden: bool = False  # there is one that the asker may not see

    @property
    def words(self) -> str:
        """Return by what it came, in words; the moment stands beside it."""
        if self.at is None:
            return "since when is not known"
        if self.is_first:
            return "or longer: it was there when this server first told of it"
        if self.is_hidden:
            return "in a change that you may not see"
        if self.change is None:
            return "in no change that is recorded"
        approvers = [
            str(one.person) for one in live_approvals(self.change).select_related("person")
        ]
        approved = f", approved by {' and '.join(approvers)}" if approvers else ""
        return (
            f"in change {self.change.pk} “{self.change.title}”, requested by"
            f" {self.change.requested_by}{approved}"
        )


class Step(NamedTuple):
    """One link of a chain: of what kind, in words, where it is read, and since when."""

    kind: str  # person, key, password, login, group, rule, root
    text: str
    place: str = ""  # file, or file and line
    url: str = ""
    since: Since | None = None


class Chain(NamedTuple):
    """One login by which a person gets in, and the steps from the person to root."""

    login: str
    is_root: bool
    steps: Sequence[Step]


@dataclass(frozen=True, slots=True)
class _Past:
    """What a server told of users and of sudo, newest first, and the changes carried out on it."""

    sections: Mapping[str, Sequence[tuple[datetime, Any]]]
    work: Sequence[Change]
    seen: frozenset[int]

    def since(self, section: str, holds: Callable[[Any], bool]) -> Since:
        """Return since when a section says something without a break."""
        at, versions = None, self.sections.get(section, ())
        for starts_at, content in versions:
            if not holds(content):
                break
            at = starts_at
        else:
            return Since(at, is_first=True)
        number = during(at, list(self.work)) if at else None
        change = next((one for one in self.work if one.pk == number), None)
        if change is not None and change.pk not in self.seen:
            return Since(at, is_hidden=True)
        return Since(at, change=change)


def chains(person: Person, server: Server, *, by: User) -> list[Chain]:
    """Return every way of a person into a server, the ways to root first."""
    owned = Account.objects.filter(server=server, person=person, can_log_in=True)
    keys = AccountKey.objects.filter(server=server, person=person, account__can_log_in=True)
    opened: dict[int, tuple[Account, list[AccountKey]]] = {a.pk: (a, []) for a in owned}
    for key in keys.select_related("account").order_by("comment", "fingerprint"):
        opened.setdefault(key.account_id, (key.account, []))[1].append(key)
    if not opened:
        return []
    rules, past = list(server.sudo_rules.all()), _past(server, by)
    told = [_chain(person, login, keys, rules, past) for login, keys in opened.values()]
    return sorted(told, key=lambda one: (not one.is_root, one.login))


def _past(server: Server, by: User) -> _Past:
    sections = {}
    for facts in Facts.objects.filter(server=server, section__in=("users", "sudo")).only("section"):
        kept = history.of(facts).order_by("-starts_at").values_list("starts_at", "state")
        sections[facts.section] = [
            (at, state.get("content") or []) for at, state in kept[:MOST_VERSIONS]
        ]
    carried_out = Q(started_at__isnull=False) | Q(is_recorded=True)
    rows = Change.objects.filter(carried_out, items=server.item_id).select_related("requested_by")
    work = list(rows.order_by("-started_at")[:MOST_CHANGES])
    seen = Change.objects.visible_to(by).filter(pk__in=[one.pk for one in work])
    return _Past(sections, work, frozenset(seen.values_list("pk", flat=True)))


def _chain(
    person: Person, login: Account, keys: Sequence[AccountKey], rules: Sequence[SudoRule],
    past: _Past,
) -> Chain:  # fmt: skip
    gone = ", who has left" if person.state == Person.State.LEFT else ""
    steps = [Step("person", f"{person.name}{gone}", url=f"/people/{person.pk}")]
    steps += [_of_key(key, login, past) for key in keys]
    if login.person_id == person.pk and login.is_locked is False:
        changed = login.password_changed_on
        told = f", last changed on {changed:%-d %b %Y}" if changed else ""
        steps.append(Step("password", f"knows its password{told}"))
    whose = f", which is for: {login.purpose}" if login.purpose else ""
    steps.append(
        Step("login", f"opens the login {login.name}{whose}", url=f"/server-accounts/{login.pk}")
    )
    steps += _to_root(login, rules, past)
    return Chain(login.name, bool(login.becomes_root), steps)


def _of_key(key: AccountKey, login: Account, past: _Past) -> Step:
    bits = f" of {key.bits} bits" if key.bits else ""
    limits = f", limited to {key.options}" if key.options else ""
    comment = f" “{key.comment}”" if key.comment else ""

    def holds(users: Any) -> bool:
        return any(
            one.get("fingerprint") == key.fingerprint
            for user in users if user.get("name") == login.name
            for one in user.get("keys") or []
        )  # fmt: skip

    return Step(
        "key", f"has the key{comment}, {key.type}{bits}, {key.fingerprint}{limits}", key.file,
        f"/account-keys/{key.pk}", past.since("users", holds),
    )  # fmt: skip


def _to_root(login: Account, rules: Sequence[SudoRule], past: _Past) -> Iterator[Step]:
    if login.uid == 0:
        yield Step("root", "is root: its number is 0")
        return
    for rule in rules:
        given = _given(rule, login)
        for group in (one[1:] for one in given if one.startswith("%")):
            since = past.since("users", _member(login, group))
            yield Step("group", f"is in the group {group}", since=since)
        if given:
            yield Step(
                "rule", f"may by sudo: {_words(rule)}", f"{rule.file}:{rule.line}",
                f"/sudo-rules/{rule.pk}", past.since("sudo", _same(rule)),
            )  # fmt: skip


def _given(rule: SudoRule, login: Account) -> list[str]:
    """Return by which of its names a login is meant by a rule."""
    return meant(rule.who.split(", "), name=login.name, uid=login.uid, groups=login.groups)


def _member(login: Account, group: str) -> Callable[[Any], bool]:
    return lambda users: any(
        user.get("name") == login.name and group in (user.get("groups") or []) for user in users
    )


def _same(rule: SudoRule) -> Callable[[Any], bool]:
    """Return what finds a rule among those told: by all it says but its line, which moves."""
    wanted = (rule.file, rule.who, rule.run_as, rule.tags, rule.commands)

    def holds(rules: Any) -> bool:
        return any(
            (str(one.get("file")), *(_listed(one.get(f)) for f in SAID)) == wanted for one in rules
        )

    return holds


SAID = ("who", "run_as", "tags", "commands")


def _listed(words: Iterable[Any] | None) -> str:
    return ", ".join(map(str, words)) if isinstance(words, list) else str(words or "")


def _words(rule: SudoRule) -> str:
    """Return a rule as sudoers writes it."""
    named = rule.run_as.split(", ") if rule.run_as else ["root"]
    users = ",".join(one for one in named if not one.startswith(":"))
    groups = ",".join(one[1:] for one in named if one.startswith(":"))
    run_as = f"{users}:{groups}" if groups else users
    tags = "".join(f"{tag}: " for tag in rule.tags.split(", ") if tag)
    return f"{rule.who} {rule.hosts or 'ALL'}=({run_as}) {tags}{rule.commands}"
