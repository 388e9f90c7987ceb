"""The webhooks of tools: what each kind of sender does to its alerts, through its own door."""

import json
from pathlib import Path
from urllib.parse import urlencode

import pytest

from fullscore.domains.response.incidents.models import Alert, AlertEvent, Incident, Receipt
from tests.domains.response.incidents.conftest import Sender

pytestmark = pytest.mark.django_db
RECORDINGS = Path(__file__).parents[3] / "connectors"


def recorded(name):
    return json.loads((RECORDINGS / name).read_text())


@pytest.fixture
def send(client, db, take_in):
    """Return a function that sends a body as a kind of sender, and reads it in."""
    known = {}

    def sent(kind, body, **more):
        sender = known.get(kind) or known.setdefault(kind, Sender(client, kind))
        if kind == "nagios":
            body = urlencode(body).encode()
        headers = sender.headers | more.pop("headers", {})
        answer = sender.post(f"/ingest/{kind}-1/{kind}", body, headers, **more)
        take_in()
        return answer

    return sent


def states():
    return list(Alert.objects.order_by("pk").values_list("state", flat=True))


def test_grafana_opens_and_resolves_an_alert(send):
    body = recorded("grafana/recordings/unified.json")
    body["alerts"] = body["alerts"][:1]
    assert send("grafana", body).status_code == 202
    assert states() == ["open"]

    body["alerts"][0]["status"] = "resolved"
    send("grafana", body)

    assert states() == ["resolved"]


def test_the_grafana_of_before_version_9_opens_and_resolves_an_alert(send):
    body = recorded("grafana/recordings/legacy.json")
    for state, expected in (("alerting", "open"), ("no_data", "open"), ("ok", "resolved")):
        send("grafana", body | {"state": state})
        assert states() == [expected]


def test_zabbix_opens_acknowledges_and_resolves_a_problem(send):
    body = recorded("zabbix/recordings/problem.json")
    update = {"update_status": "1", "update_action": "acknowledged", "update_message": "On it."}
    send("zabbix", body)
    send("zabbix", body | update | {"time": "2026.11.17 03:14:00"})
    assert states() == ["acknowledged"]

    send("zabbix", body | {"status": "RESOLVED", "time": "2026.11.17 03:15:00"})

    kinds = AlertEvent.objects.order_by("pk").values_list("kind", flat=True)
    assert states() == ["resolved"]
    assert list(kinds) == ["opened", "noted", "acknowledged", "resolved"]


NAGIOS = {
    "NOTIFICATIONTYPE": "PROBLEM",
    "HOSTNAME": "web1",
    "SERVICEDESC": "HTTP",
    "SERVICESTATE": "CRITICAL",
    "STATETYPE": "HARD",
    "OUTPUT": "refused",
}


def test_nagios_opens_acknowledges_and_resolves_a_problem(send):
    for kind, expected in (
        ("PROBLEM", "open"),
        ("ACKNOWLEDGEMENT", "acknowledged"),
        ("RECOVERY", "resolved"),
    ):
        send("nagios", NAGIOS | {"NOTIFICATIONTYPE": kind})
        assert states() == [expected]


@pytest.mark.parametrize("kind", ["FLAPPINGSTART", "DOWNTIMESTART"])
def test_what_nagios_only_mentions_opens_nothing_and_is_kept_beside_what_is_open(send, kind):
    mention = NAGIOS | {"NOTIFICATIONTYPE": kind, "NOTIFICATIONCOMMENT": "work"}
    send("nagios", mention)
    assert (states(), Incident.objects.count()) == ([], 0)
    send("nagios", NAGIOS)

    send("nagios", mention)

    assert (states(), Incident.objects.count()) == (["open"], 1)
    assert AlertEvent.objects.get(kind="noted").note == f"{kind}: work"
    assert Alert.objects.get().count == 1


def test_what_is_soft_is_received_and_opens_nothing(send):
    send("nagios", NAGIOS | {"STATETYPE": "SOFT"})

    assert Receipt.objects.get().state == "done"
    assert states() == []


EVENT = {"specversion": "1.0", "id": "1", "source": "/a", "type": "disk.full", "subject": "db1"}
OVER = EVENT | {"id": "2", "type": "disk.full.resolved"}


def test_an_event_delivered_twice_is_one_even_after_its_end(send):
    for event in (EVENT, EVENT, OVER, EVENT):
        assert send("cloudevents", event).status_code == 202

    assert (states(), Alert.objects.get().count) == (["resolved"], 1)


def test_each_event_of_a_batch_is_taken_once(send):
    send("cloudevents", [EVENT, EVENT | {"id": "3", "subject": "db2"}])

    send("cloudevents", [EVENT, OVER])

    assert states() == ["resolved", "open"]
    assert Receipt.objects.count() == 3


def test_an_event_told_in_headers_is_taken(send):
    headers = {f"ce-{name}": value for name, value in EVENT.items()}

    send("cloudevents", {"severity": "critical", "title": "Full"}, headers=headers)

    assert (Alert.objects.get().key, Alert.objects.get().severity) == ("db1", 5)


def test_a_batch_with_one_broken_event_is_refused_as_a_whole(send):
    answer = send("cloudevents", [EVENT, {"specversion": "1.0"}])

    assert answer.status_code == 400
    assert answer.json()["detail"] == "line 1: [1].id is missing."
    assert Receipt.objects.get().state == "rejected"


@pytest.mark.parametrize(
    ("path", "status"),
    [
        pytest.param("/ingest/grafana-1/zabbix", 403, id="the address of another kind"),
        pytest.param("/ingest/grafana-1/pigeon", 404, id="no kind at all"),
        pytest.param("/ingest/other/grafana", 404, id="another source"),
    ],
)
def test_a_token_opens_its_own_address_only(client, path, status):
    sender = Sender(client, "grafana")

    assert sender.post(path, {}).status_code == status
    assert Receipt.objects.count() == 0
