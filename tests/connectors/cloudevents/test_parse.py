"""CloudEvents: one, a batch, and told in headers."""

import base64
import json
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given

from fullscore.connectors.base import Garbled
from fullscore.connectors.cloudevents import parse
from tests.connectors.garbage import spoiled

# As the specification's own example has it, with data of an alert.
EVENT = {
    "specversion": "1.0",
    "type": "org.example.disk.full",
    "source": "/sensors/rack-1",
    "subject": "db1.example.org",
    "id": "A234-1234-1234",
    "time": "2026-11-17T02:13:00Z",
    "comexampleextension1": "value",
    "comexampleothervalue": 5,
    "datacontenttype": "application/json",
    "data": {
        "severity": "critical",
        "summary": "The disk is full",
        "host": "db1",
        "free": 0,
        "url": "https://example.org/1",
    },
}


def read(**more):
    told = {k: v for k, v in (EVENT | more).items() if v is not None}
    (signal,) = parse.event(json.dumps(told).encode())
    return signal


def test_an_event_is_read():
    told = read()

    assert (told.action, told.key, told.severity) == ("trigger", "db1.example.org", "critical")
    assert (told.title, told.link) == ("The disk is full", "https://example.org/1")
    assert told.at == datetime(2026, 11, 17, 2, 13, tzinfo=UTC)
    assert told.names == ("db1", "db1.example.org")
    assert told.labels["comexampleothervalue"] == "5"
    assert json.loads(told.annotations["details"])["free"] == 0


@pytest.mark.parametrize(
    ("ending", "action"), [("resolved", "resolve"), ("acknowledged", "acknowledge")]
)
@pytest.mark.parametrize("subject", ["db1.example.org", None], ids=["subject", "type alone"])
def test_the_end_of_the_type_says_what_happened(ending, action, subject):
    opened = read(subject=subject)
    later = read(subject=subject, type=f"org.example.disk.full.{ending}")

    assert later.action == action
    assert later.key == opened.key


@pytest.mark.parametrize(
    ("data", "title"),
    [
        pytest.param(base64.b64encode(b'{"message": "Full"}').decode(), "Full", id="JSON"),
        pytest.param(
            base64.b64encode(b"\xff\x00").decode(),
            "org.example.disk.full db1.example.org",
            id="anything else",
        ),
    ],
)
def test_packed_data_is_unpacked(data, title):
    assert read(data=None, data_base64=data).title == title


def test_a_batch_is_taken_apart_and_each_tells_its_delivery():
    batch = json.dumps([EVENT, EVENT | {"id": "2"}]).encode()

    (one, first), (_, second) = parse.singly(batch, {})

    assert json.loads(one) == EVENT
    assert (first, second) == ("/sensors/rack-1 A234-1234-1234", "/sensors/rack-1 2")


def test_what_is_told_in_headers_is_put_together():
    told = {k: v for k, v in EVENT.items() if k not in ("data", "datacontenttype")}
    headers = {f"ce-{name}": str(value).replace("d", "%64") for name, value in told.items()}
    data = json.dumps(EVENT["data"]).encode()

    ((body, delivery),) = parse.singly(data, headers | {"content-type": "application/json"})
    ((packed, _),) = parse.singly(b"\xff", headers)

    assert parse.event(body)[0].key == "db1.example.org"
    assert parse.event(body)[0].title == "The disk is full"
    assert delivery == "/sensors/rack-1 A234-1234-1234"
    assert json.loads(packed)["data_base64"] == "/w=="


@pytest.mark.parametrize(
    ("more", "why"),
    [
        pytest.param({"id": None}, "id is missing", id="no id"),
        pytest.param({"source": ""}, "source is empty", id="an empty source"),
        pytest.param({"type": 7}, "type is not a text", id="a number"),
        pytest.param({"specversion": "0.3"}, "specversion is not 1.0", id="an old one"),
        pytest.param({"data": None, "data_base64": "é"}, "is not base64", id="base64"),
    ],
)
def test_what_is_wrong_is_told(more, why):
    with pytest.raises(Garbled, match=why):
        read(**more)


def test_a_batch_has_an_end():
    with pytest.raises(Garbled, match="more than 1,000 events"):
        list(parse.singly(json.dumps([EVENT] * 1001).encode(), {}))


@given(spoiled(EVENT))
def test_whatever_comes_is_read_or_garbled(body):
    with suppress(Garbled):
        parse.event(body)
    with suppress(Garbled):
        list(parse.singly(body, {}))
    with suppress(Garbled):
        list(parse.singly(body, {"ce-specversion": "1.0", "content-type": "application/json"}))
