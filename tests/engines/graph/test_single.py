"""The single nodes one node hangs on."""

from time import process_time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fullscore.engines.graph import Dependencies, build, single, single_points
from tests.engines.graph.cases import Requirement, dependencies, estates, oracle_down

pytestmark = pytest.mark.once


def points(count, requirements, node):
    return single_points(build(dependencies(count, requirements)), node).tolist()


@pytest.mark.parametrize(
    ("requirements", "expected"),
    [
        pytest.param([], [], id="needs nothing"),
        pytest.param([Requirement(0, 0, (1,))], [], id="soft"),
        pytest.param([Requirement(0, 1, (1, 2))], [], id="redundant"),
        pytest.param(
            [Requirement(0, 1, (1, 2)), Requirement(0, 1, (2, 3))], [], id="twice redundant"
        ),
        pytest.param([Requirement(0, 2, (1, 1, 2))], [1], id="one serves twice"),
        pytest.param(
            [Requirement(0, 1, (1, 2)), Requirement(1, 1, (3,)), Requirement(2, 1, (3,))],
            [3],
            id="redundant in name: both on one host",
        ),
        pytest.param(
            [
                Requirement(0, 1, (1, 2)),
                Requirement(1, 1, (3,)),
                Requirement(2, 1, (3,)),
                Requirement(3, 1, (4,)),
            ],
            [3, 4],
            id="and what that host needs",
        ),
        pytest.param(
            [Requirement(0, 1, (1, 2)), Requirement(1, 1, (2,)), Requirement(2, 1, (1, 3))],
            [2],
            id="one support leans on the other",
        ),
    ],
)
def test_single_points(requirements, expected):
    assert points(5, requirements, 0) == expected


@given(estates(), st.integers(0, 8), st.sampled_from([1, 3, 8192]))
def test_single_points_are_those_whose_failure_alone_is_enough(estate, node, batch):
    count, requirements, _ = estate
    node = min(node, count - 1)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(single, "BATCH", batch)
        found = points(count, requirements, node)

    others = (each for each in range(count) if each != node)
    assert found == [each for each in others if node in oracle_down(requirements, [each])]


def test_a_long_chain_is_answered_in_linear_time():
    node = np.arange(20_000, dtype=np.int32)
    graph = build(Dependencies(20_001, node + 1, np.ones(20_000, np.int32), node, node))

    begin = process_time()
    found = single_points(graph, 20_000)

    assert len(found) == 20_000
    assert process_time() - begin < 4  # trying each would be 200 million steps


def test_an_unknown_node_is_refused():
    with pytest.raises(ValueError, match="node"):
        points(2, [], 2)
