"""What our payload lets Datadog say."""

import json
import re
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given

from fullscore.connectors.base import Garbled
from fullscore.connectors.datadog import parse
from tests.connectors.garbage import spoiled

GUIDE = Path(__file__).parents[3] / "docs/guides/send-your-alerts.md"
EVENT = {
    "monitor_id": "91234",
    "title": "[P2] [Triggered on {host:web1}] CPU is high",
    "body": "CPU was over 90 % for 10 minutes.",
    "severity": "P2",
    "transition": "Triggered",
    "scopes": "host:web1,env:prod",
    "tags": "team:unix, monitor",
    "host": "web1",
    "link": "https://app.datadoghq.com/monitors/91234",
    "last_updated": "1794881580000",
}


def read(**more):
    (signal,) = parse.event(json.dumps(EVENT | more).encode())
    return signal


def test_an_event_is_read():
    told = read()

    assert (told.action, told.key) == ("trigger", "91234 host:web1,env:prod")
    assert (told.title, told.severity, told.names) == ("CPU is high", "P2", ("web1", "web1"))
    assert told.labels == {
        "host": "web1",
        "env": "prod",
        "team": "unix",
        "monitor": "91234",
    }
    assert told.at == datetime(2026, 11, 17, 2, 13, tzinfo=UTC)


@pytest.mark.parametrize(
    ("transition", "action", "severity"),
    [
        ("Re-Triggered", "trigger", "P2"),
        ("Renotify", "trigger", "P2"),
        ("Warn", "trigger", "warning"),
        ("No Data", "trigger", "warning"),
        ("Re-No Data", "trigger", "warning"),
        ("Recovered", "resolve", ""),
    ],
)
def test_the_transition_says_what_happened(transition, action, severity):
    told = read(transition=transition)

    assert (told.action, told.severity, told.key) == (action, severity, read().key)


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("[Triggered on {host:web1}] CPU is high", "CPU is high"),
        ("[Warn] CPU is high", "CPU is high"),
        ("CPU [core 1] is high", "CPU [core 1] is high"),
        ("", "Monitor 91234"),
    ],
)
def test_the_title_is_told_without_the_state(title, expected):
    assert read(title=title).title == expected


@pytest.mark.parametrize(
    ("more", "why"),
    [
        pytest.param({"monitor_id": ""}, "monitor_id is empty", id="no monitor"),
        pytest.param({"transition": "Gone"}, "transition is none of", id="a transition"),
        pytest.param({"tags": []}, "tags is neither", id="a list"),
    ],
)
def test_what_is_wrong_is_told(more, why):
    with pytest.raises(Garbled, match=why):
        read(**more)


@given(spoiled(EVENT))
def test_whatever_comes_is_read_or_garbled(body):
    with suppress(Garbled):
        parse.event(body)


def test_the_payload_of_the_guide_sends_what_is_read():
    text = GUIDE.read_text()
    told = json.loads(re.search(r'\{"monitor_id".*?\}', text, re.DOTALL)[0])

    assert set(told) == set(EVENT)
    assert all(value.startswith("$") for value in told.values())
