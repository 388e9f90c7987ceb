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


def cut_off_each(
    node_count: int,
    a: Int32s,
    b: Int32s,
    groups: Sequence[tuple[Int32s, Int32s]],
    failed: Sequence[int],
) -> Int32s:
    """Return, ascending, the nodes of each group that `cut_off` would tell of for its own roots.

    A group is its roots and its nodes. All groups cost as much as one.
    ValueError: an index out of range, lengths differ.
    """
    a, b = _edges(node_count, a, b)
    is_down = np.zeros(node_count, np.bool_)
    is_down[within("failed", failed, node_count)] = True
    survives = ~(is_down[a] | is_down[b])
    before, after = _islands(node_count, a, b), _islands(node_count, a[survives], b[survives])
    found = [np.zeros(0, np.int32)]
    for told, among in groups:
        roots, nodes = within("roots", told, node_count), within("nodes", among, node_count)
        was = np.isin(before[nodes], before[roots])
        is_now = np.isin(after[nodes], after[roots[~is_down[roots]]])
        found.append(nodes[was & ~is_now & ~is_down[nodes]])
    return np.unique(np.concatenate(found)).astype(np.int32)


def necks(
    node_count: int, a: Int32s, b: Int32s, roots: Sequence[int], among: Sequence[int] | Int32s
) -> Int32s:
    """Return, of each node, the nearest other whose failure alone cuts it off from every root.

    -1 where there is none, for what is joined to no root, and for nodes that are neither roots nor
    `among` those asked for: those others are taken as never failing. Each node on the way has its
    own, so all that alone cut a node off are found from one to the next.
    Method: immediate dominators (Cooper, Harvey & Kennedy 2001) from a node joined to all roots,
    with each island of the others drawn together into one node.
    ValueError: an index out of range, lengths differ.
    """
    a, b = _edges(node_count, a, b)
    start = within("roots", roots, node_count)
    inside = np.union1d(within("among", among, node_count), start)
    is_inside = np.zeros(node_count, np.bool_)
    is_inside[inside] = True
    beyond = ~is_inside[a] & ~is_inside[b]
    place = len(inside) + _islands(node_count, a[beyond], b[beyond])
    place[inside] = np.arange(len(inside))
    one, other = place[a[~beyond]], place[b[~beyond]]
    size = int(max(one.max(initial=0), other.max(initial=0), len(inside) - 1)) + 1
    # As one number each, for pairs are sorted a hundred times slower.
    once = np.unique(np.concatenate((one, other)).astype(np.int64) * size
                     + np.concatenate((other, one)))  # fmt: skip
    network = rustworkx.PyDiGraph()
    network.add_nodes_from(range(size + 1))
    network.add_edges_from_no_data(list(zip(*map(np.ndarray.tolist, divmod(once, size)),
                                            strict=True)))  # fmt: skip
    network.add_edges_from_no_data([(size, int(place[root])) for root in np.unique(start)])
    above = rustworkx.immediate_dominators(network, size)
    found = np.full(node_count, -1, np.int32)
    for node in inside.tolist():
        neck = above.get(int(place[node]), size)
        while len(inside) <= neck < size:
            neck = above[neck]
        if neck != size:
            found[node] = inside[neck]
    return found


def _edges(node_count: int, a: Int32s, b: Int32s) -> tuple[Int32s, Int32s]:
    if node_count < 0:
        raise ValueError("node_count must not be negative.")
    a, b = within("a", a, node_count), within("b", b, node_count)
    if len(a) != len(b):
        raise ValueError("a and b must have the same length.")
    return a, b


def _joined(node_count: int, a: Int32s, b: Int32s, roots: Int32s) -> NDArray[np.bool_]:
    island = _islands(node_count, a, b)
    return np.isin(island, island[roots])


def _islands(node_count: int, a: Int32s, b: Int32s) -> Int32s:
    """Return the number of each node's island."""
    if node_count == 0:
        return np.zeros(0, np.int32)
    # Parallel edges are summed: 8-bit ones could wrap round to zero and lose the edge.
    # Imported when asked: half a second that a start of the program need not wait for.
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    edges = coo_array((np.ones(len(a)), (a, b)), shape=(node_count, node_count))
    island: Int32s = connected_components(edges, directed=False)[1]
    return island
