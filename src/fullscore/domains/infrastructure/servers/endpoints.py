"""`POST /api/push`: a host sends its own facts and samples."""

import gzip
import io
import json
from datetime import timedelta
from typing import Any

from django.http import HttpRequest, JsonResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from fullscore.connectors.base import Garbled
from fullscore.connectors.probe import parse
from fullscore.domains.foundation.telemetry import services as telemetry
from fullscore.domains.infrastructure.servers import services
from fullscore.domains.infrastructure.servers.models import Server
from fullscore.kit import limits, time
from fullscore.kit.audit import coming
from fullscore.kit.errors import Invalid, NotAllowed, Problem, TooMany
from fullscore.kit.models.user import system

MOST_BYTES = 8 * 1024 * 1024  # unpacked


@csrf_exempt  # a key in a header, no cookie: nothing to forge
@require_POST
def push(request: HttpRequest) -> JsonResponse:
    """Take one report, or a list of them from a spool; the key says which host it is."""
    try:
        with coming("push", address=str(request.META.get("REMOTE_ADDR", ""))):
            return JsonResponse({"taken": _take(request)})
    except Garbled as error:
        return JsonResponse({"detail": str(error)}, status=400)
    except TooMany as problem:
        retry = {"Retry-After": str(problem.retry_after_seconds)}
        return JsonResponse({"detail": str(problem)}, status=429, headers=retry)
    except Problem as problem:
        return JsonResponse({"detail": str(problem)}, status=problem.status)


def _take(request: HttpRequest) -> int:
    scheme, _, text = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not text:
        raise NotAllowed("Send the host's key as a bearer token.")
    key = telemetry.owner_of_key(text.strip())
    limits.limit(f"push:{key.pk}", per=timedelta(minutes=1), count=key.per_minute)
    now = time.now()
    server = Server.objects.filter(item=key.item).first()
    server = server or services.enrol(key.item, by=system())
    count = 0
    for body in _bodies(_unpacked(request)):
        report = parse.read(body)
        count += services.take_samples(key.item, report, now=now)
        if report.facts:
            services.take_facts(server, report, by=system(), now=now)
    return count


def _unpacked(request: HttpRequest) -> bytes:
    """Return the body, unpacked under a limit: a bomb is refused before it has grown."""
    body = request.body
    if request.headers.get("Content-Encoding", "") != "gzip":
        return body
    try:
        with gzip.open(io.BytesIO(body)) as packed:
            told = packed.read(MOST_BYTES + 1)
    except (OSError, EOFError) as error:
        raise Garbled(f"The body is not gzip: {error}.") from error
    if len(told) > MOST_BYTES:
        raise Garbled("The report is larger than 8 MiB.")
    return told


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
