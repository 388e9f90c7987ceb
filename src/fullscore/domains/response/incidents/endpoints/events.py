"""Events as PagerDuty takes them, and heartbeats: who sends is told by the body or the address."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from fullscore.connectors import documents
from fullscore.connectors.pagerduty import parse as pagerduty
from fullscore.domains.response.incidents import services
from fullscore.domains.response.incidents.endpoints.taking import MOST_BYTES, check_kind, keep
from fullscore.domains.response.incidents.models import AlertSource
from fullscore.interfaces.ingest import bodies, doors
from fullscore.kit.errors import NotAllowed

Kind = AlertSource.Kind


@csrf_exempt
def enqueue(request: HttpRequest) -> HttpResponse:
    """Take an event as PagerDuty does, its errors in PagerDuty's words."""
    answer = _enqueue(request)
    if answer.status_code != 400:
        return answer
    detail = documents.read(answer.content).words("detail", most=1000)
    told = {"status": "invalid event", "message": "Event object is invalid", "errors": [detail]}
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
