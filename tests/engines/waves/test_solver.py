"""What the plan makes of a solver that is slow, finds nothing, or knows only a bound."""

from dataclasses import replace
from time import monotonic

import numpy as np
import pytest
import scipy.optimize

from fullscore.engines.waves import plan, violations
from tests.engines.waves.cases import problem, server

pytestmark = pytest.mark.once

# First fit takes "rare" first and so spends the spare of wave 0 on the smaller risk.
TRAP = problem(
    server("rare", waves=(0, 1), loads=(("x", 1),)),
    server("often", risk=9.0, waves=(0, 1, 2), loads=(("x", 1),)),
    spare={"x": 1},
    waves=3,
)


def crowd(count):
    """Return a problem too large to solve in no time: pairs of services share each server."""
    servers = [
        server(
            f"{n:04}",
            risk=1 + n * 37 % 101 / 10,
            waves=tuple(range(n % 3, 12)),
            loads=((f"g{n * 7 % 19}", 1 + n % 2), (f"h{n * n % 23}", 1)),
        )
        for n in range(count)
    ]
    groups = {group for each in servers for group, _ in each.loads}
    return problem(*servers, spare=dict.fromkeys(sorted(groups), 2), waves=12)


def answering(monkeypatch, *answers):
    """Let the solver give these answers, one a call, and then its own.

    Return the seconds each call was allowed.
    """
    left, own = iter(answers), scipy.optimize.milp
    allowed = []

    def milp(*given, options, **named):
        allowed.append(options["time_limit"])
        answer = next(left, OWN)
        if answer is OWN:
            return own(*given, options=options, **named)
        return scipy.optimize.OptimizeResult(answer)

    monkeypatch.setattr(scipy.optimize, "milp", milp)
    return allowed


OWN = object()
NOTHING = {"x": None, "fun": None, "status": 1, "mip_dual_bound": None}


def test_first_fit_stands_when_the_solver_finds_nothing(monkeypatch):
    allowed = answering(monkeypatch, NOTHING)

    made = plan(TRAP, seconds=4)

    assert made == plan(TRAP, seconds=0)
    assert made.wave_of == {"rare": 0, "often": 1}
    assert made.bound == 1.0
    assert 3 < allowed[0] <= 4


def test_whole_servers_of_a_plan_in_fractions_are_kept_when_the_solver_gets_no_further(monkeypatch):
    answering(monkeypatch, OWN, NOTHING, NOTHING)

    made = plan(TRAP)

    assert made.wave_of == {"rare": 1, "often": 0}
    assert made.bound == pytest.approx(1.0)


def test_a_late_plan_of_the_solver_is_pulled_forward_the_riskiest_first(monkeypatch):
    late = [0, 1, 0, 0, 1, 0, 0]  # rare in waves 0, 1; often in 0, 1, 2; left out of each
    answering(monkeypatch, {"x": np.array(late), "fun": 0.0, "status": 0}, NOTHING, NOTHING)

    assert plan(TRAP).wave_of == {"rare": 1, "often": 0}


def test_the_bound_without_a_solver_spreads_like_servers_over_the_waves():
    twin = replace(TRAP.servers[0], id="twin")

    made = plan(replace(TRAP, servers=(*TRAP.servers, twin)), seconds=0)

    assert made.cost == 19.0
    assert made.bound == 3.0  # often in wave 0, and the two rare ones as if in 1 and 2


def test_a_bound_counts_even_when_no_plan_came_with_it(monkeypatch):
    of = crowd(75)
    exact = plan(of)
    answering(monkeypatch, OWN, NOTHING, NOTHING)
    loose = plan(of)
    proven = exact.bound * 2.0**4  # the dearest risk, 11, is brought to 176
    answering(monkeypatch, OWN, NOTHING, NOTHING | {"mip_dual_bound": proven})

    assert loose.bound < exact.bound
    assert plan(of).bound == pytest.approx(exact.bound)


def test_the_solver_finds_what_first_fit_does_not():
    assert plan(TRAP).wave_of == {"rare": 1, "often": 0}


def test_a_plan_without_seconds_asks_no_solver(monkeypatch):
    allowed = answering(monkeypatch)

    assert plan(TRAP, seconds=0).wave_of == {"rare": 0, "often": 1}
    assert allowed == []


@pytest.mark.parametrize("seconds", [0.0, 0.2, 1.0])
def test_a_plan_is_back_two_seconds_after_its_time_at_the_latest(seconds):
    of = crowd(600)

    begin = monotonic()
    made = plan(of, seconds=seconds)

    assert monotonic() - begin <= seconds + 2
    assert violations(of, made.wave_of) == ()
    assert made.bound <= made.cost


def test_equal_input_gives_an_equal_plan():
    of = crowd(75)

    assert plan(of) == plan(of)
