"""Requests to the Opsgenie alert API."""

import json
from contextlib import suppress

import pytest
from hypothesis import given

from fullscore.connectors.base import Garbled
from fullscore.connectors.opsgenie import parse
from tests.connectors.garbage import spoiled

# As the documentation of the API has it.
CREATE = {
    "message": "An example alert message",
    "alias": "Life is too short for no alias",
    "description": "Every alert needs a description",
    "responders": [{"id": "4513b7ea-3b91-438f-b7e4-e3e54af9147c", "type": "team"}],
    "visibleTo": [{"username": "trinity@opsgenie.com", "type": "user"}],
    "actions": ["Restart", "AnExampleAction"],
    "tags": ["OverwriteQuietHours", "Critical"],
    "details": {"key1": "value1", "key2": "value2"},
    "entity": "An example entity",
    "priority": "P1",
}


def read(**more):
    told = {name: value for name, value in (CREATE | more).items() if value is not None}
    body = parse.wrapped(json.dumps(told).encode(), action="create")
    (signal,) = parse.request(body, made_key="made")
    return signal


def test_an_alert_is_read():
    told = read()

    assert (told.action, told.key, told.severity) == (
        "trigger",
        "Life is too short for no alias",
        "P1",
    )
    assert told.labels["tags"] == "OverwriteQuietHours, Critical"
    assert told.labels["key1"] == "value1"
    assert told.names == ("An example entity",)


def test_what_is_not_said_is_usual():
    told = read(alias=None, priority=None, tags=None, details=None, entity=None)

    assert (told.key, told.severity, told.names) == ("made", "P3", ())


@pytest.mark.parametrize(
    ("action", "expected"), [("acknowledge", "acknowledge"), ("close", "resolve")]
)
def test_the_address_says_what_is_to_be_done(action, expected):
    body = parse.wrapped(b"", action=action, alias="a/b")

    (told,) = parse.request(body)

    assert (told.action, told.key) == (expected, "a/b")


@pytest.mark.parametrize(
    ("more", "why"),
    [
        pytest.param({"message": ""}, "body.message has to have 1 to 130", id="no message"),
        pytest.param({"message": "x" * 131}, "1 to 130", id="too long"),
        pytest.param({"alias": "x" * 513}, "longer than 512", id="a long alias"),
        pytest.param({"priority": "P9"}, "priority is none of P1", id="a priority"),
        pytest.param({"tags": [1]}, r"tags\[0\] is not a text", id="a number"),
    ],
)
def test_what_is_wrong_is_told(more, why):
    told = json.dumps(CREATE | more).encode()

    with pytest.raises(Garbled, match=why):
        parse.request(parse.wrapped(told, action="create"))


@given(spoiled(CREATE))
def test_whatever_comes_is_read_or_garbled(body):
    with suppress(Garbled):
        parse.request(parse.wrapped(body, action="create"), made_key="made")
    with suppress(Garbled):
        parse.request(body)
