"""Fetch what is new in a mailbox by IMAP (RFC 9051, 3501), never without TLS."""

import imaplib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from fullscore.connectors.base import Deadline, Garbled, Refused, Unreachable
from fullscore.connectors.guard import Guard
from fullscore.connectors.mail.mailbox import Mailbox
from fullscore.connectors.mail.parse import MOST_BYTES

MOST_AT_ONCE = 200
ANSWER_SECONDS = 20.0
WHOLE_SECONDS = 300.0  # for one visit, however slowly the other side speaks
Connect = Callable[[], socket.socket]


class _Imap(imaplib.IMAP4):
    """A conversation over a connection that was made for it, with bounds for what is said."""

    def __init__(self, host: str, connect: Connect) -> None:
        self._dial = connect
        super().__init__(host, timeout=ANSWER_SECONDS)

    def _create_socket(self, timeout: float | None) -> socket.socket:
        return self._dial()

    def read(self, size: int) -> bytes:
        """Read a literal, if it is of a size that was asked for."""
        if size > MOST_BYTES + 1024:
            raise imaplib.IMAP4.abort(f"an answer of {size} bytes is more than we read")
        return super().read(size)


def take_new(
    mailbox: Mailbox, password: str, keep: Callable[[bytes], None], *, guard: Guard
) -> int:
    """Hand each unseen mail to `keep`, and mark it as seen once that has returned; count them.

    Of a long mail the first MiB is read. Raises Unreachable, Refused and Garbled; what was kept
    until then is marked.
    """
    with _visit(mailbox, password, guard) as imap:
        count = 0
        for uid in _unseen(imap):
            if (raw := _fetched(imap, uid)) is not None:
                keep(raw)
                count += 1
            _checked(imap.uid("STORE", uid, "+FLAGS.SILENT", r"(\Seen)"), "mark a mail as seen")
        return count


@contextmanager
def _visit(mailbox: Mailbox, password: str, guard: Guard) -> Iterator[imaplib.IMAP4]:
    """Log in and open the folder; whatever goes wrong is told in a sentence."""
    where, imap, timer = f"{mailbox.host}:{mailbox.port}", None, None
    try:
        imap = _opened(mailbox, guard)
        timer = threading.Timer(WHOLE_SECONDS, _cut, (imap.sock,))
        timer.start()
        _log_in(imap, mailbox, password)
        yield imap  # not closed: that would purge what somebody marked as deleted
    except ssl.SSLError as error:
        raise Refused(f"{where} cannot be trusted: {error.reason or error}.") from error
    except imaplib.IMAP4.abort as error:
        raise Unreachable(f"{where} broke off: {_short(error)}.") from error
    except imaplib.IMAP4.error as error:
        raise Garbled(f"{where} says what cannot be understood: {_short(error)}.") from error
    except OSError as error:
        raise Unreachable(f"{where} cannot be reached: {error}.") from error
    finally:
        if timer is not None:
            timer.cancel()
        if imap is not None:
            with suppress(imaplib.IMAP4.error, OSError):
                imap.logout()


def _opened(mailbox: Mailbox, guard: Guard) -> imaplib.IMAP4:
    context, deadline = ssl.create_default_context(cafile=guard.ca_bundle or None), Deadline(30)

    def connect() -> socket.socket:
        found = guard.addresses(mailbox.host, mailbox.port, deadline=deadline)
        raw = socket.create_connection((found[0], mailbox.port), timeout=ANSWER_SECONDS)
        if not mailbox.is_tls:
            return raw
        return context.wrap_socket(raw, server_hostname=mailbox.host)

    imap = _Imap(mailbox.host, connect)
    if not mailbox.is_tls:
        imap.starttls(context)
    return imap


def _log_in(imap: imaplib.IMAP4, mailbox: Mailbox, password: str) -> None:
    try:
        imap.login(mailbox.user, password)
    except imaplib.IMAP4.abort:
        raise
    except UnicodeEncodeError:  # it would tell the password
        raise Refused("The password has letters outside ASCII: IMAP takes none.") from None
    except imaplib.IMAP4.error as error:
        raise Refused(f"{mailbox.host} does not let {mailbox.user} in: {_short(error)}.") from error
    folder = mailbox.folder.replace("\\", "\\\\").replace('"', '\\"')
    _checked(imap.select(f'"{folder}"'), f"open {mailbox.folder}")


def _unseen(imap: imaplib.IMAP4) -> list[str]:
    found = _checked(imap.uid("SEARCH", "UNSEEN"), "list what is new")
    numbers = (found[0] or b"").split() if found else []
    return [n.decode() for n in numbers[:MOST_AT_ONCE] if n.isdigit()]


def _fetched(imap: imaplib.IMAP4, uid: str) -> bytes | None:
    """Return a mail, at most its first MiB; None if it is gone by now."""
    found = _checked(imap.uid("FETCH", uid, f"(BODY.PEEK[]<0.{MOST_BYTES}>)"), "fetch a mail")
    return next((one[1] for one in found if isinstance(one, tuple)), None)


def _checked(answer: tuple[str, list[Any]], what: str) -> list[Any]:
    kind, told = answer
    if kind != "OK":
        words = b" ".join(one for one in told if isinstance(one, bytes))
        why = words[:200].decode("utf-8", "replace").rstrip(".")
        raise Refused(f"The mail server does not let us {what}: {why}.")
    return told


def _cut(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


def _short(error: Exception) -> str:
    said = error.args[0] if error.args else ""
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
    return text[:200].rstrip(".") or "no reason is given"
