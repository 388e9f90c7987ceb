"""Undirected networks: cutting nodes and what they cut off."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fullscore.engines.graph import cut_nodes, cut_off, cut_off_each, necks

pytestmark = pytest.mark.once


@st.composite
def networks(draw):
    count = draw(st.integers(1, 8))
    node = st.integers(0, count - 1)
    return count, draw(st.lists(st.tuples(node, node), max_size=14))


def ends(edges):
    return np.array(edges, np.int32).reshape(-1, 2).T


def joined(edges, roots, without=()):
    """Return what is joined to the roots once some nodes are gone."""
    seen = set(roots) - set(without)
    while (
        more := {y for a, b in edges for x, y in ((a, b), (b, a)) if x in seen}
        - seen
        - set(without)
    ):
        seen |= more
    return seen


def islands(count, edges, without=()):
    nodes = set(range(count)) - set(without)
    return len({min(joined(edges, [node], without)) for node in nodes})


@given(networks())
def test_a_cut_node_leaves_more_islands_behind(network):
    count, edges = network

    found = cut_nodes(count, *ends(edges)).tolist()

    before = islands(count, edges)
    assert found == [n for n in range(count) if islands(count, edges, [n]) > before]


@given(networks(), st.lists(st.integers(0, 7), max_size=3), st.lists(st.integers(0, 7), max_size=3))
def test_cut_off_is_what_was_joined_to_a_root_and_is_no_longer(network, roots, failed):
    count, edges = network
    roots, failed = [[n for n in some if n < count] for some in (roots, failed)]

    found = cut_off(count, *ends(edges), roots, failed).tolist()

    after = joined(edges, roots, failed)
    assert found == sorted(joined(edges, roots) - after - set(failed))


def test_256_parallel_edges_still_join():
    edges = [(0, 1)] * 256 + [(1, 2)]

    assert cut_off(3, *ends(edges), [0], [1]).tolist() == [2]
    assert cut_nodes(3, *ends(edges)).tolist() == [1]


def test_a_path_of_20_000_needs_no_recursion():
    node = np.arange(20_000, dtype=np.int32)

    assert len(cut_nodes(20_001, node, node + 1)) == 19_999


def test_nothing_at_all_is_answered():
    assert cut_nodes(0, *ends([])).tolist() == []
    assert cut_off(0, *ends([]), [], []).tolist() == []


@pytest.mark.parametrize(
    ("count", "a", "b", "roots", "failed"),
    [
        pytest.param(2, [0], [2], [], [], id="unknown end"),
        pytest.param(2, [0], [], [], [], id="an end missing"),
        pytest.param(2, [0], [1], [2], [], id="unknown root"),
        pytest.param(2, [0], [1], [], [-1], id="unknown failed node"),
        pytest.param(-1, [], [], [], [], id="negative count"),
    ],
)
def test_wrong_networks_are_refused(count, a, b, roots, failed):
    with pytest.raises(ValueError):
        cut_off(count, np.array(a), np.array(b), roots, failed)


def test_cut_nodes_refuses_an_unknown_end():
    with pytest.raises(ValueError, match="b has"):
        cut_nodes(2, np.array([0]), np.array([2]))


few = st.lists(st.integers(0, 7), max_size=3)


@given(networks(), few, st.lists(st.integers(0, 7), max_size=6))
def test_from_neck_to_neck_are_all_nodes_that_cut_one_off_alone(network, roots, among):
    count, edges = network
    roots, among = [[n for n in some if n < count] for some in (roots, among)]

    found = necks(count, *ends(edges), roots, among).tolist()

    for node in range(count):
        told, at = set(), found[node]
        while at >= 0:
            told.add(at)
            at = found[at]
        alone = {n for n in {*roots, *among} - {node} if node in joined(edges, roots)
                 and node not in joined(edges, roots, [n])}  # fmt: skip
        assert told == (alone if node in {*roots, *among} else set())


@given(networks(), st.lists(st.tuples(few, few), max_size=3), few)
def test_each_group_is_cut_off_from_its_own_roots(network, groups, failed):
    count, edges = network
    failed = [n for n in failed if n < count]
    groups = [tuple(np.array([n for n in some if n < count], np.int32) for some in group)
              for group in groups]  # fmt: skip

    found = cut_off_each(count, *ends(edges), groups, failed).tolist()

    alone = [set(cut_off(count, *ends(edges), roots.tolist(), failed).tolist()) & {*nodes.tolist()}
             for roots, nodes in groups]  # fmt: skip
    assert found == sorted(set().union(*alone))
