"""The judge of a placement."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fullscore.engines.waves import Problem, violations
from tests.engines.waves.cases import is_sound, placements, problems, server

pytestmark = pytest.mark.once

OF = Problem(
    servers=(
        server("a", loads=(("db", 1),)),
        server("b", loads=(("db", 2),), after=("a",)),
        server("c", site="far", waves=(1,)),
        server("d", site="far"),
    ),
    spare={"db": 2},
    wave_capacity=(1, 2),
    site_capacity={"far": 1},
)


@pytest.mark.parametrize(
    ("wave_of", "words"),
    [
        pytest.param({}, (), id="nothing placed"),
        pytest.param({"a": 0, "b": 1, "c": 1}, (), id="sound"),
        pytest.param({"c": 0}, ("c is in wave 0, which it is not permitted",), id="not permitted"),
        pytest.param({"a": 7}, ("a is in wave 7, which it is not permitted",), id="no such wave"),
        pytest.param(
            {"b": 1},
            ("b is in wave 1, but a, which comes before it, in none",),
            id="behind what is left out",
        ),
        pytest.param(
            {"a": 1, "b": 1},
            (
                "b is in wave 1, but must come after a in 1",
                "wave 1 holds 3 of 2 in group db",
            ),
            id="in the same wave, and too much of a group",
        ),
        pytest.param({"a": 0, "d": 0}, ("wave 0 holds 2 of 1 in wave",), id="a full wave"),
        pytest.param({"c": 1, "d": 1}, ("wave 1 holds 2 of 1 in site far",), id="a full site"),
        pytest.param({"ghost": 0}, ("ghost is unknown",), id="unknown"),
    ],
)
def test_violations_are_told_in_words(wave_of, words):
    assert violations(OF, wave_of) == words


@given(of=problems(most=4), data=st.data())
@settings(max_examples=150, deadline=None)
def test_the_judge_agrees_with_the_definition(of, data):
    wave_of = data.draw(st.sampled_from(list(placements(of))))

    assert (violations(of, wave_of) == ()) == is_sound(wave_of, of)
