"""The plan: at the lowest cost, sound, complete, and with the reason for what is left out."""

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fullscore.engines.waves import Plan, Problem, plan, violations
from tests.engines.waves.cases import blocked_by, lowest_cost, price, problem, problems, server

pytestmark = pytest.mark.once

PAIR = (server("calm", loads=(("db", 1),)), server("risky", risk=3.0, loads=(("db", 1),)))


def test_the_riskier_of_two_that_may_not_go_together_goes_first():
    made = plan(problem(*PAIR, spare={"db": 1}))

    assert made.wave_of == {"risky": 0, "calm": 1}
    assert made.unplaced == {}
    assert made.cost == 1.0
    assert made.bound == pytest.approx(1.0)


def test_without_spare_nothing_is_placed_and_the_group_is_named():
    made = plan(problem(*PAIR, spare={"db": 0}))

    assert made.wave_of == {}
    assert made.unplaced == {"risky": "group:db", "calm": "group:db"}
    assert made.cost == 24.0
    assert made.bound == pytest.approx(24.0)


def test_nothing_to_plan_costs_nothing():
    assert plan(Problem((), {}, (), {})) == Plan({}, {}, 0.0, 0.0)


@given(of=problems())
@settings(max_examples=150, deadline=None)
def test_the_plan_is_the_cheapest_of_all_sound_ones(of):
    made = plan(of)

    assert violations(of, made.wave_of) == ()
    assert made.cost == pytest.approx(price(made.wave_of, of))
    assert made.cost == pytest.approx(lowest_cost(of))
    assert made.bound == pytest.approx(made.cost, rel=1e-5)
    assert made.bound <= made.cost


@given(of=problems(), seconds=st.sampled_from([0.0, 10.0]))
@settings(max_examples=150, deadline=None)
def test_every_server_is_placed_or_left_out_for_what_blocks_it_most_and_never_fits(of, seconds):
    made = plan(of, seconds=seconds)

    assert sorted([*made.wave_of, *made.unplaced]) == sorted(each.id for each in of.servers)
    for each in of.servers:
        if each.id in made.unplaced:
            blocked = [blocked_by(each, wave, made.wave_of, of) for wave in each.waves]
            assert all(blocked)
            counts = Counter(reason for reasons in blocked for reason in reasons) or {"no wave": 1}
            assert counts[made.unplaced[each.id]] == max(counts.values())


@given(of=problems())
@settings(max_examples=150, deadline=None)
def test_first_fit_alone_is_sound_and_its_bound_is_below_the_optimum(of):
    made = plan(of, seconds=0)

    assert violations(of, made.wave_of) == ()
    assert made.bound <= lowest_cost(of) + 1e-9
    assert made.cost == pytest.approx(price(made.wave_of, of))


@given(of=problems(), data=st.data(), seconds=st.sampled_from([0.0, 10.0]))
@settings(max_examples=60, deadline=None)
def test_the_order_of_the_input_changes_nothing(of, data, seconds):
    turned = Problem(
        servers=tuple(data.draw(st.permutations([_turned(each) for each in of.servers]))),
        spare=dict(reversed(of.spare.items())),
        wave_capacity=of.wave_capacity,
        site_capacity=of.site_capacity,
    )

    assert plan(turned, seconds=seconds) == plan(of, seconds=seconds)


def _turned(each):
    return replace(each, loads=each.loads[::-1], after=each.after[::-1])


@pytest.mark.parametrize(
    ("servers", "spare", "capacity", "sites", "reason"),
    [
        pytest.param([server("a", waves=())], {}, (1, 1), {}, "no wave", id="none permitted"),
        pytest.param([server("a")], {}, (0, 0), {}, "wave", id="frozen waves"),
        pytest.param([server("a")], {}, (1, 1), {"here": 0}, "site:here", id="a closed site"),
        pytest.param(
            [server("a", loads=(("x", 2), ("y", 1)))],
            {"x": 1, "y": 1},
            (1, 1),
            {},
            "group:x",
            id="more than the spare",
        ),
        pytest.param(
            [server("a", loads=(("x", 1), ("x", 1)))],
            {"x": 1},
            (1, 1),
            {},
            "group:x",
            id="one group named twice",
        ),
        pytest.param(
            [server("a", loads=(("x", 1),))], {"x": -2}, (1, 1), {}, "group:x", id="already short"
        ),
        pytest.param(
            [server("a", waves=(0,), after=("b",)), server("b", waves=())],
            {},
            (1, 1),
            {},
            "after:b",
            id="behind what is left out",
        ),
        pytest.param(
            [server("a", waves=(0,), after=("b",)), server("b")],
            {},
            (2, 1),
            {},
            "after:b",
            id="no wave behind the other",
        ),
        pytest.param(
            [server("a", waves=(0, 1, 2), loads=(("x", 1),))],
            {"x": 0},
            (0, 0, 1),
            {},
            "group:x",
            id="what blocks three waves, not what blocks two",
        ),
    ],
)
@pytest.mark.parametrize("seconds", [0.0, 5.0], ids=["first fit", "solver"])
def test_what_is_left_out_says_why(servers, spare, capacity, sites, reason, seconds):
    made = plan(Problem(tuple(servers), spare, capacity, sites), seconds=seconds)

    assert made.unplaced["a"] == reason


def test_an_urgent_server_draws_what_it_waits_for_forward():
    last = server("last", risk=50.0, waves=(0, 1, 2), after=("first",))
    first = server("first", waves=(0, 1, 2), loads=(("x", 1),))
    rival = server("rival", risk=2.0, waves=(0, 1, 2), loads=(("x", 1),))

    made = plan(problem(last, first, rival, spare={"x": 1}, waves=3))

    assert made.wave_of == {"first": 0, "last": 1, "rival": 1}


def test_permitted_waves_may_be_named_in_any_order():
    assert plan(problem(server("a", waves=(1, 0)))).wave_of == {"a": 0}


def test_servers_that_are_alike_fill_the_waves_in_the_order_of_their_names():
    alike = [server(name, loads=(("x", 1),)) for name in "cab"]

    made = plan(problem(*alike, spare={"x": 1}))

    assert made.wave_of == {"a": 0, "b": 1}
    assert made.unplaced == {"c": "group:x"}
