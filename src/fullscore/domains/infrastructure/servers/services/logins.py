"""Logins get an owner: a person, or what they are for."""

from collections.abc import Iterable, Sequence
from functools import reduce
from operator import or_

from django.db import transaction
from django.db.models import Q

from fullscore.domains.foundation.directory.models import Person
from fullscore.domains.infrastructure.servers.models import Account, AccountKey, KnownLogin
from fullscore.domains.infrastructure.servers.queries.logins import known
from fullscore.domains.infrastructure.servers.rules.logins import Known
from fullscore.kit.audit import recorded
from fullscore.kit.errors import Invalid
from fullscore.kit.models import User


@transaction.atomic
def explain(
    account: Account, *, by: User, person: Person | None = None, purpose: str = "",
    on_every_server: bool = True,
) -> Account:  # fmt: skip
    """Say whose a login is, or what it is for: here, or on every server that has it."""
    if (person is None) == (not purpose.strip()):
        told = "Say whose it is or what it is for: one of the two."
        raise Invalid(told, {"purpose": [told]})
    server = None if on_every_server else account.server
    one = KnownLogin.objects.filter(name=account.name, server=server).first()
    one = one or KnownLogin(name=account.name, server=server)
    with recorded(one, "explain", by=by):
        one.person, one.purpose = person, purpose.strip()
    match_logins(names=[account.name])
    account.refresh_from_db()
    return account


def match_logins(*, names: Iterable[str] | None = None) -> int:
    """Write to every login and key whose it is by now; returns how many were altered.

    It follows from what is recorded elsewhere, so it is no entry of the audit's.
    """
    names = None if names is None else list(names)
    told = known()
    return _match_accounts(told, names) + _match_keys(told, names)


def _match_accounts(told: Known, names: Sequence[str] | None) -> int:
    rows, changed = Account.objects.all(), []
    if names is not None:
        rows = rows.filter(name__in=names)
    wanted = ("name", "full_name", "server_id", "person_id", "purpose")
    for one in rows.only(*wanted).iterator(chunk_size=5000):
        whose = told.of(one.server_id, one.name, one.full_name)
        if whose != (one.person_id, one.purpose):
            one.person_id, one.purpose = whose
            changed.append(one)
    Account.objects.bulk_update(changed, ["person", "purpose"], batch_size=500)
    return len(changed)


def _match_keys(told: Known, names: Sequence[str] | None) -> int:
    """Write to keys whose they are: after the logins, whose owners theirs may be."""
    rows, changed = AccountKey.objects.select_related("account"), []
    if names is not None:
        said = [Q(comment__istartswith=name) for name in names]
        rows = rows.filter(reduce(or_, said, Q(account__name__in=names)))
    wanted = ("comment", "server_id", "person_id", "account__person_id")
    for one in rows.only(*wanted).iterator(chunk_size=5000):
        person = told.of_key(one.server_id, one.comment, owner=one.account.person_id)
        if person != one.person_id:
            one.person_id = person
            changed.append(one)
    AccountKey.objects.bulk_update(changed, ["person"], batch_size=500)
    return len(changed)
