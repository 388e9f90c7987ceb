"""Where programs send samples: `POST /api/v1/write`, as every Prometheus speaks it."""

from datetime import timedelta

from django.http import HttpRequest, HttpResponse
from django.urls import path

from fullscore.connectors.base import Garbled
from fullscore.connectors.prometheus import remote_write
from fullscore.domains.foundation.telemetry import services
from fullscore.domains.foundation.telemetry.models import PushKey
from fullscore.domains.foundation.telemetry.services import Batch, Called, Taken
from fullscore.interfaces.ingest import bodies, doors
from fullscore.kit import limits, time

MOST_BYTES = 32 * 1024 * 1024  # as it comes; `remote_write` bounds what it unpacks to
VERSION_2 = "io.prometheus.write.v2.Request"


@doors.door
def write(request: HttpRequest) -> HttpResponse:
    """Take a body of remote-write 1.0; 204 says that what can be kept of it is on the disk."""
    key = sender_of(request)
    if VERSION_2 in request.headers.get("Content-Type", ""):
        raise doors.WrongKind("Remote-write 2.0 is not spoken here: let the sender use 1.0.")
    sender = services.of_key(key)
    body = bodies.read(request, most_bytes=MOST_BYTES)
    told = remote_write.decode(body, known=services.known_keys(sender))
    batch = Batch(told.keys, told.series, told.ts_ms, told.values, _named, told.skipped)
    taken = services.take(batch, sender, now=time.now())
    refuse_if_nothing_is_good(taken)
    return HttpResponse(status=204)


def sender_of(request: HttpRequest) -> PushKey:
    """Return the key a request comes with, counted against its limit."""
    key = doors.sender(request, services.owner_of_key)
    limits.limit(f"push:{key.pk}", per=timedelta(minutes=1), count=key.per_minute)
    return key


def refuse_if_nothing_is_good(taken: Taken) -> None:
    """Raise Garbled, so that the sender's own log says why, when nothing at all was taken.

    A sender drops what is answered with 400, all of it. So a body with anything good in it is
    answered as taken, and what is not is counted here, where it can be seen.
    """
    if taken.refused and not taken.stored:
        raise Garbled(taken.why or "Nothing of it can be kept.")


def _named(key: bytes) -> Called:
    labels = dict(remote_write.labels(key))
    return Called(labels.pop("__name__"), labels)


PATTERNS = [path("api/v1/write", write, name="remote-write")]
