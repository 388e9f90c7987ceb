"""The webhooks of tools: `POST /ingest/<source>/<tool>`."""

from django.http import HttpRequest, HttpResponse, JsonResponse

from fullscore.connectors.base import Garbled, Refused, Unreachable
from fullscore.connectors.cloudevents import parse as cloudevents
from fullscore.connectors.sentry import parse as sentry
from fullscore.connectors.sns import parse as sns
from fullscore.domains.response.incidents import services
from fullscore.domains.response.incidents.endpoints import certificates
from fullscore.domains.response.incidents.endpoints.taking import MOST_BYTES, keep, sender, take
from fullscore.domains.response.incidents.models import AlertSource
from fullscore.domains.response.incidents.models.sources import CONFIRM
from fullscore.interfaces.ingest import bodies, doors
from fullscore.kit import time
from fullscore.kit.errors import NotAllowed, NotFound

Kind = AlertSource.Kind
TOOLS = (
    Kind.ALERTMANAGER,
    Kind.GRAFANA,
    Kind.ZABBIX,
    Kind.NAGIOS,
    Kind.CLOUDEVENTS,
    Kind.SNS,
    Kind.DATADOG,
    Kind.SENTRY,
)


@doors.door
def webhook(request: HttpRequest, source: str, tool: str) -> HttpResponse:
    """Take what a tool posts; the last word of the address is the kind of the source."""
    if tool not in TOOLS:
        raise NotFound(f"Nothing of “{tool[:40]}” is taken here: {', '.join(TOOLS)}.")
    if tool == Kind.SENTRY:
        _take_signed(request, source)
    elif tool == Kind.CLOUDEVENTS:
        _take_events(request, sender(request, tool, source))
    elif tool == Kind.SNS:
        _take_message(request, sender(request, tool, source))
    else:
        take(request, sender(request, tool, source))
    return JsonResponse({"status": "success"}, status=202)


def _take_signed(request: HttpRequest, source: str) -> None:
    """Keep what Sentry sends: it names nobody, and signs."""
    body = bodies.read(request, most_bytes=MOST_BYTES)
    signature = request.headers.get(sentry.SIGNED, "")
    try:
        known = services.signing(source, body, signature=signature)
    except NotAllowed as error:
        raise doors.Unknown(str(error)) from error
    keep(known, body, services.new_key(), delivery_id=request.headers.get("Request-ID", ""))


def _take_message(request: HttpRequest, source: AlertSource) -> None:
    """Keep what Amazon SNS delivers, once its signature was seen to be Amazon's."""
    body = bodies.read(request, most_bytes=MOST_BYTES)
    told = sns.message(body)
    certificate = _certificate(told)
    try:
        sns.check(told, certificate)
    except Refused as error:
        raise NotAllowed(str(error)) from error
    prefix = CONFIRM if told.kind == "SubscriptionConfirmation" else ""
    keep(source, body, services.new_key(), delivery_id=prefix + told.id)


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


def _certificate(told: sns.Message) -> bytes:
    """Return the certificate a message names; Amazon comes again where it cannot be had now."""
    try:
        return certificates.of(told)
    except (Unreachable, OSError) as error:
        raise Refused(f"The certificate of the signature cannot be had: {error}") from error
