"""Events and changes as PagerDuty takes them, and heartbeats.

Who sends is told by the body or the address.
"""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from fullscore.connectors import documents
from fullscore.connectors.pagerduty import parse as pagerduty
from fullscore.domains.response.incidents import services
from fullscore.domains.response.incidents.endpoints.taking import MOST_BYTES, check_kind, keep
from fullscore.domains.response.incidents.models import AlertSource
from fullscore.interfaces.ingest import bodies, doors
from fullscore.kit import time
from fullscore.kit.errors import NotAllowed
from fullscore.kit.models.user import system

Kind = AlertSource.Kind
MOST_CHANGE_BYTES = 512 * 1024  # as much as PagerDuty takes


@csrf_exempt
def enqueue(request: HttpRequest) -> HttpResponse:
    """Take an event as PagerDuty does, its errors in PagerDuty's words."""
    return _in_their_words(_enqueue(request), "Event object is invalid")


def _in_their_words(answer: HttpResponse, message: str) -> HttpResponse:
    if answer.status_code != 400:
        return answer
    detail = documents.read(answer.content).words("detail", most=1000)
    told = {"status": "invalid event", "message": message, "errors": [detail]}
    return JsonResponse(told, status=400)


@doors.door
def _enqueue(request: HttpRequest) -> HttpResponse:
    body = bodies.read(request, most_bytes=MOST_BYTES)
    source = _of_token(pagerduty.routing_key(body), Kind.PAGERDUTY)
    key = services.new_key()
    keep(source, body, key, delivery_id=request.headers.get("Idempotency-Key", ""))
    told = pagerduty.event(body, made_key=key).key
    answer = {"status": "success", "message": "Event processed", "dedup_key": told}
    return JsonResponse(answer, status=202)


@csrf_exempt
def enqueue_change(request: HttpRequest) -> HttpResponse:
    """Take a change event as PagerDuty does: it becomes a recorded change."""
    return _in_their_words(_enqueue_change(request), "Change event object is invalid")


@doors.door
def _enqueue_change(request: HttpRequest) -> HttpResponse:
    body = bodies.read(request, most_bytes=MOST_CHANGE_BYTES)
    source = _of_token(pagerduty.routing_key(body), Kind.PAGERDUTY)
    services.count_in(source)
    services.record_change(source, pagerduty.change(body), now=time.now(), by=system())
    answer = {"status": "success", "message": "Change event processed"}
    return JsonResponse(answer, status=202)


@doors.open_to("GET", "POST")
def beat(request: HttpRequest, token: str) -> HttpResponse:
    """Note that a sender is alive."""
    source = _of_token(token, Kind.HEARTBEAT)
    services.count_in(source)
    services.beat(source)
    return JsonResponse({"status": "success"})


def _of_token(text: str, kind: str) -> AlertSource:
    try:
        source = services.source_of(text)
    except NotAllowed as error:
        raise doors.Unknown(str(error)) from error
    check_kind(source, kind)
    return source
