"""What Grafana OnCall tells, in our words."""

import json
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given

from fullscore.connectors.base import Garbled
from fullscore.connectors.grafana_oncall import parse
from fullscore.connectors.rotas import Calendar, Override, Route
from tests.connectors.garbage import spoiled

RECORDED = (Path(__file__).parent / "recordings" / "whole.json").read_bytes()
SHIFT = {
    "id": "O", "name": "Turns", "type": "rolling_users", "level": 0, "time_zone": None,
    "start": "2026-01-05T09:00:00", "duration": 604800, "frequency": "weekly", "interval": 1,
    "rolling_users": [["a"], ["b"]],
}  # fmt: skip


def one(zone="UTC", **values):
    """Return the layer or override of one shift, and what could not be said of it."""
    told = {
        "schedules": [{"id": "S", "name": "S", "type": "web", "time_zone": zone, "shifts": ["O"]}],
        "on_call_shifts": [SHIFT | values],
    }
    read = parse.rotas(json.dumps(told).encode())
    (schedule,) = read.schedules
    return [*schedule.layers, *schedule.overrides], [note.what for note in read.notes]


def test_the_whole_of_a_recording():
    told = parse.rotas(RECORDED)

    assert [p.email for p in told.people] == [
        "ann@example.org", "Ben@Example.org", "cy@elsewhere.example",
    ]  # fmt: skip
    first = told.schedules[0]
    assert (first.name, first.zone, first.team) == (
        "Platform primary", "Europe/Berlin", "TAAM1K1NNEHAG",
    )  # fmt: skip
    weeks, nights = first.layers
    assert weeks.people == ("UBEN", "UCY", "U4DNY931HHJS5")
    assert (weeks.unit, weeks.length, weeks.hours) == ("weeks", 1, "")
    assert nights.hours == "Mon-Fri 22:00-06:00"
    assert first.overrides == (
        Override("UBEN", datetime(2026, 12, 24, 17, tzinfo=UTC),
                 datetime(2026, 12, 25, 17, tzinfo=UTC)),
    )  # fmt: skip
    assert told.routes == (Route("F5JU6KJET33FE", "TAAM1K1NNEHAG"),)
    assert {note.where for note in told.notes} == {
        "Platform primary: First of the month", "Platform chain, step 4", "Platform chain, step 6",
        "Platform alerts",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("values", "calendars", "notes"),
    [
        pytest.param({"ical_url_primary": "https://example.com/a.ics"},
                     [Calendar("Calendar", "https://example.com/a.ics")], [], id="one"),
        pytest.param({"type": "web", "ical_url_overrides": "webcal://example.com/o.ics"},
                     [Calendar("Calendar of overrides", "https://example.com/o.ics")], [],
                     id="overrides alone"),
        pytest.param({"ical_url_primary": "https://a.example/x", "ical_url_overrides": ""},
                     [Calendar("Calendar", "https://a.example/x")], [], id="an empty one"),
        pytest.param({"ical_url_primary": "file:///etc/passwd"}, [],
                     ["the address of its calendar is no web address",
                      "its turns stand in a calendar elsewhere: add it by hand"], id="no web"),
        pytest.param({}, [], ["its turns stand in a calendar elsewhere: add it by hand"],
                     id="an address that is not told"),
    ],
)  # fmt: skip
def test_a_schedule_may_stand_in_calendars(values, calendars, notes):
    told = {"schedules": [{"id": "S", "name": "S", "type": "ical"} | values]}

    read = parse.rotas(json.dumps(told).encode())

    assert list(read.schedules[0].calendars) == calendars
    assert [note.what for note in read.notes] == notes


def test_steps_come_in_order_of_their_position():
    (chain,) = parse.rotas(RECORDED).policies

    assert [step.kind for step in chain.steps] == [
        "schedule", "wait", "person", "person", "hours", "team",
    ]  # fmt: skip
    assert (chain.steps[1].minutes, chain.steps[4].hours, chain.repeats) == (5, "09:00-18:00", 5)
    assert (chain.steps[0].is_important, chain.steps[2].is_important) == (True, False)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        pytest.param({}, ("weeks", 1, ""), id="whole weeks"),
        pytest.param({"interval": 2, "duration": 1209600}, ("weeks", 2, ""), id="two weeks each"),
        pytest.param({"frequency": "daily", "duration": 86400}, ("days", 1, ""), id="whole days"),
        pytest.param({"frequency": "hourly", "interval": 12, "duration": 43200},
                     ("hours", 12, ""), id="twelve hours each"),
        pytest.param({"frequency": "daily", "duration": 28800},
                     ("days", 1, "Mon-Sun 09:00-17:00"), id="office hours"),
        pytest.param({"duration": 388800}, ("weeks", 1, "Mon 09:00-Fri 21:00"), id="some days"),
        pytest.param({"by_day": ["SA", "SU"], "duration": 86400},
                     ("weeks", 1, "Sat-Sun 09:00-09:00"), id="weekends"),
    ],
)  # fmt: skip
def test_turns_that_can_be_said(values, expected):
    (layer,), notes = one(**values)

    assert (layer.unit, layer.length, layer.hours) == expected
    assert notes == []


@pytest.mark.parametrize(
    ("values", "why"),
    [
        pytest.param({"frequency": "monthly"}, "recurs by months", id="months"),
        pytest.param({"by_month": [1]}, "recurs by months", id="some months"),
        pytest.param({"duration": 700000}, "two of them overlap", id="too long"),
        pytest.param({"interval": 2}, "leaves out a part", id="every second week only"),
        pytest.param({"rolling_users": [["a"], []]}, "a turn of nobody", id="nobody's turn"),
        pytest.param({"rolling_users": []}, "names nobody", id="nobody at all"),
        pytest.param({"frequency": "daily", "by_day": ["MO"], "duration": 3600},
                     "leaves out days", id="days that are left out"),
    ],
)  # fmt: skip
def test_turns_that_cannot_be_said_are_named_and_left_out(values, why):
    found, (note,) = one(**values)

    assert found == []
    assert why in note


def test_several_at_once_are_one_here_and_that_is_said():
    (layer,), (note,) = one(rolling_users=[["a", "b"], ["c"]])

    assert layer.people == ("a", "c")
    assert "several people at once" in note


def test_a_week_of_named_days_begins_with_its_own_first_day():
    (layer,), _ = one(start="2026-01-07T09:00:00", by_day=["MO", "WE"], week_start="MO",
                      duration=3600)  # fmt: skip

    assert layer.starts == datetime(2026, 1, 5, 9)  # noqa: DTZ001  a wall clock


def test_a_shift_by_another_clock_is_told_by_the_schedules_own():
    (layer,), _ = one("America/New_York", time_zone="UTC", frequency="daily", duration=3600)

    assert layer.starts == datetime(2026, 1, 5, 4)  # noqa: DTZ001  a wall clock
    assert layer.hours == "Mon-Sun 04:00-05:00"


def test_what_is_wrong_is_told_with_its_place():
    with pytest.raises(Garbled, match=r"users\[0\].email is not a text"):
        parse.rotas(b'{"users": [{"id": "U", "email": 7}]}')


@given(spoiled(json.loads(RECORDED)))
def test_whatever_comes_is_read_or_refused(body):
    with suppress(Garbled):
        parse.rotas(body)
