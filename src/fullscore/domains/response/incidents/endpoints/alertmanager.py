"""What Prometheus and `amtool` ask of an Alertmanager: alerts and its status."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse

from fullscore.connectors.alertmanager.silences import rfc3339
from fullscore.domains.response.incidents.endpoints.taking import (
    asker,
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
STARTED_AT = time.now()


@doors.open_to("GET", "POST")
def alerts(request: HttpRequest) -> HttpResponse:
    """Take alerts as an Alertmanager does, or tell those that are open."""
    if request.method == "POST":
        take(request, sender(request, Kind.PROMETHEUS))
        return JsonResponse({}, status=200)
    who = asker(request, Kind.PROMETHEUS)
    if isinstance(who, AlertSource):
        rows = Alert.objects.live().filter(source=who)
    else:
        who.check("alert", "view")
        rows = Alert.objects.visible_to(who.user).live()
    told = [_told(alert) for alert in _asked(request, rows)[:MOST_SHOWN]]
    return JsonResponse(told, safe=False)


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


def _asked(request: HttpRequest, rows: QuerySet[Alert]) -> list[Alert]:
    """Return the alerts that the usual parameters of an Alertmanager ask for."""
    wanted = matches(request)
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
        "endsAt": rfc3339(alert.resolves_at or time.FOREVER),
        "fingerprint": alert.key,
        "receivers": [{"name": "fullscore"}],
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
