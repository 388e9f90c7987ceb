"""Silences as an Alertmanager keeps them: whose they are, what they say, who may."""

import json
from datetime import timedelta
from urllib.parse import urlencode

import pytest
from hypothesis import given

from fullscore.connectors.alertmanager import silences as wire
from fullscore.connectors.base import Garbled
from fullscore.domains.foundation.access.services import keys
from fullscore.domains.response.incidents.models import Alert, Silence
from fullscore.kit import time
from fullscore.kit.models import AuditEntry
from tests import make
from tests.connectors.garbage import spoiled
from tests.domains.response.incidents.conftest import Sender, firing

URL = "/api/v2/silences"


class Tool:
    """An account's token, and what it asks."""

    def __init__(self, client, role="engineer", scopes=("read", "act"), **where):
        self.client = client
        self.user = make.user("ann", role=role, **where)
        _, text = keys.issue(self.user, by=self.user, name="amtool", scopes=scopes)
        self.headers = {"authorization": f"Bearer {text}"}

    def post(self, *matchers, **more):
        told = {
            "matchers": list(matchers),
            "endsAt": at(hours=1),
            "comment": "Known.",
            "createdBy": "somebody",
        } | more
        return self.client.post(
            URL, json.dumps(told), content_type="application/json", headers=self.headers
        )

    def get(self, path=URL):
        return self.client.get(path, headers=self.headers)

    def delete(self, name):
        return self.client.delete(f"/api/v2/silence/{name}", headers=self.headers)


def at(**more):
    return (time.now() + timedelta(**more)).isoformat()


def match(name="alertname", value="Full", **more):
    return {"name": name, "value": value, "isRegex": False} | more


@pytest.fixture
def tool(client, db):
    return Tool(client)


def test_a_silence_is_made_told_changed_and_ended(tool, clock):
    made = tool.post(match(), match("severity", "critical", isEqual=False))
    name = made.json()["silenceID"]
    silence = Silence.objects.get()
    assert made.status_code == 200
    assert silence.matching == 'alertname="Full", severity!="critical"'
    assert (silence.by, silence.reason) == (tool.user, "Known.")
    (told,) = tool.get().json()
    assert (told["id"], told["status"]["state"], told["createdBy"]) == (name, "active", "Ann")
    assert told["matchers"][1] == match("severity", "critical", isEqual=False)
    assert tool.get(f"/api/v2/silence/{name}").json() == told

    changed = tool.post(match(), id=name, endsAt=at(hours=5), startsAt=told["startsAt"])
    assert changed.json()["silenceID"] == name
    assert Silence.objects.get().ends_at == clock(5 * 3600)
    clock(-5 * 3600 + 60)

    assert tool.delete(name).status_code == 200
    assert tool.get().json()[0]["status"]["state"] == "expired"
    assert tool.delete(name).json() == "This silence is over."
    last = AuditEntry.objects.filter(noun="incidents.silence").latest("pk")
    assert (last.verb, last.by, last.via) == ("end", tool.user, "api")


def test_a_silence_by_amtool_holds_alerts(tool, alertmanager, take_in):
    tool.post(match(value="Down"))

    alertmanager.notify(firing("Down"), firing("Full"))
    take_in()

    (told,) = tool.get("/api/v2/alerts?silenced=false").json()
    assert told["labels"]["alertname"] == "Full"
    assert len(tool.get("/api/v2/alerts").json()) == 2


def test_the_label_of_items_stands_for_the_item(tool):
    item = make.item(name="db1")

    assert tool.post(match("fullscore_item", "db1")).status_code == 200

    assert (Silence.objects.get().item, Silence.objects.get().matching) == (item, "")
    assert tool.get().json()[0]["matchers"] == [match("fullscore_item", "db1", isEqual=True)]
    assert tool.post(match("fullscore_item", "db2")).status_code == 404


@pytest.mark.parametrize(
    ("asked", "found"),
    [('alertname="Full"', 1), ('alertname!="Full"', 0), ('alertname="Other"', 0), ("", 1)],
)
def test_silences_are_told_by_what_they_say(tool, asked, found):
    tool.post(match())

    assert len(tool.get(f"{URL}?filter={asked}").json()) == found


@pytest.mark.parametrize(
    ("matchers", "more", "why"),
    [
        pytest.param([], {}, "matchers has to have 1", id="no matcher"),
        pytest.param([match(value="a(", isRegex=True)], {}, "no pattern: missing", id="a pattern"),
        pytest.param([match(value=".*", isRegex=True)], {}, "silence everything", id="any value"),
        pytest.param([match(isEqual=False)], {}, "this would silence everything", id="all"),
        pytest.param([match()], {"endsAt": None}, "endsAt is missing", id="no end"),
        pytest.param([match()], {"endsAt": "2020-01-01T00:00:00Z"}, "endsAt is past", id="past"),
        pytest.param([match()], {"endsAt": at(days=31)}, "at most 30 days", id="too long"),
        pytest.param([match()], {"comment": ""}, "blank", id="no reason"),
        pytest.param([match()], {"id": "nonsense"}, "not the id of a silence", id="an id"),
    ],
)
def test_what_is_wrong_is_told_as_a_bare_text(tool, matchers, more, why):
    answer = tool.post(*matchers, **more)

    assert answer.status_code == 400
    assert why in answer.json()
    assert Silence.objects.count() == 0


def test_a_silence_by_a_pattern_holds_what_fits_it_whole(tool, alertmanager, take_in):
    number = tool.post(match(value="P4.*", isRegex=True)).json()["silenceID"]

    told = tool.get(f"/api/v2/silence/{number}").json()
    assert told["matchers"] == [
        {"name": "alertname", "value": "P4.*", "isRegex": True, "isEqual": True}
    ]
    for name in ("P4", "P45", "XP4"):
        alertmanager.notify(firing(name))
    take_in()
    silenced = Alert.objects.filter(is_silenced=True).values_list("labels__alertname", flat=True)
    assert sorted(silenced) == ["P4", "P45"]


def test_alerts_are_asked_for_by_patterns_and_by_groups(tool, prometheus, take_in):
    for name in ("P4", "P5", "Q1"):
        prometheus.push({"labels": {"alertname": name}})
    take_in()

    def names(**asked):
        found = tool.get("/api/v2/alerts?" + urlencode(asked)).json()
        return sorted(one["labels"]["alertname"] for one in found)

    assert names(filter="alertname=~P.*") == ["P4", "P5"]
    assert names(filter='alertname!~"P4|Q1"') == ["P5"]
    assert names(receiver="full.*") == ["P4", "P5", "Q1"]
    assert names(receiver="other") == []
    assert tool.get("/api/v2/receivers").json() == [{"name": "fullscore"}]
    groups = tool.get("/api/v2/alerts/groups?filter=alertname=~P.*").json()
    assert [(g["labels"], len(g["alerts"])) for g in groups] == [
        ({"alertname": "P4"}, 1), ({"alertname": "P5"}, 1),
    ]  # fmt: skip
    wrong = tool.get("/api/v2/alerts?filter=alertname=~(")
    assert wrong.status_code == 400
    assert "“(” is no pattern: missing" in wrong.json()


def test_what_is_not_there_is_404(tool):
    for number in (7, 2**100):
        assert tool.get(f"/api/v2/silence/{wire.id_of(number)}").status_code == 404
        assert tool.delete(wire.id_of(number)).status_code == 404


def test_whoever_may_not_is_refused(client, db):
    viewer = Tool(client, role="viewer")
    source = Sender(client, "prometheus")

    assert viewer.post(match()).status_code == 403
    assert viewer.get().status_code == 200
    assert client.get(URL, headers=source.headers).status_code == 403
    assert client.get(URL).status_code == 401
    assert Silence.objects.count() == 0


def test_a_token_may_be_narrower_than_its_account(client, db):
    reader = Tool(client, scopes=("read:silence",))

    assert reader.get().status_code == 200
    assert reader.post(match()).status_code == 403
    assert reader.get("/api/v2/alerts").status_code == 403


GOOD = {
    "id": wire.id_of(3),
    "matchers": [match()],
    "startsAt": "2026-11-17T02:13:00Z",
    "endsAt": "2026-11-17T03:13:00Z",
    "comment": "Known.",
}


@given(spoiled(GOOD))
def test_whatever_comes_is_read_or_garbled(body):
    try:
        told = wire.asked(body)
    except Garbled:
        return
    assert told.matches
    assert told.number is None or 0 <= told.number < 2**63
