"""What every door for alerts does: ask who sends, and keep what is sent."""

from django.http import HttpRequest

from fullscore.connectors.base import Garbled
from fullscore.domains.response.incidents import services
from fullscore.domains.response.incidents.models import AlertSource
from fullscore.interfaces.ingest import bodies, doors
from fullscore.kit import time
from fullscore.kit.errors import NotAllowed, NotFound

MOST_BYTES = 1024 * 1024


def sender(request: HttpRequest, kind: str, name: str = "") -> AlertSource:
    """Return the source that sends; it has to be of this kind and, where it is named, this one."""
    source = doors.sender(request, services.source_of)
    check_kind(source, kind)
    if name and source.name != name:
        raise NotFound(f"This token is of the source “{source.name}”, not of “{name[:60]}”.")
    return source


def check_kind(source: AlertSource, kind: str) -> None:
    """Raise NotAllowed for a source of another kind."""
    if source.kind != kind:
        raise NotAllowed(
            f"The source “{source}” is for {source.get_kind_display()}: it has another address."
        )


def take(request: HttpRequest, source: AlertSource, *, delivery_id: str = "") -> None:
    """Keep the body of a request."""
    body = bodies.unpacked(request, most_bytes=MOST_BYTES)
    delivery_id = delivery_id or request.headers.get("Idempotency-Key", "")
    keep(source, body, services.new_key(), delivery_id=delivery_id)


def keep(source: AlertSource, body: bytes, key: str, *, delivery_id: str = "") -> None:
    """Keep a body; one that cannot be read is kept too, as rejected, and its sender told why."""
    services.count_in(source)
    try:
        services.signals_in(source, body, key=key, now=time.now())
    except Garbled as error:
        services.receive(source, body, key=key, problem=str(error))
        raise
    services.receive(source, body, key=key, delivery_id=delivery_id)
