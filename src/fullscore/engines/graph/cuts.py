"""Undirected networks: what a failed node cuts off, and which nodes can cut."""

from collections.abc import Sequence

import numpy as np
import rustworkx
from numpy.typing import NDArray

from .dependencies import Int32s, within


def cut_nodes(node_count: int, a: Int32s, b: Int32s) -> Int32s:
    """Return, ascending, the nodes whose loss separates others: the articulation points.

    Edges run between `a` and `b`; loops and parallel edges are allowed and change nothing.
    ValueError: an index out of range, lengths differ.
    """
    a, b = _edges(node_count, a, b)
    network = rustworkx.PyGraph()
    network.add_nodes_from(range(node_count))
    once = np.unique(np.stack((np.minimum(a, b), np.maximum(a, b)), axis=1)[a != b], axis=0)
    network.add_edges_from_no_data(list(map(tuple, once.tolist())))
    return np.array(sorted(rustworkx.articulation_points(network)), np.int32)


def cut_off(
    node_count: int, a: Int32s, b: Int32s, roots: Sequence[int], failed: Sequence[int]
) -> Int32s:
    """Return, ascending, the nodes that did not fail, were joined to a root and no longer are.

    A failed root is no root. ValueError: an index out of range, lengths differ.
    """
    a, b = _edges(node_count, a, b)
    start = within("roots", roots, node_count)
    is_down = np.zeros(node_count, np.bool_)
    is_down[within("failed", failed, node_count)] = True
    survives = ~(is_down[a] | is_down[b])
    before = _joined(node_count, a, b, start)
    after = _joined(node_count, a[survives], b[survives], start[~is_down[start]])
    return np.flatnonzero(before & ~after & ~is_down).astype(np.int32)


def _edges(node_count: int, a: Int32s, b: Int32s) -> tuple[Int32s, Int32s]:
    if node_count < 0:
        raise ValueError("node_count must not be negative.")
    a, b = within("a", a, node_count), within("b", b, node_count)
    if len(a) != len(b):
        raise ValueError("a and b must have the same length.")
    return a, b


def _joined(node_count: int, a: Int32s, b: Int32s, roots: Int32s) -> NDArray[np.bool_]:
    if node_count == 0:
        return np.zeros(0, np.bool_)
    # Parallel edges are summed: 8-bit ones could wrap round to zero and lose the edge.
    # Imported when asked: half a second that a start of the program need not wait for.
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    edges = coo_array((np.ones(len(a)), (a, b)), shape=(node_count, node_count))
    _, island = connected_components(edges, directed=False)
    return np.isin(island, island[roots])
