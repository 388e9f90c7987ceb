"""The one open incident: since an update a database's disk is slow, and the portal with it."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from random import Random

import numpy as np

from fullscore.connectors.samples import Samples
from fullscore.domains.foundation.directory.models import Team
from fullscore.domains.foundation.estate.models import Item
from fullscore.domains.foundation.telemetry import queries
from fullscore.domains.foundation.telemetry import services as telemetry
from fullscore.domains.foundation.telemetry.models import Metric, Series
from fullscore.domains.foundation.telemetry.queries import milliseconds
from fullscore.domains.foundation.telemetry.services import Measured
from fullscore.domains.infrastructure.servers.models import Facts
from fullscore.domains.overview.demo.courses import SLOW_SINCE
from fullscore.domains.overview.demo.services import keeping
from fullscore.domains.response.incidents import services as incidents
from fullscore.domains.response.incidents.models import AlertSource, Incident
from fullscore.domains.response.troubleshooting import services as troubleshooting
from fullscore.kit.models.user import system

CULPRIT, CLUSTER, PORTAL = "db-02", "pg-01-ams", "customer-portal (ams)"
PACKAGE, BEFORE, AFTER = "postgresql-17", "17.5", "17.6"
UPDATED, REPORTED = timedelta(minutes=46), timedelta(minutes=34)  # before the founding
MEASURED = timedelta(hours=6)
# By item: metric, seconds as usual and since the disk is slow.
REPLIES = {
    CLUSTER: ("pg_query_duration_seconds", 0.012, 0.19),
    PORTAL: ("http_request_duration_seconds", 0.14, 1.3),
}
ALERTS = (
    (CLUSTER, "QueriesSlow", "warning", "Queries take 16 times as long as usual"),
    (PORTAL, "PortalSlow", "critical", "The customer portal answers in more than a second"),
)


def slow_down(items: Mapping[str, Item], *, now: datetime) -> None:
    """Let the database have been updated, and replies be slow since then."""
    facts = Facts.objects.get(server__item=items[CULPRIT], section="packages")
    older = [
        {**row, "version": row["version"].replace(AFTER, BEFORE)} if row["name"] == PACKAGE else row
        for row in keeping.state_of(facts)["content"]
    ]
    keeping.changed(facts, at=now - UPDATED, content=older)
    dice = Random(CULPRIT)  # noqa: S311 - a story, no secret
    metrics = telemetry.metrics_named([metric for metric, *_ in REPLIES.values()])
    for name, (metric, usual, slow) in REPLIES.items():
        one = Measured(metric, {}, 0.0, 0)
        series = Series.objects.create(
            metric=metrics[metric], item=items[name], labels={}, first_at=now - MEASURED,
            last_at=now, fingerprint=telemetry.fingerprint_of(one, items[name]),
        )  # fmt: skip
        minutes = np.arange(MEASURED // timedelta(minutes=1), -1, -1)
        level = np.where(minutes * 60 <= SLOW_SINCE, slow, usual)
        unrest = np.array([dice.uniform(0.95, 1.05) for _ in minutes])
        ts_ms = milliseconds(now) - minutes * 60_000
        queries.store().append(Samples(np.full(len(ts_ms), series.pk), ts_ms, level * unrest))


def report(*, now: datetime) -> None:
    """Let the monitoring say so; the suspects of the incident stand with it."""
    by, owner = system(), Team.objects.get(name="Applications")
    source, _ = incidents.issue_source(
        by=by, name="alertmanager-ams", kind=AlertSource.Kind.ALERTMANAGER, owner=owner
    )
    for minutes, (item, name, severity, summary) in enumerate(ALERTS):
        at = now - REPORTED + timedelta(minutes=minutes)
        incidents.receive(source, _notification(item, name, severity, summary, at))
    incidents.read_receipts(by=by)
    incidents.place_new(now=now, by=by)
    for incident in Incident.objects.filter(alerts__source=source).distinct():
        troubleshooting.rank(incident, now=now, by=by)
    _watch_databases(now)


def _notification(item: str, name: str, severity: str, summary: str, at: datetime) -> bytes:
    labels = {"alertname": name, "severity": severity, "fullscore_item": item}
    alert = {
        "status": "firing", "labels": labels, "annotations": {"summary": summary},
        "startsAt": at.isoformat(), "endsAt": "0001-01-01T00:00:00Z", "fingerprint": name,
    }  # fmt: skip
    return json.dumps({"version": "4", "groupKey": name, "alerts": [alert]}).encode()


def _watch_databases(now: datetime) -> None:
    """Let the load of databases have been watched since before the disk was slow."""
    by = system()
    load = Metric.objects.get(name="node_load1")
    troubleshooting.watch(by=by, metric=load, selector=f"name={CULPRIT}")
    troubleshooting.look(now=now - UPDATED, by=by)
    troubleshooting.look(now=now, by=by)
