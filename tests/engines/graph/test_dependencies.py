"""Compiling dependencies, and refusing wrong ones."""

import numpy as np
import pytest

from fullscore.engines.graph import Dependencies, build, impact

pytestmark = pytest.mark.once


def flat(dependent, needed, requirement, support, node_count=3):
    arrays = (np.array(values) for values in (dependent, needed, requirement, support))
    return Dependencies(node_count, *arrays)


def test_nothing_at_all_compiles():
    result = impact(build(flat([], [], [], [], node_count=0)), [])

    assert len(result.down) == len(result.degraded) == 0


def test_a_requirement_without_supports_is_met():
    assert impact(build(flat([0], [0], [], [])), [1]).down.tolist() == [1]


@pytest.mark.parametrize(
    ("wrong", "about"),
    [
        pytest.param(flat([3], [0], [], []), "dependent", id="dependent above the nodes"),
        pytest.param(flat([-1], [0], [], []), "dependent", id="negative dependent"),
        pytest.param(flat([0], [1], [0], [3]), "support", id="support above the nodes"),
        pytest.param(flat([0], [1], [0], [-1]), "support", id="negative support"),
        pytest.param(flat([0], [1], [1], [1]), "requirement", id="unknown requirement"),
        pytest.param(flat([0], [-1], [0], [1]), "needed", id="negative needed"),
        pytest.param(flat([0], [2], [0], [1]), "needed", id="more needed than supports"),
        pytest.param(flat([0], [], [0], [1]), "length", id="needed missing"),
        pytest.param(flat([0], [1], [0, 0], [1]), "length", id="support missing"),
        pytest.param(flat([0.5], [0], [], []), "whole", id="a fraction"),
        pytest.param(flat([[0]], [0], [], []), "flat", id="a table"),
        pytest.param(flat([2**32], [0], [], []), "dependent", id="beyond 32 bits"),
        pytest.param(flat([], [], [], [], node_count=-1), "node_count", id="negative count"),
    ],
)
def test_wrong_dependencies_are_refused(wrong, about):
    with pytest.raises(ValueError, match=about):
        build(wrong)


def test_a_compiled_graph_cannot_be_altered():
    graph = build(flat([0], [1], [0], [1]))

    with pytest.raises(ValueError, match="read-only"):
        graph.slack[0] = 7
    with pytest.raises(ValueError, match="read-only"):
        graph.outward.node[0] = 7


def test_compiling_leaves_the_given_arrays_writable():
    given = flat([0], [1], [0], [1])

    build(given)

    given.support[0] = 2
