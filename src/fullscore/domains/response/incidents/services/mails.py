"""E-mail that comes in: kept before it is marked as seen, each once."""

from django.conf import settings

from fullscore.connectors.base import ConnectorError, Garbled, Unreachable
from fullscore.connectors.guard import Guard, for_known_hosts
from fullscore.connectors.mail import client, parse
from fullscore.connectors.mail.mailbox import mailbox_of
from fullscore.domains.response.incidents.models import AlertSource
from fullscore.domains.response.incidents.services.intake import new_key, receive
from fullscore.domains.response.incidents.services.reading import signals_in
from fullscore.kit import time
from fullscore.kit.errors import NotFound
from fullscore.kit.log import get_logger

log = get_logger()


def take_mail(source: AlertSource, raw: bytes) -> None:
    """Keep a mail; when this returns, it is on the disk. Raises Refused when that is not possible.

    One that was here before changes nothing, one that cannot be read is kept as rejected.
    """
    try:
        kept = parse.reduced(raw)
    except Exception:  # Python's reader of mail has broken on odd ones; the next mails must come
        log.exception("a mail broke its reader", source=source.name)
        kept = raw[: parse.TEXT_BYTES]
    key, delivery_id = new_key(), parse.delivery_of(kept)
    problem = ""
    try:
        signals_in(source, kept, key=key, now=time.now())
    except Garbled as error:
        problem = str(error)
    receive(source, kept, key=key, delivery_id=delivery_id, problem=problem)


def mail_source(name: str) -> AlertSource:
    """Return the source of e-mail of this name. Raises NotFound."""
    kind = AlertSource.Kind.EMAIL
    source = AlertSource.objects.filter(name=name, kind=kind, revoked_at=None).first()
    if source is None:
        raise NotFound(f"There is no alert source “{name[:60]}” of the kind e-mail.")
    return source


def read_mailbox(source: AlertSource) -> int:
    """Take what is new in the mailbox of a source; what stands in the way is noted with it."""
    count, problem = 0, ""
    try:
        count = client.take_new(
            mailbox_of(source.mailbox), _password(source), lambda raw: take_mail(source, raw),
            guard=_guard(),
        )  # fmt: skip
    except ConnectorError as error:
        problem = str(error)[:300]
    if problem != source.problem:
        AlertSource.objects.filter(pk=source.pk).update(problem=problem)
    return count


def _password(source: AlertSource) -> str:
    if source.credential is None:
        raise Unreachable("It has no password yet: give it on the source's page.")
    with source.credential.open() as password:
        return password


def _guard() -> Guard:
    return for_known_hosts(settings.OPTIONS.allowed_networks)
