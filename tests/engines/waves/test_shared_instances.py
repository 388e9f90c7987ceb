"""The plan on three solved instances."""

import gzip
import json

import pytest

from fullscore.engines.waves import Problem, Server, plan, violations
from tests.shared import shared_data

pytestmark = pytest.mark.once


def instance(name):
    told = json.loads(gzip.decompress(shared_data("waves-plan", f"{name}.json.gz").read_bytes()))
    servers = (
        Server(
            id=row["id"],
            risk=row["risk"],
            waves=tuple(row["waves"]),
            site=row["site"],
            loads=tuple((group, units) for group, units in row["loads"]),
            after=tuple(row["after"]),
        )
        for row in told["servers"]
    )
    of = Problem(tuple(servers), told["spare"], tuple(told["wave_capacity"]), told["site_capacity"])
    return of, told


@pytest.mark.parametrize("name", ["small", "tight"])
def test_the_best_plan_known_is_found_and_proved(name):
    of, told = instance(name)

    made = plan(of)

    assert violations(of, made.wave_of) == ()
    assert made.cost == pytest.approx(told["best"])
    assert made.bound == pytest.approx(told["bound"], rel=1e-5)
    assert len(made.wave_of) == told["placed"]


def test_two_thousand_servers_are_within_one_percent_of_the_best_in_five_seconds():
    of, told = instance("large")

    made = plan(of, seconds=5)

    assert violations(of, made.wave_of) == ()
    assert made.bound <= told["best"] <= made.cost * (1 + 1e-9)
    assert made.cost <= told["best"] * 1.01


@pytest.mark.parametrize("name", ["small", "tight", "large"])
def test_first_fit_is_within_five_percent_and_its_bound_is_no_lie(name):
    of, told = instance(name)

    made = plan(of, seconds=0)

    assert violations(of, made.wave_of) == ()
    assert made.bound <= told["best"] <= made.cost <= told["best"] * 1.05
