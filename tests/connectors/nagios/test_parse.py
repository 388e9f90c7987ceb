"""Notifications of Nagios and its kin."""

import json
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fullscore.connectors.base import Garbled
from fullscore.connectors.nagios import parse
from tests.connectors.garbage import spoiled

PROBLEM = {
    "NOTIFICATIONTYPE": "PROBLEM",
    "HOSTNAME": "web1",
    "HOSTADDRESS": "192.0.2.7",
    "SERVICEDESC": "HTTP",
    "SERVICESTATE": "CRITICAL",
    "STATETYPE": "HARD",
    "OUTPUT": "connect to address 192.0.2.7 and port 80: Connection refused",
    "NOTIFICATIONAUTHOR": "",
    "NOTIFICATIONCOMMENT": "",
    "TIMET": "1794881580",
}
SHIPPED = Path(__file__).parents[3] / "docs/senders"


def read(**more):
    told = {k: v for k, v in (PROBLEM | more).items() if v is not None}
    return parse.notification(urlencode(told).encode())


def test_a_problem_is_read_as_form_and_as_json_alike():
    (told,) = read()

    assert (told.action, told.key, told.severity) == ("trigger", "web1!HTTP", "critical")
    assert told.title.startswith("HTTP on web1 is CRITICAL: connect to address")
    assert told.at == datetime(2026, 11, 17, 2, 13, tzinfo=UTC)
    assert told.names == ("web1", "192.0.2.7")
    assert parse.notification(json.dumps(PROBLEM).encode()) == (told,)


def test_a_host_has_a_key_of_its_own():
    (told,) = read(SERVICEDESC=None, HOSTSTATE="DOWN")

    assert (told.key, told.severity) == ("web1", "critical")
    assert told.title.startswith("web1 is DOWN: ")


@pytest.mark.parametrize(
    ("kind", "action"),
    [
        ("RECOVERY", "resolve"),
        ("ACKNOWLEDGEMENT", "acknowledge"),
        ("CUSTOM", "note"),
        ("FLAPPINGSTART", "note"),
        ("FLAPPINGSTOP", "note"),
        ("FLAPPINGDISABLED", "note"),
        ("DOWNTIMESTART", "note"),
        ("DOWNTIMEEND", "note"),
        ("DOWNTIMECANCELLED", "note"),
        ("DOWNTIMEREMOVED", "note"),
        ("PROBLEM (CRITICAL)", "trigger"),
    ],
)
def test_the_kind_says_what_happened(kind, action):
    (told,) = read(NOTIFICATIONTYPE=kind, NOTIFICATIONAUTHOR="ann", NOTIFICATIONCOMMENT="known")

    assert (told.action, told.key) == (action, "web1!HTTP")
    if action == "note":
        assert told.title == f"{kind} ann: known"


@pytest.mark.parametrize("kind", ["PROBLEM", "RECOVERY"])
def test_what_is_soft_is_not_said_yet(kind):
    assert read(NOTIFICATIONTYPE=kind, STATETYPE="SOFT") == ()


@pytest.mark.parametrize(
    ("state", "severity"),
    [("WARNING", "warning"), ("UNKNOWN", "warning"), ("CRITICAL", "critical"), ("odd", "ODD")],
)
def test_the_state_is_the_severity(state, severity):
    assert read(SERVICESTATE=state)[0].severity == severity


@pytest.mark.parametrize(
    ("body", "why"),
    [
        pytest.param(b"", "HOSTNAME is missing", id="nothing"),
        pytest.param(b"\xff=1", "neither a form", id="no text"),
        pytest.param(b"NOTIFICATIONTYPE=PROBLEM", "HOSTNAME is missing", id="no host"),
        pytest.param(b"HOSTNAME=a&NOTIFICATIONTYPE=HELLO", "HELLO.* is none of", id="a kind"),
        pytest.param(b"&".join(b"a=1" for _ in range(101)), "neither a form", id="too many fields"),
        pytest.param(b"{", "this is not JSON", id="broken JSON"),
    ],
)
def test_what_is_wrong_is_told(body, why):
    with pytest.raises(Garbled, match=why):
        parse.notification(body)


@given(
    spoiled(PROBLEM)
    | st.dictionaries(st.sampled_from(list(PROBLEM)), st.text(max_size=20)).map(
        lambda told: urlencode(told, errors="replace").encode()
    )
)
def test_whatever_comes_is_read_or_garbled(body):
    with suppress(Garbled):
        parse.notification(body)


@pytest.mark.parametrize("name", ["icinga2.conf", "nagios.cfg"])
def test_the_shipped_commands_send_what_is_read(name):
    text = (SHIPPED / name).read_text()

    assert [field for field in PROBLEM if f"{field}=$" not in text] == []
    assert "HOSTSTATE=$" in text
