"""What Opsgenie tells of who is on call, in our words."""

import json
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from hypothesis import given

from fullscore.connectors.base import Garbled
from fullscore.connectors.opsgenie import rotas as parse
from fullscore.connectors.rotas import Override, Route
from tests.connectors.garbage import spoiled

RECORDED = (Path(__file__).parent / "recordings" / "whole.json").read_bytes()
ANN, BEN = "b5b92115-bfe7-43eb-8c2a-e467f2e5ddc4", "e07c63f0-dd8c-4ad4-983e-4ee7dc600463"
TEAM, ESCALATION = "90098alp9-f0e3-41d3-a060-0ea895027630", "8418d193-2dab-4490-b331-8c02cdd196b7"


def test_rotations_become_layers_by_the_schedules_wall_clock():
    (schedule,) = parse.rotas(RECORDED).schedules

    office, nights = schedule.layers
    assert office.starts == datetime(2026, 3, 2, 9)  # noqa: DTZ001  a wall clock
    assert office.people == (ANN, BEN)
    assert office.hours == "Fri 18:30-Mon 08:00, Mon-Tue 09:00-17:00"
    assert (nights.unit, nights.length, nights.hours) == ("days", 2, "Mon-Sun 22:00-06:30")
    assert nights.ends_at == datetime(2027, 3, 2, 5, tzinfo=UTC)
    assert schedule.overrides == (
        Override(ANN, datetime(2027, 1, 2, 10, tzinfo=UTC), datetime(2027, 1, 2, 12, tzinfo=UTC)),
    )


def test_delays_from_the_beginning_become_waits_between_steps():
    (policy,) = parse.rotas(RECORDED).policies

    assert [(step.kind, step.minutes) for step in policy.steps] == [
        ("schedule", 0), ("wait", 5), ("next", 0), ("wait", 55), ("team", 0), ("wait", 10),
    ]  # fmt: skip
    assert (policy.team, policy.repeats) == (TEAM, 3)


def test_routing_by_priority_alone_becomes_a_route():
    assert parse.rotas(RECORDED).routes == (Route(ESCALATION, TEAM, 4),)


def test_what_cannot_be_said_is_named():
    notes = {note.where: note.what for note in parse.rotas(RECORDED).notes}

    assert "a turn of nobody" in notes["Platform_schedule: Nobody at times"]
    assert "until it is closed" in notes["Platform_escalation, rule 3"]
    assert "left out" in notes["Platform_escalation, rule 4"]
    assert "selector by hand" in notes["By its words"]


def test_the_timeline_says_who_will_be_on_call():
    (duties,) = parse.rotas(RECORDED).duties.values()

    assert [(one.person, one.starts_at.hour) for one in duties] == [(ANN, 14)]


@given(spoiled(json.loads(RECORDED)))
def test_whatever_comes_is_read_or_refused(body):
    with suppress(Garbled):
        parse.rotas(body)
