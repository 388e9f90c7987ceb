"""What our media type lets Zabbix say."""

import json
import re
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import yaml
from hypothesis import given

from fullscore.connectors.base import Garbled
from fullscore.connectors.zabbix import parse
from tests.connectors.garbage import spoiled

PROBLEM = json.loads((Path(__file__).parent / "recordings/problem.json").read_text())
SHIPPED = Path(__file__).parents[3] / "docs/senders/zabbix-media-type.yaml"
BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 17, 2, 14, tzinfo=UTC)


def read(now=NOW, **more):
    return parse.problem(json.dumps(PROBLEM | more).encode(), zone=BERLIN, now=now)


def test_a_problem_is_read():
    (told,) = read()

    assert (told.action, told.key, told.severity) == ("trigger", "20481", "high")
    assert told.title == "High CPU utilization (over 90% for 5m)"
    assert told.at == told.starts_at == datetime(2026, 11, 17, 2, 13, tzinfo=UTC)
    assert told.labels["scope"] == "performance"
    assert told.names == ("web1.example.org", "192.0.2.7")
    assert told.annotations["operational data"] == "Current utilization: 97.2 %"
    assert told.link == ""  # a macro that says nothing is nothing


@pytest.mark.parametrize("status", ["RESOLVED", "OK"])
def test_a_recovery_resolves(status):
    (told,) = read(status=status, time="2026.11.17 03:14:00")

    assert (told.action, told.key, told.ends_at) == ("resolve", "20481", NOW)


@pytest.mark.parametrize(
    ("done", "actions"),
    [
        pytest.param("acknowledged", ["note", "acknowledge"], id="acknowledged"),
        pytest.param("acknowledged, commented", ["note", "acknowledge"], id="with a comment"),
        pytest.param("unacknowledged", ["note"], id="taken back"),
        pytest.param("commented", ["note"], id="a comment alone"),
    ],
)
def test_an_update_is_a_note_and_may_acknowledge(done, actions):
    told = read(update_status="1", update_action=done, update_message="On it.")

    assert [one.action for one in told] == actions
    assert told[0].title == f"{done}: On it."


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        pytest.param("2026-10-25T00:31:00+00:00", "2026-10-25T00:30:00+00:00", id="the first time"),
        pytest.param("2026-10-25T01:31:00+00:00", "2026-10-25T01:30:00+00:00", id="the second"),
    ],
)
def test_an_hour_told_twice_is_the_one_that_is_now(now, expected):
    (told,) = read(now=datetime.fromisoformat(now), time="2026.10.25 02:30:00")

    assert told.at == datetime.fromisoformat(expected)


def test_a_stamp_is_read_in_the_zone_of_the_source():
    body = json.dumps(PROBLEM).encode()

    (here,) = parse.problem(body, zone=BERLIN, now=NOW)
    (there,) = parse.problem(body, zone=ZoneInfo("America/New_York"), now=NOW)

    assert there.at - here.at == timedelta(hours=6)


@pytest.mark.parametrize(
    ("more", "why"),
    [
        pytest.param({"event_id": ""}, "has to have an event_id", id="no event"),
        pytest.param({"status": "MAYBE"}, "a status PROBLEM or RESOLVED", id="a status"),
        pytest.param({"time": "17 Nov 2026"}, "time is no time", id="a time"),
        pytest.param({"time": "0001.01.01 00:00:00"}, "time is no time", id="before all time"),
        pytest.param({"tags": "{"}, "tags is not a list of tags", id="tags"),
        pytest.param({"host": 7}, "host is not a text", id="a number"),
    ],
)
def test_what_is_wrong_is_told(more, why):
    with pytest.raises(Garbled, match=why):
        read(**more)


@given(spoiled(PROBLEM))
def test_whatever_comes_is_read_or_garbled(body):
    with suppress(Garbled):
        parse.problem(body, zone=BERLIN, now=NOW)


def test_the_shipped_media_type_sends_what_is_read():
    (kind,) = yaml.safe_load(SHIPPED.read_text())["zabbix_export"]["media_types"]
    sent = {one["name"] for one in kind["parameters"]} | {"time"}  # the script makes it of three

    read_here = set(re.findall(r'_said\(told, "(\w+)"\)', Path(parse.__file__).read_text()))

    assert read_here | {*parse.LABELS, "event_id"} <= sent
    assert sent - {"address", "token"} == set(PROBLEM)
