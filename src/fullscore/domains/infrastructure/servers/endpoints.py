"""`POST /api/push`: a host sends its own facts and samples."""

import json
from datetime import timedelta
from typing import Any

from django.http import HttpRequest, JsonResponse
from django.urls import path

from fullscore.connectors.base import Garbled
from fullscore.connectors.probe import parse
from fullscore.domains.foundation.telemetry import services as telemetry
from fullscore.domains.infrastructure.servers import services
from fullscore.domains.infrastructure.servers.models import Server
from fullscore.interfaces.ingest import bodies, doors
from fullscore.kit import limits, time
from fullscore.kit.errors import Invalid, NotAllowed
from fullscore.kit.models.user import system

MOST_BYTES = 8 * 1024 * 1024  # unpacked


@doors.door
def push(request: HttpRequest) -> JsonResponse:
    """Take one report, or a list of them from a spool; the key says which host it is."""
    key = doors.sender(request, telemetry.owner_of_key)
    limits.limit(f"push:{key.pk}", per=timedelta(minutes=1), count=key.per_minute)
    item = key.host
    if item is None:
        raise NotAllowed("This key is for many hosts; a probe needs one of its own host's.")
    now = time.now()
    server = Server.objects.filter(item=item).first() or services.enrol(item, by=system())
    count = 0
    for body in _bodies(bodies.unpacked(request, most_bytes=MOST_BYTES)):
        report = parse.read(body)
        count += services.take_samples(item, report, now=now)
        if report.facts:
            services.take_facts(server, report, by=system(), now=now)
    return JsonResponse({"taken": count})


def _bodies(body: bytes) -> list[bytes]:
    if not body.lstrip().startswith(b"["):
        return [body]
    try:
        reports: Any = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Garbled(f"The body is not JSON: {error}.") from error
    if len(reports) > 1000:
        raise Invalid("At most 1,000 reports at once.")
    return [json.dumps(r).encode() for r in reports]


PATTERNS = [path("api/push", push, name="push")]
