"""PagerDuty's events, version 2."""

import json

import pytest

from fullscore.connectors.base import Garbled
from fullscore.connectors.pagerduty import parse

PAYLOAD = {"summary": "Disk full", "source": "db1.example.org", "severity": "error"}


def event(**more):
    told = {"routing_key": "k" * 32, "event_action": "trigger", "payload": PAYLOAD} | more
    return json.dumps({name: value for name, value in told.items() if value is not None}).encode()


def test_a_trigger_is_read():
    more = {"timestamp": "2026-11-17T02:13:00Z", "component": "sda", "custom_details": {"free": 1}}
    told = parse.event(event(dedup_key="a", payload=PAYLOAD | more, links=[{"href": "ftp://x"},
                             {"href": "https://x"}]))  # fmt: skip

    assert (told.action, told.key, told.title, told.severity) == (
        "trigger", "a", "Disk full", "error",
    )  # fmt: skip
    assert told.at == told.starts_at
    assert told.names == ("db1.example.org", "sda")
    assert json.loads(told.annotations["details"]) == {"free": 1}
    assert told.link == "https://x"


def test_a_trigger_without_a_key_is_given_one_and_no_other_the_same():
    assert parse.event(event(), made_key="mine").key == "mine"
    assert parse.event(event()).key != parse.event(event()).key


@pytest.mark.parametrize("action", ["acknowledge", "resolve"])
def test_what_follows_names_its_key(action):
    assert parse.event(event(event_action=action, payload=None, dedup_key="a")).key == "a"
    with pytest.raises(Garbled, match="line 1: dedup_key is missing"):
        parse.event(event(event_action=action, payload=None))


@pytest.mark.parametrize(
    ("more", "why"),
    [
        pytest.param({"event_action": "open"}, "event_action is none of", id="an action"),
        pytest.param({"payload": None}, "payload is missing", id="no payload"),
        pytest.param({"payload": PAYLOAD | {"severity": "bad"}}, "severity is none", id="severity"),
        pytest.param({"payload": PAYLOAD | {"summary": "x" * 1025}}, "1 to 1024", id="too long"),
        pytest.param({"payload": PAYLOAD | {"summary": ""}}, "1 to 1024", id="no summary"),
        pytest.param({"dedup_key": "x" * 256}, "longer than 255", id="a long key"),
        pytest.param({"routing_key": 7}, "routing_key is not a text", id="a number"),
    ],
)
def test_what_is_wrong_is_told(more, why):
    read = parse.routing_key if "routing_key" in more else parse.event

    with pytest.raises(Garbled, match=why):
        read(event(**more))
