"""How much a happening speaks against what it happened to."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fullscore.engines.happenings import Happening, failure_rate, score

pytestmark = pytest.mark.once

hours = st.floats(0, 1000)
rates = st.floats(0, 1)
some = st.builds(Happening, hours, st.integers(0, 5), st.booleans(), rates)


@pytest.mark.parametrize(
    ("happening", "expected"),
    [
        pytest.param(Happening(0, 0, True, 1), 1.0, id="just now, here, with a shift"),
        pytest.param(Happening(2, 0, True, 1), 0.5, id="two hours before"),
        pytest.param(Happening(0, 1, True, 1), 0.6, id="one hop away"),
        pytest.param(Happening(0, 3, True, 1), 0.216, id="three hops away"),
        pytest.param(Happening(0, 0, False, 1), 0.3, id="nothing shifted"),
        pytest.param(Happening(4, 2, False, 0.5), 0.25 * 0.36 * 0.3 * 0.5, id="all of it"),
        pytest.param(Happening(-0.1, 0, True, 1), 0.0, id="it came after"),
    ],
)
def test_score(happening, expected):
    assert score(happening) == pytest.approx(expected)


@given(some)
def test_a_score_lies_between_0_and_1(happening):
    assert 0.0 <= score(happening) <= 1.0


@given(some, hours, st.integers(0, 5), rates)
def test_earlier_farther_and_more_harmless_never_speaks_more_against_it(one, more, hops, rate):
    milder = Happening(
        one.hours_before + more, one.hops + hops, False, one.failure_rate * rate
    )  # fmt: skip

    assert score(milder) <= score(one)


@pytest.mark.parametrize("bad", [Happening(0, 0, True, 1.1), Happening(0, -1, True, 0.5)])
def test_what_is_no_rate_and_no_distance_is_refused(bad):
    with pytest.raises(ValueError):
        score(bad)


@given(st.integers(0, 10_000), st.integers(0, 10_000), rates)
def test_a_rate_lies_between_the_usual_and_what_was_seen(blamed, more, usual):
    seen = blamed + more

    told = failure_rate(blamed, seen, usual=usual)

    ends = sorted((usual, blamed / seen if seen else usual))
    assert ends[0] - 1e-9 <= told <= ends[1] + 1e-9


def test_experience_outweighs_the_usual_with_time():
    assert failure_rate(0, 0, usual=0.3) == pytest.approx(0.3)
    assert failure_rate(10, 10, usual=0.3) == pytest.approx(0.65)
    assert failure_rate(500, 1000, usual=0.1) == pytest.approx(0.5, abs=0.01)
    with pytest.raises(ValueError):
        failure_rate(2, 1, usual=0.3)
