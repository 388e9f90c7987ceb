"""The chain that explains why a node is affected."""

from itertools import chain, pairwise, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fullscore.engines.graph import build, why
from tests.engines.graph.cases import (
    Requirement,
    dependencies,
    estates,
    is_broken,
    oracle_down,
    oracle_reached,
)

pytestmark = pytest.mark.once


def explained(count, requirements, failed, node):
    return why(build(dependencies(count, requirements)), failed, node)


@pytest.mark.parametrize(
    ("requirements", "failed", "node", "expected"),
    [
        pytest.param([], [0], 1, (), id="unaffected"),
        pytest.param([Requirement(0, 1, (1,))], [0, 1], 0, (0,), id="failed itself"),
        pytest.param(
            [Requirement(1, 1, (0,)), Requirement(2, 1, (1,))], [0], 2, (0, 1, 2), id="two steps"
        ),
        pytest.param([Requirement(2, 2, (1, 0))], [0, 1], 2, (0, 2), id="the lowest of equals"),
        pytest.param(
            [
                Requirement(3, 1, (1, 2)),
                Requirement(1, 1, (0,)),
                Requirement(3, 1, (4,)),
                Requirement(4, 1, (1,)),
            ],
            [0],
            3,
            (0, 1, 4, 3),
            id="not through a requirement that still holds",
        ),
        pytest.param(
            [Requirement(3, 0, (0,)), Requirement(1, 1, (0,)), Requirement(3, 1, (1,))],
            [0],
            3,
            (0, 1, 3),
            id="down is not explained by a soft support",
        ),
        pytest.param([Requirement(3, 0, (0,))], [0], 3, (0, 3), id="degraded by a soft support"),
    ],
)
def test_why(requirements, failed, node, expected):
    assert explained(5, requirements, failed, node) == expected


def steps(requirements, down, node):
    """Return the steps allowed in a chain to `node`, as (from, to)."""
    if node not in down:
        return {(s, r.dependent) for r in requirements for s in r.supports}
    broken = (r for r in requirements if is_broken(r, down))
    return {(s, r.dependent) for r in broken for s in r.supports if s in down}


@given(estates(most=6), st.integers(0, 5))
def test_no_chain_is_shorter_or_lower(estate, node):
    count, requirements, failed = estate
    node = min(node, count - 1)

    found = explained(count, requirements, failed, node)

    if node not in oracle_reached(requirements, failed):
        assert found == ()
        return
    allowed = steps(requirements, oracle_down(requirements, failed), node)
    walks = chain.from_iterable(product(range(count), repeat=n) for n in range(len(found)))
    right = [
        (*walk, node)
        for walk in walks
        if (*walk, node)[0] in failed and allowed.issuperset(pairwise((*walk, node)))
    ]
    assert found == min(right, key=lambda walk: (len(walk), walk))


@pytest.mark.parametrize("node", [-1, 5])
def test_an_unknown_node_is_refused(node):
    with pytest.raises(ValueError, match="node"):
        explained(5, [], [0], node)
