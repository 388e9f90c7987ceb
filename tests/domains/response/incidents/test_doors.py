"""The doors for alerts: who may, what is taken, what is refused, and that it is kept first."""

import gzip
import json

import pytest
from django.db import OperationalError
from django_tasks_db.models import DBTaskResult

from fullscore.domains.response.incidents import jobs, services
from fullscore.domains.response.incidents.models import Alert, AlertSource, Receipt
from fullscore.domains.response.incidents.services import intake
from fullscore.kit.errors import Conflict
from fullscore.kit.models.user import system
from tests import make
from tests.domains.response.incidents.conftest import Sender, firing

pytestmark = pytest.mark.django_db


def test_a_body_is_kept_before_the_answer_and_read_by_a_job(alertmanager):
    answer = alertmanager.notify(firing(instance="db1:9100"))

    receipt = Receipt.objects.get()
    assert answer.status_code == 202
    assert (receipt.state, receipt.source) == ("new", alertmanager.source)
    assert json.loads(bytes(receipt.body))["groupKey"] == "g"
    assert Alert.objects.count() == 0
    assert DBTaskResult.objects.filter(task_path__endswith="take_in").count() == 1

    jobs.take_in()

    receipt.refresh_from_db()
    assert receipt.state == "done"
    assert Alert.objects.get().state == "open"


def test_what_is_sent_packed_is_unpacked(alertmanager):
    body = gzip.compress(json.dumps({"alerts": [firing()]}).encode())
    headers = alertmanager.headers | {"content-encoding": "gzip"}

    answer = alertmanager.post("/ingest/alertmanager-1/alertmanager", body, headers)
    jobs.take_in()

    assert answer.status_code == 202
    assert Alert.objects.count() == 1


def test_one_delivery_sent_twice_is_one_receipt(alertmanager):
    headers = alertmanager.headers | {"idempotency-key": "delivery-1"}
    for _ in range(2):
        body = {"alerts": [firing()]}
        answer = alertmanager.post("/ingest/alertmanager-1/alertmanager", body, headers)
        assert answer.status_code == 202

    assert Receipt.objects.count() == 1


@pytest.mark.parametrize(
    ("url", "token", "status", "why"),
    [
        pytest.param("/ingest/alertmanager-1/alertmanager", "", 401, "Send a key", id="no token"),
        pytest.param("/ingest/alertmanager-1/alertmanager", "0" * 32, 401, "not known", id="wrong"),
        pytest.param("/ingest/other/alertmanager", None, 404, "alertmanager-1", id="another's"),
        pytest.param("/api/v2/alerts", None, 403, "another address", id="another kind"),
    ],
)
def test_whoever_may_not_is_told_so_and_leaves_nothing(alertmanager, url, token, status, why):
    headers = alertmanager.headers if token is None else {"authorization": f"Bearer {token}"}

    answer = alertmanager.post(url, {"alerts": [firing()]}, headers if token != "" else {})

    assert answer.status_code == status
    assert why in answer.json()["detail"]
    assert Receipt.objects.count() == 0


def test_a_revoked_source_is_not_heard(alertmanager):
    services.revoke(alertmanager.source, by=system())

    answer = alertmanager.notify(firing())

    assert answer.status_code == 401
    assert "revoked" in answer.json()["detail"]


def test_what_cannot_be_read_is_answered_with_the_place_and_kept_as_rejected(alertmanager):
    body = b'{"alerts": [\n{"status": "firing", "labels": {}},\n{"status": "firing"}]}'

    answer = alertmanager.post("/ingest/alertmanager-1/alertmanager", body)

    receipt = Receipt.objects.get()
    assert answer.status_code == 400
    assert answer.json()["detail"] == "line 3: alerts[1].labels is missing."
    assert (receipt.state, receipt.problem) == ("rejected", answer.json()["detail"])


def test_what_was_rejected_can_be_read_again_once_we_can(alertmanager, monkeypatch):
    alertmanager.post("/ingest/alertmanager-1/alertmanager", b'{"alerts": 1}')
    receipt = Receipt.objects.get()
    services.replay(receipt, by=system())
    assert (receipt.state, Alert.objects.count()) == ("rejected", 0)
    Receipt.objects.update(body=json.dumps({"alerts": [firing()]}).encode())
    receipt.refresh_from_db()

    services.replay(receipt, by=system())

    assert (receipt.state, Alert.objects.count()) == ("done", 1)
    with pytest.raises(Conflict, match="Only what was rejected"):
        services.replay(receipt, by=system())


@pytest.mark.parametrize("packed", [False, True])
def test_more_than_a_mebibyte_is_refused(alertmanager, packed):
    body = b'{"alerts": [' + b" " * 2**20 + b"]}"
    more = {"content-encoding": "gzip"} if packed else {}
    body = gzip.compress(body) if packed else body

    answer = alertmanager.post(
        "/ingest/alertmanager-1/alertmanager", body, alertmanager.headers | more
    )

    assert answer.status_code == (400 if packed else 413)
    assert Receipt.objects.count() == 0


def test_a_source_that_sends_too_much_comes_again_later(alertmanager):
    AlertSource.objects.update(per_minute=1)

    first, second = alertmanager.notify(firing()), alertmanager.notify(firing())

    assert (first.status_code, second.status_code) == (202, 429)
    assert 1 <= int(second.headers["Retry-After"]) <= 60


def test_a_full_disk_and_a_long_backlog_are_503(alertmanager, monkeypatch):
    def full(receipts):
        raise OperationalError("database or disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(intake._commits, "_write", full)
        answer = alertmanager.notify(firing())
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")

    monkeypatch.setattr(intake, "MOST_WAITING", 0)
    make.receipt(state="new")
    intake._backlog.looked_at = None
    assert alertmanager.notify(firing()).status_code == 503


def test_what_a_prometheus_pushes_is_open_until_its_end(prometheus, clock):
    ends_at = clock(240).isoformat()
    one = {"labels": {"alertname": "Full", "severity": "page"}, "endsAt": ends_at}
    clock(-240)
    assert prometheus.push(one).status_code == 200
    jobs.keep_up()
    (told,) = prometheus.client.get("/api/v2/alerts", headers=prometheus.headers).json()
    assert told["labels"] == {"alertname": "Full", "severity": "page"}
    assert told["status"]["state"] == "active"

    clock(239)
    jobs.keep_up()
    assert Alert.objects.get().state == "open"
    clock(2)
    jobs.keep_up()

    assert Alert.objects.get().state == "resolved"
    assert prometheus.client.get("/api/v2/alerts", headers=prometheus.headers).json() == []


def test_without_an_end_a_pushed_alert_ends_five_minutes_after_its_last_repetition(
    prometheus, clock
):
    for _ in range(2):
        prometheus.push({"labels": {"alertname": "Full"}})
        jobs.keep_up()
        clock(299)
    assert Alert.objects.get().state == "open"
    clock(2)

    jobs.keep_up()

    assert (Alert.objects.get().state, Alert.objects.get().count) == ("resolved", 2)


def test_alerts_are_told_by_filter_and_only_to_their_own_source(prometheus, take_in):
    prometheus.push({"labels": {"alertname": "A", "x": "1"}}, {"labels": {"alertname": "B"}})
    take_in()
    other = Sender(prometheus.client, "prometheus", name="other")

    def told(text, sender=prometheus):
        url = f"/api/v2/alerts?filter={text}"
        return sender.client.get(url, headers=sender.headers)

    assert [a["labels"]["alertname"] for a in told('alertname="A"').json()] == ["A"]
    assert told('x!="1"').json()[0]["labels"] == {"alertname": "B"}
    assert [a["labels"]["alertname"] for a in told('alertname=~"[AC]"').json()] == ["A"]
    assert told('alertname=~"["').status_code == 400
    assert told("", other).json() == []


def test_an_event_is_answered_as_pagerduty_does(pagerduty, take_in):
    made = pagerduty.enqueue()
    key = made.json()["dedup_key"]
    assert (made.status_code, made.json()["status"]) == (202, "success")
    take_in()
    assert Alert.objects.get().key == key

    pagerduty.enqueue(event_action="acknowledge", dedup_key=key)
    take_in()
    assert Alert.objects.get().state == "acknowledged"
    pagerduty.enqueue(event_action="resolve", dedup_key=key)
    take_in()

    assert Alert.objects.get().state == "resolved"


def test_a_wrong_event_is_refused_in_pagerdutys_words(pagerduty):
    answer = pagerduty.enqueue(payload={"severity": "bad"})
    unknown = pagerduty.enqueue(routing_key="0" * 32)

    assert answer.status_code == 400
    assert answer.json()["status"] == "invalid event"
    assert "payload.severity is none of" in answer.json()["errors"][0]
    assert unknown.status_code == 401


def test_a_heart_that_stops_is_an_alert_until_it_beats_again(client, db, clock):
    heart = Sender(client, "heartbeat", expects_every_seconds=60)
    assert client.get(f"/beat/{heart.token}").status_code == 200
    clock(59)
    jobs.keep_up()
    assert Alert.objects.count() == 0

    clock(2)
    jobs.keep_up()
    jobs.keep_up()

    alert = Alert.objects.get()
    assert (alert.state, alert.severity) == ("open", 4)
    assert "silent" in alert.title
    assert client.post(f"/beat/{heart.token}").status_code == 200
    jobs.keep_up()
    assert Alert.objects.get().state == "resolved"
    assert client.get("/beat/wrong").status_code == 401


def test_a_token_is_shown_once_and_stored_as_its_hash(db):
    ann = make.user("ann", role="administrator")
    browser = make.client(ann)

    page = browser.post("/alert-sources/add", {"name": "am", "kind": "alertmanager"})

    source = AlertSource.objects.get(name="am")
    (text,) = {w for w in page.content.decode().replace("<", " ").replace(">", " ").split()
               if len(w) == 32 and w.isalnum()}  # fmt: skip
    assert services.source_of(text) == source
    assert text not in browser.get(f"/alert-sources/{source.pk}").content.decode()
    assert text not in str(vars(source))
    doubled = browser.post("/alert-sources/add", {"name": "am", "kind": "alertmanager"})
    assert doubled.status_code == 422
