"""Grafana's webhook, as it is and as it was before version 9."""

import json
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given

from fullscore.connectors.base import Garbled
from fullscore.connectors.grafana import parse
from tests.connectors.garbage import spoiled

RECORDED = Path(__file__).parent / "recordings"
UNIFIED = json.loads((RECORDED / "unified.json").read_text())
LEGACY = json.loads((RECORDED / "legacy.json").read_text())


def legacy(**more):
    (told,) = parse.webhook(json.dumps(LEGACY | more).encode()).signals
    return told


def test_a_notification_is_read():
    told = parse.webhook(json.dumps(UNIFIED).encode())

    high, over = told.signals
    assert told.left_out == 2
    assert (high.action, high.key) == ("trigger", "c6eadffa33fcdf37")
    assert high.title == "This alert was triggered for zone us-1"
    assert high.starts_at == datetime(2021, 10, 12, 7, 51, 3, 157076, tzinfo=UTC)
    assert high.annotations["values"] == "B = 44.23943737541908, C = 1"
    assert high.link == "https://play.grafana.org/alerting/1afz29v7z/edit"
    assert (over.action, over.names) == ("resolve", ("db1",))
    assert over.link == "https://play.grafana.org/d/1?viewPanel=2"


def test_a_notification_of_before_version_9_is_read():
    told = legacy()

    assert (told.action, told.title, told.names) == ("trigger", "Panel Title alert", ("web1",))
    assert told.annotations["summary"] == "Notification Message"
    assert told.annotations["values"] == "Count = 1"
    assert told.link.startswith("http://localhost:3000/d/")


@pytest.mark.parametrize(
    ("state", "action", "severity"),
    [
        pytest.param("alerting", "trigger", "", id="alerting"),
        pytest.param("no_data", "trigger", "warning", id="no data is a warning"),
        pytest.param("ok", "resolve", "", id="ok"),
        pytest.param("paused", "resolve", "", id="watched no longer"),
    ],
)
def test_the_state_says_what_happened(state, action, severity):
    told = legacy(state=state)

    assert (told.action, told.severity) == (action, severity)
    assert told.key == legacy().key


def test_what_is_pending_is_not_said_yet():
    assert parse.webhook(json.dumps(LEGACY | {"state": "pending"}).encode()).signals == ()


def test_rules_and_tags_tell_alerts_apart():
    keys = {legacy(**more).key for more in ({}, {"ruleId": 2}, {"tags": {"host": "web2"}})}

    assert len(keys) == 3


@pytest.mark.parametrize(
    ("body", "why"),
    [
        pytest.param({}, "alerts is missing", id="nothing"),
        pytest.param(LEGACY | {"state": "bad"}, "state is none of", id="a state"),
        pytest.param(LEGACY | {"tags": []}, "tags is not an object", id="tags"),
        pytest.param(
            UNIFIED | {"alerts": [{"status": "firing"}]},
            r"alerts\[0\].labels is missing",
            id="the place",
        ),
    ],
)
def test_what_is_wrong_is_told(body, why):
    with pytest.raises(Garbled, match=why):
        parse.webhook(json.dumps(body).encode())


@pytest.mark.parametrize("good", [UNIFIED, LEGACY], ids=["unified", "legacy"])
def test_whatever_comes_is_read_or_garbled(good):
    @given(spoiled(good))
    def check(body):
        with suppress(Garbled):
            parse.webhook(body)

    check()
