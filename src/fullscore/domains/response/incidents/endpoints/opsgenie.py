"""The alert API of Opsgenie: `POST /v2/alerts`, `…/<alias>/acknowledge`, `…/<alias>/close`."""

from uuid import uuid4

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from fullscore.connectors import documents
from fullscore.connectors.opsgenie import parse as opsgenie
from fullscore.domains.response.incidents import services
from fullscore.domains.response.incidents.endpoints.taking import MOST_BYTES, keep, sender
from fullscore.domains.response.incidents.models import AlertSource
from fullscore.interfaces.ingest import bodies, doors


@csrf_exempt
def opsgenie_alerts(request: HttpRequest, alias: str = "", action: str = "create") -> HttpResponse:
    """Take what a client of Opsgenie asks for, answered in its words; an id is taken for an alias.

    A client that was told no id has none to send: those of ours are the aliases it sent.
    """
    answer = _take(request, alias=alias, action=action)
    told = {"took": 0.0, "requestId": str(uuid4())}
    if answer.status_code != 202:
        told["message"] = documents.read(answer.content).words("detail", most=1000)
    else:
        told["result"] = "Request will be processed"
    status = 422 if answer.status_code == 400 else answer.status_code
    return JsonResponse(told, status=status, headers=_kept(answer))


@doors.door
def _take(request: HttpRequest, alias: str, action: str) -> HttpResponse:
    source = sender(request, AlertSource.Kind.OPSGENIE)
    body = bodies.unpacked(request, most_bytes=MOST_BYTES)
    keep(source, opsgenie.wrapped(body, action=action, alias=alias), services.new_key())
    return HttpResponse(status=202)


def _kept(answer: HttpResponse) -> dict[str, str]:
    names = ("Retry-After", "WWW-Authenticate")
    return {name: answer[name] for name in names if name in answer}
