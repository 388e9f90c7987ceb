"""The webhooks of tools: `POST /ingest/<source>/<tool>`."""

from django.http import HttpRequest, HttpResponse, JsonResponse

from fullscore.connectors.base import Garbled
from fullscore.connectors.cloudevents import parse as cloudevents
from fullscore.domains.response.incidents import services
from fullscore.domains.response.incidents.endpoints.taking import MOST_BYTES, sender, take
from fullscore.domains.response.incidents.models import AlertSource
from fullscore.interfaces.ingest import bodies, doors
from fullscore.kit import time
from fullscore.kit.errors import NotFound

Kind = AlertSource.Kind
TOOLS = (Kind.ALERTMANAGER, Kind.GRAFANA, Kind.ZABBIX, Kind.NAGIOS, Kind.CLOUDEVENTS)


@doors.door
def webhook(request: HttpRequest, source: str, tool: str) -> HttpResponse:
    """Take what a tool posts; the last word of the address is the kind of the source."""
    if tool not in TOOLS:
        raise NotFound(f"Nothing of “{tool[:40]}” is taken here: {', '.join(TOOLS)}.")
    known = sender(request, tool, source)
    if tool == Kind.CLOUDEVENTS:
        _take_events(request, known)
    else:
        take(request, known)
    return JsonResponse({"status": "success"}, status=202)


def _take_events(request: HttpRequest, source: AlertSource) -> None:
    """Keep each event of a request as a body of its own, so that each is taken once."""
    services.count_in(source)
    body = bodies.unpacked(request, most_bytes=MOST_BYTES)
    try:
        events = list(cloudevents.singly(body, request.headers))
        for one, _ in events:
            services.signals_in(source, one, key="", now=time.now())
    except Garbled as error:
        services.receive(source, body, problem=str(error))
        raise
    services.receive_each(source, events)
