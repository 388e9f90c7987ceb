"""Alertmanager's webhook and the bodies of its API."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from fullscore.connectors.alertmanager import parse
from fullscore.connectors.base import Garbled

RECORDED = (Path(__file__).parent / "recordings/webhook.json").read_bytes()
NOW = datetime(2026, 11, 17, 3, tzinfo=UTC)


def test_a_notification_is_read():
    told = parse.webhook(RECORDED)

    down, up = told.signals
    assert told.left_out == 3
    assert (down.action, down.key, down.severity) == ("trigger", "5ef77f1f8a3ecfb2", "critical")
    assert down.title == "db1 cannot be reached"
    assert down.starts_at == datetime(2026, 11, 17, 2, 13, 0, 123456, tzinfo=UTC)
    assert (down.ends_at, down.holds_until) == (None, None)
    assert down.names == ("db1", "node")
    assert down.group == '{}:{alertname="InstanceDown"}'
    assert (up.action, up.ends_at) == ("resolve", datetime(2026, 11, 17, 1, 14, tzinfo=UTC))
    assert (up.title, up.link) == ("InstanceDown", "")


def pushed(**more):
    one = {"labels": {"alertname": "Full", "b": "2", "a": "1", "none": ""}} | more
    return parse.pushed(json.dumps([one]).encode(), now=NOW)[0]


@pytest.mark.parametrize(
    ("ends_at", "action", "holds_until"),
    [
        pytest.param(None, "trigger", None, id="no end"),
        pytest.param("0001-01-01T00:00:00Z", "trigger", None, id="the year 1"),
        pytest.param("2026-11-17T03:04:00Z", "trigger", 4, id="later"),
        pytest.param("2026-11-17T02:59:00Z", "resolve", None, id="past"),
    ],
)
def test_what_is_pushed_is_over_once_its_end_is_past(ends_at, action, holds_until):
    told = pushed(**({"endsAt": ends_at} if ends_at else {}))

    assert told.action == action
    assert (told.holds_until and told.holds_until.minute) == holds_until


def test_the_key_of_labels_does_not_depend_on_their_order_or_on_empty_ones():
    assert pushed().key == parse.fingerprint({"a": "1", "alertname": "Full", "b": "2"})


@pytest.mark.parametrize(
    ("body", "why"),
    [
        pytest.param(b"", "line 1: this is not JSON", id="nothing"),
        pytest.param(b'{"alerts": [\n1,,', "line 2: this is not JSON", id="no JSON"),
        pytest.param(b"\xff", "byte 0", id="no text"),
        pytest.param(b"[" * 100_000, "nested too deep", id="too deep"),
        pytest.param(b"[]", "line 1: the body is not an object", id="another kind"),
        pytest.param(b"{}", "line 1: alerts is missing", id="no alerts"),
        pytest.param(b'{"version": "5", "alerts": []}', "version is not 4", id="version 5"),
        pytest.param(
            b'{"alerts": [\n{"status": "firing", "labels": {"alertname": "[2]"}},\n'
            b'{"status": "firing"}]}',
            r"line 3: alerts\[1\].labels is missing", id="the place",
        ),
        pytest.param(b'{"alerts": [{"status": "gone", "labels": {}}]}',
                     r"alerts\[0\].status is neither", id="a status"),
        pytest.param(b'{"alerts": [{"status": "firing", "labels": {"a": 1}}]}',
                     r"alerts\[0\].labels.a is not a text", id="a number"),
        pytest.param(b'{"alerts": [{"status": "firing", "labels": {}, "startsAt": "noon"}]}',
                     r"startsAt is no time", id="no time"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_place(body, why):
    with pytest.raises(Garbled, match=why):
        parse.webhook(body)


def test_letters_that_no_database_takes_are_left_out():
    body = json.dumps([{"labels": {"alertname": "a\u0000b\ud800c"}}]).encode()

    (told,) = parse.pushed(body, now=NOW)

    told.title.encode()
    assert "\x00" not in told.title


@pytest.mark.parametrize(
    ("labels", "names"),
    [
        pytest.param({"instance": "db1.example.org:9100"}, ("db1.example.org",), id="a name"),
        pytest.param({"instance": "[fd00::1]:9100"}, ("fd00::1",), id="IPv6 with a port"),
        pytest.param({"instance": "fd00::1"}, ("fd00::1",), id="IPv6"),
        pytest.param({"service": "shop", "host": "web1"}, ("web1", "shop"), id="host, service"),
        pytest.param({}, (), id="none"),
    ],
)
def test_labels_name_items(labels, names):
    assert parse.names_in(labels) == names
