"""The keys of accounts that alter hosts: made here or given, sealed, and shown by nobody."""

from typing import Protocol

from fullscore.connectors.base import Refused
from fullscore.connectors.ssh import keys
from fullscore.kit import secrets, time
from fullscore.kit.errors import Invalid
from fullscore.kit.models import User
from fullscore.kit.models.secret import Secret


class Way(Protocol):
    """An account on a host, as a record that holds its sealed key."""

    pk: int
    user: str
    credential: Secret | None
    public_key: str


def make_pair(way: Way, *, by: User, what_for: str, address: str) -> None:
    """Make a pair of keys for an account; the caller records it."""
    private, public = keys.new_pair(f"fullscore-{what_for}")
    _keep(way, private, by=by, what_for=what_for, address=address)
    way.public_key = public


def take_private(way: Way, text: str, *, by: User, what_for: str, address: str) -> None:
    """Keep a private key that was checked before; the caller records it."""
    _keep(way, text, by=by, what_for=what_for, address=address)
    way.public_key = ""


def checked(private_key: str) -> str:
    """Return a private key as OpenSSH writes it. Raises Invalid for what is none."""
    text = private_key.replace("\r\n", "\n").strip() + "\n"
    try:
        keys.check_private(text)
    except Refused as error:
        raise Invalid(str(error), {"private_key": [str(error)]}) from error
    return text


def _keep(way: Way, value: str, *, by: User, what_for: str, address: str) -> None:
    if way.credential is not None:
        secrets.replace(way.credential, value, by=by)
        return
    name = f"{what_for} {way.pk} {time.now():%Y%m%d%H%M%S%f}"
    scope = f"{way.user}@{address}"[:120]
    way.credential = secrets.keep(name, value, by=by, kind=Secret.Kind.PRIVATE_KEY, scope=scope)
