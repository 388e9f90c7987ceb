"""The accounts by which hosts are altered."""

from typing import Any

from fullscore.connectors.base import Refused
from fullscore.connectors.ssh import keys
from fullscore.domains.infrastructure.patching.models import PatchAccess
from fullscore.kit import secrets, time
from fullscore.kit.audit import recorded
from fullscore.kit.errors import Invalid
from fullscore.kit.models import User
from fullscore.kit.models.secret import Secret


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
    private, public = keys.new_pair("fullscore-patch")
    with recorded(way, "make_key", by=by):
        _keep(way, private, by)
        way.public_key = public
    return way


def give_access_key(way: PatchAccess, *, by: User, private_key: str) -> PatchAccess:
    """Store the private key the account is opened by; it is not shown again."""
    text = private_key.replace("\r\n", "\n").strip() + "\n"
    try:
        keys.check_private(text)
    except Refused as error:
        raise Invalid(str(error), {"private_key": [str(error)]}) from error
    with recorded(way, "give_key", by=by):
        _keep(way, text, by)
        way.public_key = ""
    return way


def _keep(way: PatchAccess, value: str, by: User) -> None:
    if way.credential is not None:
        secrets.replace(way.credential, value, by=by)
        return
    name = f"patch {way.pk} {time.now():%Y%m%d%H%M%S%f}"
    scope = f"{way.user}@{way.host.address}"[:120]
    way.credential = secrets.keep(name, value, by=by, kind=Secret.Kind.PRIVATE_KEY, scope=scope)
