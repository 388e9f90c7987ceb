"""The accounts by which hosts are altered."""

from typing import Any

from fullscore.domains.foundation.changes.services import keys
from fullscore.domains.infrastructure.patching.models import PatchAccess
from fullscore.kit.audit import recorded
from fullscore.kit.errors import Invalid
from fullscore.kit.models import User


def add_access(*, by: User, **values: Any) -> PatchAccess:
    """Say by which account a host is altered."""
    return change_access(PatchAccess(), by=by, **values)


def change_access(way: PatchAccess, *, by: User, **values: Any) -> PatchAccess:
    """Alter it; the account that reads a host never alters it."""
    for name, value in values.items():
        setattr(way, name, value)
    if way.user == way.host.user:
        told = "The account that reads the host must not alter it: make another one."
        raise Invalid(told, {"user": [told]})
    with recorded(way, "change" if way.pk else "add", by=by):
        pass
    return way


def make_access_key(way: PatchAccess, *, by: User) -> PatchAccess:
    """Make a pair of keys for the account; its page says what to put where on the host."""
    with recorded(way, "make_key", by=by):
        keys.make_pair(way, by=by, what_for="patch", address=way.host.address)
    return way


def give_access_key(way: PatchAccess, *, by: User, private_key: str) -> PatchAccess:
    """Store the private key the account is opened by; it is not shown again."""
    text = keys.checked(private_key)
    with recorded(way, "give_key", by=by):
        keys.take_private(way, text, by=by, what_for="patch", address=way.host.address)
    return way
