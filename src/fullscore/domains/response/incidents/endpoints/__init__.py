"""Where alerts come in, each in the words of its sender; the body is on the disk before the answer.

`POST /ingest/<source>/alertmanager`   Alertmanager's webhook, and those of `webhooks.TOOLS`
`POST /api/v2/alerts`                  Prometheus and `amtool`, which take us for an Alertmanager
`GET  /api/v2/alerts`, `…/groups`,     what they ask of one
`/receivers`, `/status`
`/api/v2/silences`, `/silence/<id>`    silences, by the API token of an account
`POST /v2/enqueue`                     PagerDuty's events
`POST /v2/change/enqueue`              its change events, which become recorded changes
`POST /v2/alerts`, `…/<alias>/close`   the alert API of Opsgenie
`GET|POST /beat/<token>`               a heartbeat
"""

from django.urls import path

from fullscore.domains.response.incidents.endpoints.alertmanager import (
    alerts,
    groups,
    receivers,
    status,
)
from fullscore.domains.response.incidents.endpoints.events import beat, enqueue, enqueue_change
from fullscore.domains.response.incidents.endpoints.opsgenie import opsgenie_alerts
from fullscore.domains.response.incidents.endpoints.silences import silence, silences
from fullscore.domains.response.incidents.endpoints.taking import MOST_BYTES
from fullscore.domains.response.incidents.endpoints.webhooks import webhook

__all__ = ["MOST_BYTES", "PATTERNS", "alerts", "enqueue"]

PATTERNS = [
    path("ingest/<slug:source>/<slug:tool>", webhook, name="ingest-alerts"),
    path("api/v2/alerts", alerts, name="alertmanager-alerts"),
    path("api/v2/alerts/groups", groups, name="alertmanager-groups"),
    path("api/v2/receivers", receivers, name="alertmanager-receivers"),
    path("api/v2/status", status, name="alertmanager-status"),
    path("api/v2/silences", silences, name="alertmanager-silences"),
    path("api/v2/silence/<str:number>", silence, name="alertmanager-silence"),
    path("v2/enqueue", enqueue, name="pagerduty-enqueue"),
    path("v2/change/enqueue", enqueue_change, name="pagerduty-change"),
    path("v2/alerts", opsgenie_alerts, name="opsgenie-alerts"),
    path("v2/alerts/<str:alias>/acknowledge", opsgenie_alerts, {"action": "acknowledge"}),
    path("v2/alerts/<str:alias>/close", opsgenie_alerts, {"action": "close"}),
    path("beat/<str:token>", beat, name="beat"),
]
