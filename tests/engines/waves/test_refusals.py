"""Problems that contradict themselves are refused, by the plan and by the judge."""

import pytest

from fullscore.engines.waves import plan, violations
from tests.engines.waves.cases import problem, server

pytestmark = pytest.mark.once


@pytest.mark.parametrize(
    ("servers", "words"),
    [
        pytest.param([server("a"), server("b"), server("a")], "a is named twice", id="id twice"),
        pytest.param([server("a", after=("ghost",))], "ghost", id="unknown server"),
        pytest.param([server("a", loads=(("ghost", 1),))], "ghost", id="unknown group"),
        pytest.param([server("a", waves=(0, 2))], "outside 0 … 1", id="wave too late"),
        pytest.param([server("a", waves=(-1, 0))], "outside 0 … 1", id="wave before the first"),
        pytest.param([server("a", after=("a",))], "wait for each other", id="waits for itself"),
        pytest.param(
            [server("a", after=("b",)), server("b", after=("c",)), server("c", after=("a",))],
            "wait for each other",
            id="a cycle of three",
        ),
        pytest.param([server("a", risk=0.0)], "risk", id="no risk"),
        pytest.param([server("a", risk=-1.0)], "risk", id="negative risk"),
        pytest.param([server("a", risk=float("nan"))], "risk", id="risk is no number"),
        pytest.param([server("a", risk=float("inf"))], "risk", id="endless risk"),
        pytest.param([server("a", loads=(("db", 0),))], "less than one unit", id="empty load"),
    ],
)
def test_a_problem_that_contradicts_itself_is_refused(servers, words):
    of = problem(*servers, spare={"db": 1})

    with pytest.raises(ValueError, match=words):
        plan(of)
    with pytest.raises(ValueError, match=words):
        violations(of, {})
