"""What Prometheus and `amtool` ask of an Alertmanager: alerts and its status."""

from itertools import islice
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse

from fullscore.connectors.alertmanager.silences import rfc3339
from fullscore.connectors.base import Garbled
from fullscore.domains.response.incidents.endpoints.taking import (
    asker,
    in_its_words,
    matches,
    sender,
    take,
)
from fullscore.domains.response.incidents.models import Alert, AlertSource
from fullscore.engines import alerts as rules
from fullscore.interfaces.ingest import doors
from fullscore.kit import time

Kind = AlertSource.Kind
MOST_SHOWN = 5000
RECEIVER = {"name": "fullscore"}
STARTED_AT = time.now()


@in_its_words
@doors.open_to("GET", "POST")
def alerts(request: HttpRequest) -> HttpResponse:
    """Take alerts as an Alertmanager does, or tell those that are open."""
    if request.method == "POST":
        take(request, sender(request, Kind.PROMETHEUS))
        return JsonResponse({}, status=200)
    return JsonResponse([_told(alert) for alert in _asked(request)], safe=False)


@in_its_words
@doors.open_to("GET")
def groups(request: HttpRequest) -> HttpResponse:
    """Tell the open alerts by their name, as an Alertmanager groups them by labels."""
    named: dict[str, list[dict[str, Any]]] = {}
    for alert in _asked(request):
        named.setdefault(alert.labels.get("alertname", ""), []).append(_told(alert))
    told = [
        {"labels": {"alertname": name} if name else {}, "receiver": RECEIVER, "alerts": some}
        for name, some in sorted(named.items())
    ]
    return JsonResponse(told, safe=False)


@in_its_words
@doors.open_to("GET")
def receivers(request: HttpRequest) -> HttpResponse:
    """Name the one receiver there is: who is called, the routes of on-call decide."""
    asker(request, Kind.PROMETHEUS)
    return JsonResponse([RECEIVER], safe=False)


@in_its_words
@doors.open_to("GET")
def status(request: HttpRequest) -> HttpResponse:
    """Say what an Alertmanager says of itself."""
    asker(request, Kind.PROMETHEUS)
    build = ("branch", "buildDate", "buildUser", "goVersion", "revision", "version")
    return JsonResponse(
        {
            "cluster": {"name": "", "status": "disabled", "peers": []},
            "config": {"original": ""},
            "uptime": rfc3339(STARTED_AT),
            "versionInfo": dict.fromkeys(build, "fullscore"),
        }
    )


def _asked(request: HttpRequest) -> list[Alert]:
    """Return the alerts that the usual parameters of an Alertmanager ask for."""
    who = asker(request, Kind.PROMETHEUS)
    if isinstance(who, AlertSource):
        rows = Alert.objects.live().filter(source=who)
    else:
        who.check("alert", "view")
        rows = Alert.objects.visible_to(who.user).live()
    wanted = matches(request)
    if not _is_receiver(request.GET.get("receiver", "")):
        return []
    if request.GET.get("active") == "false":
        rows = rows.filter(is_silenced=True)
    if request.GET.get("silenced") == "false":
        rows = rows.filter(is_silenced=False)
    found = rows.order_by("-starts_at", "-pk").iterator(chunk_size=2000)
    return list(islice((a for a in found if rules.fits(wanted, a.labels)), MOST_SHOWN))


def _is_receiver(text: str) -> bool:
    """Say whether a pattern, or none, is of our receiver. Raises Garbled."""
    try:
        return not text or rules.pattern(text).fullmatch(RECEIVER["name"]) is not None
    except ValueError as error:
        raise Garbled(str(error)) from error


def _told(alert: Alert) -> dict[str, Any]:
    is_silenced = alert.is_silenced
    return {
        "annotations": alert.annotations,
        "endsAt": rfc3339(alert.resolves_at or time.FOREVER),
        "fingerprint": alert.key,
        "receivers": [RECEIVER],
        "startsAt": rfc3339(alert.starts_at),
        "status": {
            "inhibitedBy": [],
            "silencedBy": ["fullscore"] if is_silenced else [],
            "state": "suppressed" if is_silenced else "active",
        },
        "updatedAt": rfc3339(alert.last_seen_at),
        "generatorURL": alert.link,
        "labels": alert.labels,
    }
