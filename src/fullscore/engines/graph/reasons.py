"""Why a node is affected."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from .dependencies import Graph, within
from .spread import impact


def why(graph: Graph, failed: Sequence[int], node: int) -> tuple[int, ...]:
    """Return the shortest chain from a failed node to `node`; of equals, the lowest.

    A node that is down is explained by supports that are down and belong to requirements that
    broke; a degraded one by supports of any kind. A failed node is its own chain, an unaffected
    one has none. Lowest means compared from the failed end. ValueError: an index out of range.
    """
    within("node", [node], graph.node_count)
    result = impact(graph, failed)
    is_down = np.zeros(graph.node_count, np.bool_)
    is_down[result.down] = True
    if not is_down[node] and node not in result.degraded:
        return ()
    roots = frozenset(int(each) for each in failed)
    behind = partial(_broken, graph, is_down) if is_down[node] else partial(_supports, graph)
    towards: dict[int, int] = {}
    front = [node]
    while not (found := roots.intersection(front)):
        front = sorted(_one_step_back(front, behind, towards, end=node))
    return tuple(_followed(min(found), towards, end=node))


def _one_step_back(
    front: list[int], behind: Callable[[int], list[int]], towards: dict[int, int], *, end: int
) -> Iterator[int]:
    """Yield the nodes not met before behind an ascending front, noting the lowest way forward."""
    for node in front:
        for support in behind(node):
            if support != end and support not in towards:
                towards[support] = node
                yield support


def _supports(graph: Graph, node: int) -> list[int]:
    first, end = graph.inward.start[node : node + 2]
    supports: list[int] = graph.inward.node[first:end].tolist()
    return supports


def _broken(graph: Graph, is_down: NDArray[np.bool_], node: int) -> list[int]:
    """Return the down supports of the node's requirements that broke."""
    edges = slice(*graph.inward.start[node : node + 2])
    support, requirement = graph.inward.node[edges], graph.inward.requirement[edges]
    support, requirement = support[is_down[support]], requirement[is_down[support]]
    _, place, lost = np.unique(requirement, return_inverse=True, return_counts=True)
    broken: list[int] = support[lost[place] > graph.slack[requirement]].tolist()
    return broken


def _followed(start: int, towards: dict[int, int], *, end: int) -> Iterator[int]:
    while start != end:
        yield start
        start = towards[start]
    yield end
