"""What tests of incidents share."""

import json
from datetime import timedelta

import pytest

from fullscore.domains.response.incidents import jobs, services
from fullscore.domains.response.incidents.services import intake
from fullscore.kit import time
from fullscore.kit.models.user import system


@pytest.fixture(autouse=True)
def fresh_counts():
    """Let no test be counted for another."""
    intake._pace._counts.clear()
    intake._backlog.looked_at = None


@pytest.fixture
def clock(monkeypatch):
    """Return a function that moves the time on by so many seconds, and tells it."""
    now = [time.now().replace(microsecond=0)]
    monkeypatch.setattr(time, "now", lambda: now[0])

    def on(seconds=0.0):
        now[0] += timedelta(seconds=seconds)
        return now[0]

    return on


class Sender:
    """A source and the browser that sends for it."""

    def __init__(self, client, kind, **values):
        values = {"name": f"{kind}-1"} | values
        self.source, self.token = services.issue_source(by=system(), kind=kind, **values)
        self.client = client
        self.headers = {"authorization": f"Bearer {self.token}"}

    def post(self, url, body, headers=None, **more):
        body = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.client.post(
            url, body, content_type="application/json",
            headers=self.headers if headers is None else headers, **more,
        )  # fmt: skip

    def notify(self, *alerts, **more):
        told = {"version": "4", "groupKey": "g", "alerts": list(alerts)} | more
        return self.post(f"/ingest/{self.source.name}/alertmanager", told)

    def push(self, *alerts):
        return self.post("/api/v2/alerts", list(alerts))

    def enqueue(self, **more):
        payload = {"summary": "Disk full", "source": "db1", "severity": "error"}
        payload |= more.pop("payload", {})
        told = {"routing_key": self.token, "event_action": "trigger", "payload": payload} | more
        return self.post("/v2/enqueue", told, headers={})


def firing(name="Down", *, key="", at=None, status="firing", **labels):
    """Return one alert of a notification."""
    at = at or time.now()
    return {
        "status": status, "labels": {"alertname": name} | labels, "annotations": {},
        "startsAt": at.isoformat(), "endsAt": "0001-01-01T00:00:00Z",
        "fingerprint": key or f"{name}-{sorted(labels.items())}",
    }  # fmt: skip


@pytest.fixture
def alertmanager(client, db):
    return Sender(client, "alertmanager")


@pytest.fixture
def prometheus(client, db):
    return Sender(client, "prometheus")


@pytest.fixture
def pagerduty(client, db):
    return Sender(client, "pagerduty")


@pytest.fixture
def take_in():
    """Return the job that reads what came in."""
    return jobs.take_in
