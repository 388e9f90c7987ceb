"""Who gets in where, and who becomes root: people against servers, cut to what the asker sees."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from django.db.models import F, Q, QuerySet

from fullscore.domains.foundation.directory.models import Membership, Person
from fullscore.domains.foundation.estate.models import Item
from fullscore.domains.infrastructure.servers.models import Account, AccountKey, Server
from fullscore.kit import time
from fullscore.kit.errors import Invalid, NotFound
from fullscore.kit.models import User
from fullscore.kit.perform import require

PEOPLE, SERVERS = 40, 20  # on one page: what fits a desk without losing the head from sight
MOST_NUMBER = 10**9
RIGHTS = ("servers.view_account", "servers.view_accountkey", "servers.view_sudorule")


@dataclass(frozen=True, slots=True)
class Asked:
    """Which part of who gets in is asked for; names may be parts of names."""

    person: str = ""
    server: str = ""
    team: int | None = None
    is_root: bool = False  # only ways that end as root


class Named(NamedTuple):
    """A person or a server, and whether a person has left."""

    pk: int
    name: str
    has_left: bool = False


@dataclass(frozen=True, slots=True)
class Cell:
    """How somebody gets in on a server: by how many logins and keys, and whether to root."""

    person: int
    server: int
    ways: int = 0
    is_root: bool = False
    logins: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Matrix:
    """One page of people against servers, and how many there are of each."""

    people: Sequence[Named]
    servers: Sequence[Named]
    cells: dict[tuple[int, int], Cell] = field(default_factory=dict)
    people_total: int = 0
    servers_total: int = 0
    left_total: int = 0  # of the people, how many have left


class Way(NamedTuple):
    """One way in: whose, where, by which login, opened by what, and how it ends as root."""

    person: Named
    server: Named
    login: str
    opened_by: str
    fingerprint: str
    becomes_root: str


def check(by: User) -> None:
    """Raise NotAllowed for whoever may not see logins, keys and sudo rules."""
    for right in RIGHTS:
        require(right, by=by)


def logins_of(user: User, asked: Asked) -> QuerySet[Account]:
    """Return the logins of people that get in, as far as they are seen and asked for."""
    return _narrowed(Account.objects.all(), "", user, asked)


def keys_of(user: User, asked: Asked) -> QuerySet[AccountKey]:
    """Return people's keys in logins that are not their own, as far as seen and asked for."""
    rows = AccountKey.objects.filter(
        Q(account__person__isnull=True) | ~Q(account__person=F("person"))
    )
    return _narrowed(rows, "account__", user, asked)


def _narrowed(rows: Any, login: str, user: User, asked: Asked) -> Any:
    rows = rows.visible_to(user).filter(
        person__in=Person.objects.visible_to(user), server__item__in=Item.objects.live(),
        **{f"{login}can_log_in": True},
    )  # fmt: skip
    if asked.person:
        rows = rows.filter(_called(asked.person, "person__", "name", "email"))
    if asked.server:
        rows = rows.filter(_called(asked.server, "server__", "item__name"))
    if asked.team is not None:
        members = Membership.objects.visible_to(user).on(time.now().date())
        rows = rows.filter(person__in=members.filter(team=asked.team).values("person"))
    return rows.exclude(**{f"{login}becomes_root": ""}) if asked.is_root else rows


def _called(text: str, path: str, *names: str) -> Q:
    """Return the condition for a record of this number, or with this in a name of it."""
    if text.isdecimal() and int(text) < MOST_NUMBER:
        return Q(**{f"{path}pk": int(text)})
    told = (Q(**{f"{path}{name}__icontains": text}) for name in names)
    return Q(*told, _connector=Q.OR)


def matrix(user: User, asked: Asked, *, people: int = 1, servers: int = 1) -> Matrix:
    """Return one page of people against servers; a fixed number of questions for any of it.

    People who have left stand first, and where they get in; then by name. Pages are counted from
    1 on both sides.
    """
    logins, keys = logins_of(user, asked).order_by(), keys_of(user, asked).order_by()
    who = {pk for rows in (logins, keys) for pk in rows.values_list("person", flat=True).distinct()}
    where = {
        pk for rows in (logins, keys) for pk in rows.values_list("server", flat=True).distinct()
    }
    gone = {
        pk for rows in (logins, keys)
        for pk in rows.filter(person__state=Person.State.LEFT).values_list("server", flat=True)
    }  # fmt: skip
    all_people = _people(user, who)
    all_servers = _servers(user, where, gone)
    shown = all_people[(people - 1) * PEOPLE : people * PEOPLE]
    columns = all_servers[(servers - 1) * SERVERS : servers * SERVERS]
    inside = {"person__in": [p.pk for p in shown], "server__in": [s.pk for s in columns]}
    return Matrix(
        shown, columns, _cells(logins.filter(**inside), keys.filter(**inside)), len(all_people),
        len(all_servers), sum(p.has_left for p in all_people),
    )  # fmt: skip


def _people(user: User, wanted: set[int]) -> list[Named]:
    rows = Person.objects.visible_to(user).order_by("name", "pk")
    told = [
        Named(pk, name, state == Person.State.LEFT)
        for pk, name, state in rows.values_list("pk", "name", "state")
        if pk in wanted
    ]
    return sorted(told, key=lambda one: not one.has_left)


def _servers(user: User, wanted: set[int], first: set[int]) -> list[Named]:
    rows = Server.objects.visible_to(user).order_by("item__name", "pk")
    told = [Named(pk, name) for pk, name in rows.values_list("pk", "item__name") if pk in wanted]
    return sorted(told, key=lambda one: one.pk not in first)


def _cells(logins: QuerySet[Account], keys: QuerySet[AccountKey]) -> dict[tuple[int, int], Cell]:
    rows = [
        *logins.values_list("person", "server", "name", "becomes_root"),
        *keys.values_list("person", "server", "account__name", "account__becomes_root"),
    ]
    found: dict[tuple[int, int], Cell] = {}
    for person, server, name, root in rows:
        one = found.get((person, server), Cell(person, server))
        found[person, server] = Cell(
            person, server, one.ways + 1, one.is_root or bool(root),
            tuple(sorted({*one.logins, name})),
        )  # fmt: skip
    return found


def ways(user: User, asked: Asked) -> Iterator[Way]:
    """Yield every way in, row by row: a login of one's own by its keys or password, else a key."""
    owned = logins_of(user, asked).order_by("person__name", "server__item__name", "name")
    for *ends, name, keys, is_locked, root in owned.values_list(
        *ENDS, "name", "key_count", "is_locked", "becomes_root"
    ).iterator(chunk_size=2000):
        yield Way(*_ends(ends), name, _opened_by(keys, is_locked), "", root)
    rows = keys_of(user, asked).order_by("person__name", "server__item__name", "account__name")
    for *ends, name, comment, fingerprint, root in rows.values_list(
        *ENDS, "account__name", "comment", "fingerprint", "account__becomes_root"
    ).iterator(chunk_size=2000):
        yield Way(*_ends(ends), name, f"key {comment}".strip(), fingerprint, root)


ENDS = ("person", "person__name", "person__state", "server", "server__item__name")


def _ends(row: Sequence[Any]) -> tuple[Named, Named]:
    person, name, state, server, server_name = row
    return Named(person, name, state == Person.State.LEFT), Named(server, server_name)


def _opened_by(keys: int, is_locked: bool | None) -> str:
    told = [f"{keys} key{'s' if keys != 1 else ''}"] if keys else []
    return " and ".join([*told, *(["a password"] if is_locked is False else [])])


def server_called(text: str, *, by: User) -> Server:
    """Return the one server of this number or name. Raises NotFound, Invalid."""
    rows = Server.objects.visible_to(by).filter(item__in=Item.objects.live())
    return _one(rows.select_related("item"), text, "server", "item__name")


def person_called(text: str, *, by: User) -> Person:
    """Return the one person of this number, name or address. Raises NotFound, Invalid."""
    return _one(Person.objects.visible_to(by), text, "person", "name", "email")


def _one(rows: QuerySet[Any], text: str, noun: str, *names: str) -> Any:
    """Return the one record of a number or a whole name; of a part of a name, when one has it."""
    text = text.strip()
    if not text:
        raise Invalid(f"Name a {noun}.", {noun: ["Name one."]})
    if text.isdecimal() and int(text) < MOST_NUMBER:
        found = list(rows.filter(pk=int(text))[:1])
    else:
        found = _named(rows, text, "iexact", names) or _named(rows, text, "icontains", names)
    if not found:
        raise NotFound(f"There is no {noun} “{text}”, or you may not see it.")
    if len(found) > 1:
        some = ", ".join(str(one) for one in found[:5])
        raise Invalid(f"“{text}” fits more than one {noun}: {some}. Say which.", {noun: [some]})
    return found[0]


def _named(rows: QuerySet[Any], text: str, how: str, names: Iterable[str]) -> list[Any]:
    told = (Q(**{f"{name}__{how}": text}) for name in names)
    return list(rows.filter(Q(*told, _connector=Q.OR))[:6])
