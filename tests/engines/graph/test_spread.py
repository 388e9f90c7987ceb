"""What a failure brings down and degrades."""

from time import process_time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fullscore.engines.graph import Dependencies, build, impact, spread
from tests.engines.graph.cases import (
    Requirement,
    dependencies,
    estates,
    oracle_down,
    oracle_reached,
)

pytestmark = pytest.mark.once


def outcome(count, requirements, failed):
    result = impact(build(dependencies(count, requirements)), failed)
    return result.down.tolist(), result.degraded.tolist()


@pytest.mark.parametrize(
    ("requirements", "failed", "down", "degraded"),
    [
        pytest.param([], [], [], [], id="nothing fails"),
        pytest.param([], [2, 0, 2], [0, 2], [], id="a node named twice fails once"),
        pytest.param([Requirement(1, 1, (0,))], [0], [0, 1], [], id="the only support"),
        pytest.param([Requirement(2, 1, (0, 1))], [0], [0], [2], id="one of two to spare"),
        pytest.param([Requirement(2, 1, (0, 1))], [0, 1], [0, 1, 2], [], id="none to spare"),
        pytest.param([Requirement(1, 2, (0, 0))], [0], [0, 1], [], id="named twice counts twice"),
        pytest.param([Requirement(1, 1, (1,))], [], [], [], id="a loop does not fail by itself"),
        pytest.param(
            [Requirement(0, 1, (1,)), Requirement(1, 1, (0,))], [2], [2], [], id="nor does a cycle"
        ),
        pytest.param(
            [Requirement(0, 1, (1, 2)), Requirement(1, 1, (0,))],
            [2],
            [2],
            [0, 1],
            id="a cycle that holds itself up is degraded",
        ),
        pytest.param(
            [Requirement(1, 0, (0,)), Requirement(2, 1, (1,))],
            [0],
            [0],
            [1, 2],
            id="soft, then hard",
        ),
        pytest.param(
            [Requirement(2, 1, (0,)), Requirement(2, 1, (1,))],
            [0],
            [0, 2],
            [],
            id="one broken requirement of two is enough",
        ),
    ],
)
def test_impact(requirements, failed, down, degraded):
    assert outcome(3, requirements, failed) == (down, degraded)


@given(estates(), st.sampled_from([0, 1, 128]), st.sampled_from([0, 3, 4096]))
def test_impact_follows_the_definitions_whatever_its_steps(estate, wide, many):
    count, requirements, failed = estate

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(spread, "WIDE", wide)
        patch.setattr(spread, "MANY", many)
        down, degraded = outcome(count, requirements, failed)

    expected = oracle_down(requirements, failed)
    assert down == sorted(expected)
    assert degraded == sorted(oracle_reached(requirements, failed) - expected)


def test_a_wide_graph_with_narrow_necks_agrees_with_the_definitions():
    random = np.random.default_rng(5)
    requirements = [Requirement(n, 1, (0,)) for n in range(1, 400)]
    requirements += [Requirement(n, 300, tuple(range(1, 400))) for n in range(400, 403)]
    requirements += [
        Requirement(n, int(random.integers(0, 3)), tuple(random.integers(400, n, 2).tolist()))
        for n in range(403, 2000)
    ]

    down, degraded = outcome(2000, requirements, [0])

    expected = oracle_down(requirements, [0])
    assert down == sorted(expected)
    assert degraded == sorted(oracle_reached(requirements, [0]) - expected)
    assert len(down) > 400
    assert degraded


def test_a_chain_of_100_000_takes_no_array_step_per_link():
    links = 100_000
    node = np.arange(links, dtype=np.int32)
    graph = build(Dependencies(links + 1, node + 1, np.ones(links, np.int32), node, node))

    begin = process_time()
    result = impact(graph, [0])

    assert len(result.down) == links + 1
    assert process_time() - begin < 2  # 0.1 s here; array steps would take 4 s or more


@pytest.mark.parametrize("failed", [[3], [-1]])
def test_an_unknown_failed_node_is_refused(failed):
    with pytest.raises(ValueError, match="failed"):
        outcome(3, [], failed)
