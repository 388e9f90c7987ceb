"""Where alerts come in, each in the words of its sender; the body is on the disk before the answer.

`POST /ingest/<source>/alertmanager`   Alertmanager's webhook
`POST /api/v2/alerts`                  Prometheus and `amtool`, which take us for an Alertmanager
`GET  /api/v2/alerts`, `/status`       what they ask of one
`POST /v2/enqueue`                     PagerDuty's events
`GET|POST /beat/<token>`               a heartbeat
"""

from datetime import UTC, datetime
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from fullscore.connectors import documents
from fullscore.connectors.base import Garbled
from fullscore.connectors.pagerduty import parse as pagerduty
from fullscore.domains.response.incidents import services
from fullscore.domains.response.incidents.models import Alert, AlertSource
from fullscore.engines import alerts as rules
from fullscore.interfaces.ingest import bodies, doors
from fullscore.kit import time
from fullscore.kit.errors import NotAllowed, NotFound

Kind = AlertSource.Kind
MOST_BYTES = 1024 * 1024
MOST_SHOWN = 5000
STARTED_AT = time.now()


@doors.door
def alertmanager(request: HttpRequest, source: str) -> HttpResponse:
    """Take a notification of an Alertmanager."""
    known = _sender(request, Kind.ALERTMANAGER)
    if known.name != source:
        raise NotFound(f"This token is of the source “{known.name}”, not of “{source[:60]}”.")
    _take(request, known)
    return JsonResponse({"status": "success"}, status=202)


@doors.open_to("GET", "POST")
def alerts(request: HttpRequest) -> HttpResponse:
    """Take alerts as an Alertmanager does, or tell those that are open."""
    source = _sender(request, Kind.PROMETHEUS)
    if request.method == "POST":
        _take(request, source)
        return JsonResponse({}, status=200)
    rows = Alert.objects.live().filter(source=source).select_related("incident")
    told = [_told(alert) for alert in _asked(request, rows)[:MOST_SHOWN]]
    return JsonResponse(told, safe=False)


@doors.open_to("GET")
def status(request: HttpRequest) -> HttpResponse:
    """Say what an Alertmanager says of itself."""
    _sender(request, Kind.PROMETHEUS)
    build = ("branch", "buildDate", "buildUser", "goVersion", "revision", "version")
    return JsonResponse({
        "cluster": {"name": "", "status": "disabled", "peers": []},
        "config": {"original": ""},
        "uptime": _rfc3339(STARTED_AT),
        "versionInfo": dict.fromkeys(build, "fullscore"),
    })  # fmt: skip


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
    try:
        source = services.source_of(pagerduty.routing_key(body))
    except NotAllowed as error:
        raise doors.Unknown(str(error)) from error
    _check_kind(source, Kind.PAGERDUTY)
    key = services.new_key()
    _keep(request, source, body, key)
    told = pagerduty.event(body, made_key=key).key
    answer = {"status": "success", "message": "Event processed", "dedup_key": told}
    return JsonResponse(answer, status=202)


@doors.open_to("GET", "POST")
def beat(request: HttpRequest, token: str) -> HttpResponse:
    """Note that a sender is alive."""
    try:
        source = services.source_of(token)
    except NotAllowed as error:
        raise doors.Unknown(str(error)) from error
    _check_kind(source, Kind.HEARTBEAT)
    services.count_in(source)
    services.beat(source)
    return JsonResponse({"status": "success"})


def _sender(request: HttpRequest, kind: str) -> AlertSource:
    source = doors.sender(request, services.source_of)
    _check_kind(source, kind)
    return source


def _check_kind(source: AlertSource, kind: str) -> None:
    if source.kind != kind:
        raise NotAllowed(
            f"The source “{source}” is for {source.get_kind_display()}: it has another address."
        )


def _take(request: HttpRequest, source: AlertSource) -> None:
    _keep(request, source, bodies.unpacked(request, most_bytes=MOST_BYTES), services.new_key())


def _keep(request: HttpRequest, source: AlertSource, body: bytes, key: str) -> None:
    """Keep a body; one that cannot be read is kept too, as rejected, and its sender told why."""
    services.count_in(source)
    delivery = request.headers.get("Idempotency-Key", "")
    try:
        services.signals_in(source.kind, body, key=key, now=time.now())
    except Garbled as error:
        services.receive(source, body, key=key, problem=str(error))
        raise
    services.receive(source, body, key=key, delivery_id=delivery)


def _asked(request: HttpRequest, rows: QuerySet[Alert]) -> list[Alert]:
    """Return the alerts that the usual parameters of an Alertmanager ask for."""
    try:
        wanted = [m for text in request.GET.getlist("filter") for m in rules.matchers(text)]
    except ValueError as error:
        raise Garbled(str(error)) from error
    if request.GET.get("active") == "false":
        rows = rows.filter(is_silenced=True)
    if request.GET.get("silenced") == "false":
        rows = rows.filter(is_silenced=False)
    found = rows.order_by("-starts_at", "-pk").iterator(chunk_size=2000)
    return [alert for alert in found if rules.fits(wanted, alert.labels)]


def _told(alert: Alert) -> dict[str, Any]:
    is_silenced = alert.is_silenced
    return {
        "annotations": alert.annotations,
        "endsAt": _rfc3339(alert.resolves_at or time.FOREVER),
        "fingerprint": alert.key,
        "receivers": [{"name": "fullscore"}],
        "startsAt": _rfc3339(alert.starts_at),
        "status": {
            "inhibitedBy": [],
            "silencedBy": ["fullscore"] if is_silenced else [],
            "state": "suppressed" if is_silenced else "active",
        },
        "updatedAt": _rfc3339(alert.last_seen_at),
        "generatorURL": alert.link,
        "labels": alert.labels,
    }


def _rfc3339(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


PATTERNS = [
    path("ingest/<slug:source>/alertmanager", alertmanager, name="ingest-alertmanager"),
    path("api/v2/alerts", alerts, name="alertmanager-alerts"),
    path("api/v2/status", status, name="alertmanager-status"),
    path("v2/enqueue", enqueue, name="pagerduty-enqueue"),
    path("beat/<str:token>", beat, name="beat"),
]
