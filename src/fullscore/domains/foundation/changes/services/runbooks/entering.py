"""The accounts by which runbooks run commands on hosts."""

from typing import Any

from fullscore.connectors.base import Refused
from fullscore.connectors.ssh import keys
from fullscore.domains.foundation.changes.models import CommandAccess
from fullscore.domains.foundation.changes.services import keys as pairs
from fullscore.domains.foundation.estate.models import Item
from fullscore.kit.audit import recorded
from fullscore.kit.errors import Conflict, Invalid
from fullscore.kit.models import User

PLACE = ("address", "port", "host_key", "user")


def tell_way(
    item: Item, *, by: User, address: str, port: int, host_key: str, reader: str
) -> CommandAccess:
    """Let it be known where a host stands, by which key it is known, and who reads it."""
    way = CommandAccess.objects.filter(item=item).first() or CommandAccess(item=item)
    told = {"address": address, "port": port, "host_key": host_key, "reader": reader}
    if way.pk and all(getattr(way, name) == value for name, value in told.items()):
        return way
    with recorded(way, "tell", by=by):
        for name, value in told.items():
            setattr(way, name, value)
        if way.user == reader:  # it was made the reader's after it had been the runbooks'
            way.user, way.credential, way.public_key = f"{reader}-run"[:80], None, ""
    return way


def add_way(*, by: User, item: Item, **values: Any) -> CommandAccess:
    """Say by which account commands are run on a host, and by which key the host is known."""
    if CommandAccess.objects.filter(item=item).exists():
        raise Conflict(f"{item} has one already: change that.")
    return change_way(CommandAccess(item=item), by=by, **values)


def change_way(way: CommandAccess, *, by: User, **values: Any) -> CommandAccess:
    """Alter where a host is, or the account; at another place the account's key is made anew.

    The account that reads a host never runs commands, and a key does not move along: whoever may
    change an address could otherwise have commands sent elsewhere.
    """
    if values.get("user", way.user) == way.reader:
        told = "The account that reads the host must not run commands: make another one."
        raise Invalid(told, {"user": [told]})
    values.pop("item", None)
    moved = any(values.get(name, getattr(way, name)) != getattr(way, name) for name in PLACE)
    if moved:
        _check_key(values.get("host_key", way.host_key))
    with recorded(way, "change" if way.pk else "add", by=by):
        for name, value in values.items():
            setattr(way, name, value)
        if moved:
            way.credential, way.public_key = None, ""
    return way


def _check_key(line: str) -> None:
    try:
        keys.fingerprint(line)
    except Refused as error:
        told = f"{error} It is the line that `ssh-keyscan` prints for the host, without its name."
        raise Invalid(told, {"host_key": [told]}) from error


def make_way_key(way: CommandAccess, *, by: User) -> CommandAccess:
    """Make a pair of keys for the account; its page says what to put where on the host."""
    with recorded(way, "make_key", by=by):
        pairs.make_pair(way, by=by, what_for="run", address=way.address)
    return way


def give_way_key(way: CommandAccess, *, by: User, private_key: str) -> CommandAccess:
    """Store the private key the account is opened by; it is not shown again."""
    text = pairs.checked(private_key)
    with recorded(way, "give_key", by=by):
        pairs.take_private(way, text, by=by, what_for="run", address=way.address)
    return way
