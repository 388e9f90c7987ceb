"""The address of a mailbox. Pure."""

from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from fullscore.connectors.base import Garbled

PORTS = {"imaps": 993, "imap": 143}


@dataclass(frozen=True, slots=True)
class Mailbox:
    """Where mail is fetched, and by whom."""

    host: str
    port: int
    user: str
    folder: str = "INBOX"
    is_tls: bool = True  # from the first byte; else by STARTTLS, and never without


def mailbox_of(text: str) -> Mailbox:
    """Read `imaps://user@host:port/folder`. Raises Garbled with what is wrong."""
    wrong = "Write a mailbox as imaps://alerts@mail.example.org/INBOX"
    try:
        parts = urlsplit(text)
        port = parts.port or PORTS.get(parts.scheme, 0)
    except ValueError as error:
        raise Garbled(f"{wrong}.") from error
    if parts.scheme not in PORTS or not parts.hostname or not parts.username:
        raise Garbled(f"{wrong}.")
    if parts.password is not None:
        raise Garbled(f"{wrong}, without the password: it is given on the source's page.")
    folder = unquote(parts.path).strip("/") or "INBOX"
    user = unquote(parts.username)
    if not (user + folder).isascii() or not (user + folder).isprintable():
        raise Garbled(f"{wrong}, in ASCII.")
    return Mailbox(parts.hostname, port, user, folder, parts.scheme == "imaps")
