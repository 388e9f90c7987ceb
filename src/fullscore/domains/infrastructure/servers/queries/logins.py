"""Whose logins are, and which of them nobody answers for."""

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any, NamedTuple

from django.db.models import F, Q

from fullscore.domains.foundation.directory.models import Person
from fullscore.domains.foundation.estate.models import Item
from fullscore.domains.infrastructure.servers.models import Account, AccountKey, KnownLogin
from fullscore.domains.infrastructure.servers.rules.logins import Known, Whose, by_address, by_name
from fullscore.kit.checks import Scope

NAMED = 20  # servers, in evidence


class Login(NamedTuple):
    """A login that opens servers, and for whom; or somebody's key in a login not their own."""

    name: str
    person: int | None
    person_name: str
    has_left: bool
    purpose: str
    servers: tuple[str, ...]  # the first ones
    total: int
    becomes_root: int  # on how many of them
    key: str = ""  # its fingerprint, where it is a key
    comment: str = ""


def known() -> Known:
    """Return what is known of logins: a few rows, and what people are called."""
    rows = KnownLogin.objects.order_by().values_list("server", "name", "person", "purpose")
    told: dict[tuple[int | None, str], Whose] = {
        (server, name): Whose(person, purpose) for server, name, person, purpose in rows
    }
    people = list(Person.objects.order_by().values_list("pk", "email", "name"))
    return Known(
        told,
        by_address((pk, email) for pk, email, _ in people),
        by_name((pk, name) for pk, _, name in people),
        by_name((pk, email) for pk, email, _ in people if email),
    )


def logins(scope: Scope) -> Iterator[Login]:
    """Yield every login by which somebody gets in, root aside: one for each name and owner."""
    if scope.items is not None:
        return  # one name is one finding, wherever it is found
    rows = Account.objects.filter(can_log_in=True, server__item__in=Item.objects.live())
    rows = rows.exclude(uid=0).order_by("name", "person", "purpose", "server__item__name")
    found: dict[tuple[str, int | None, str], list[tuple[str, bool]]] = {}
    people: dict[int | None, tuple[str, bool]] = {None: ("", False)}
    read: Iterable[tuple[Any, ...]] = rows.values_list(
        "name", "person", "person__name", "person__state", "purpose", "server__item__name",
        "becomes_root",
    )  # fmt: skip
    for name, person, who, state, purpose, server, root in read:
        if person is not None:
            people[person] = (who, state == Person.State.LEFT)
        found.setdefault((name, person, purpose), []).append((server, bool(root)))
    for (name, person, purpose), places in found.items():
        who, has_left = people[person]
        yield Login(
            name, person, who, has_left, purpose, tuple(s for s, _ in places[:NAMED]),
            len(places), sum(root for _, root in places),
        )  # fmt: skip


def of_people(scope: Scope) -> Iterator[Login]:
    """Yield the logins, and the keys of those who have left in logins that are not theirs."""
    yield from logins(scope)
    if scope.items is not None:
        return
    rows = AccountKey.objects.filter(
        Q(account__person=None) | ~Q(account__person=F("person")) | Q(account__uid=0),
        person__state=Person.State.LEFT, account__can_log_in=True,
        server__item__in=Item.objects.live(),
    ).order_by("person", "account__name", "fingerprint", "server__item__name")  # fmt: skip
    read = rows.values_list(
        "person", "account__name", "fingerprint", "person__name", "comment", "server__item__name",
        "account__becomes_root",
    )  # fmt: skip
    for (person, name, key), group in groupby(read, key=lambda row: row[:3]):
        same = list(group)
        yield Login(
            name, person, same[0][3], True, "", tuple(row[5] for row in same[:NAMED]), len(same),
            sum(bool(row[6]) for row in same), key, same[0][4],
        )  # fmt: skip
