"""Sentry's webhooks: events of alert rules, issues, metric alerts."""

import json
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given

from fullscore.connectors.base import Garbled
from fullscore.connectors.sentry import parse
from tests.connectors.garbage import spoiled

# Shortened from the documentation of the webhooks.
EVENT = {
    "action": "triggered",
    "installation": {"uuid": "a8e5d37a-696c-4c54-adb5-b3f28d64c7de"},
    "data": {
        "event": {
            "event_id": "e4874d664c3540c1a32eab185f12c5ab",
            "issue_id": "1170820242",
            "level": "error",
            "culprit": "?(runner)",
            "project": 1,
            "platform": "javascript",
            "title": "ReferenceError: heck is not defined",
            "datetime": "2019-08-19T21:06:17.403000Z",
            "web_url": "https://sentry.io/organizations/test-org/issues/1170820242/",
            "tags": [["browser", "Chrome 75.0.3770"], ["server_name", "web1"], ["level", "error"]],
        },
        "triggered_rule": "Very Important Alert Rule!",
    },
}
ISSUE = {
    "action": "created",
    "data": {
        "issue": {
            "id": "1170820242",
            "shortId": "IPE-1",
            "title": "Error #1: This is a test error!",
            "level": "fatal",
            "culprit": "runner.capture",
            "status": "unresolved",
            "permalink": "https://sentry.io/organizations/test-org/issues/1170820242/",
            "project": {"id": "1", "name": "front-end", "slug": "front-end"},
            "firstSeen": "2019-08-19T20:58:37.391Z",
            "lastSeen": "2019-08-19T21:58:37.391Z",
        }
    },
}
METRIC = {
    "action": "critical",
    "data": {
        "metric_alert": {
            "id": "7",
            "identifier": "4",
            "title": "Critical: Transaction duration",
            "date_detected": "2019-08-19T21:00:00Z",
            "date_closed": None,
            "status": 20,
        },
        "web_url": "https://sentry.io/organizations/test-org/alerts/4/",
    },
}


def read(told, **more):
    return parse.webhook(json.dumps(told | more).encode())


def test_an_event_and_its_issue_are_one_alert():
    (event,), (issue,) = read(EVENT), read(ISSUE)

    assert event.key == issue.key == "1170820242"
    assert (event.severity, issue.severity) == ("error", "fatal")
    assert event.title == "ReferenceError: heck is not defined"
    assert event.at == datetime(2019, 8, 19, 21, 6, 17, 403000, tzinfo=UTC)
    assert event.names == ("web1", "1")
    assert issue.names == ("front-end",)
    assert issue.link == ISSUE["data"]["issue"]["permalink"]


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        ("unresolved", "trigger"),
        ("resolved", "resolve"),
        ("assigned", "note"),
        ("archived", "note"),
    ],
)
def test_the_action_says_what_happened_to_an_issue(action, expected):
    (told,) = read(ISSUE, action=action)

    assert told.action == expected


def test_a_metric_alert_has_the_severity_of_its_action():
    (bad,), (warning,), (over,) = (
        read(METRIC, action=word) for word in ("critical", "warning", "resolved")
    )

    assert (bad.severity, warning.severity) == ("critical", "warning")
    assert over.action == "resolve"
    assert bad.key == over.key == "metric 7"


@pytest.mark.parametrize(
    ("told", "more"),
    [
        pytest.param(ISSUE, {"action": "renamed"}, id="an action that says nothing"),
        pytest.param({}, {"action": "created", "data": {"installation": {}}}, id="an installation"),
    ],
)
def test_what_is_no_alert_says_nothing(told, more):
    assert read(told, **more) == ()


def test_a_body_is_signed_by_who_has_the_secret():
    # echo -n '{}' | openssl dgst -sha256 -hmac secret
    signature = "77325902caca812dc259733aacd046b73817372c777b8d95b402647474516e13"

    assert parse.is_signed(b"{}", signature=signature, secret="secret")
    assert not parse.is_signed(b"{} ", signature=signature, secret="secret")
    assert not parse.is_signed(b"{}", signature=signature, secret="other")
    assert not parse.is_signed(b"{}", signature="é", secret="secret")


@pytest.mark.parametrize(
    ("told", "why"),
    [
        pytest.param({"action": "created"}, "data is missing", id="no data"),
        pytest.param({"action": "created", "data": {"issue": {}}}, "issue.id is", id="no id"),
    ],
)
def test_what_is_wrong_is_told(told, why):
    with pytest.raises(Garbled, match=why):
        read(told)


@pytest.mark.parametrize("good", [EVENT, ISSUE, METRIC], ids=["event", "issue", "metric"])
def test_whatever_comes_is_read_or_garbled(good):
    @given(spoiled(good))
    def check(body):
        with suppress(Garbled):
            parse.webhook(body)

    check()
