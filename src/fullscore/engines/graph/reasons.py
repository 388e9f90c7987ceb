"""Why a node is affected."""

from collections.abc import Iterator, Sequence

import numpy as np

from .dependencies import Graph, within
from .spread import Spread


def why(graph: Graph, failed: Sequence[int], node: int) -> tuple[int, ...]:
    """Return the shortest chain from a failed node to `node`; of equals, the lowest.

    A node that is down is explained by supports that are down and belong to requirements that
    broke; a degraded one by supports of any kind. A failed node is its own chain, an unaffected
    one has none. Lowest means compared from the failed end. ValueError: an index out of range.
    """
    within("node", [node], graph.node_count)
    causes = within("failed", failed, graph.node_count)
    spread = Spread(graph, causes)
    if not spread.reached[node]:
        return ()
    roots = frozenset(causes.tolist())
    broke = bool(spread.down[node])
    towards: dict[int, int] = {}
    front = [node]
    while not (found := roots.intersection(front)):
        front = sorted(_steps_back(graph, spread, front, broke=broke, towards=towards, end=node))
    return tuple(_followed(min(found), towards, end=node))


def _steps_back(
    graph: Graph,
    spread: Spread,
    front: list[int],
    *,
    broke: bool,
    towards: dict[int, int],
    end: int,
) -> Iterator[int]:
    """Yield the supports one step behind an ascending front, noting the lowest way forward."""
    for node in front:
        for support in _broken(graph, spread, node) if broke else _supports(graph, node):
            if support != end and support not in towards:
                towards[support] = node
                yield support


def _supports(graph: Graph, node: int) -> list[int]:
    first, end = graph.inward.start[node : node + 2]
    supports: list[int] = graph.inward.node[first:end].tolist()
    return supports


def _broken(graph: Graph, spread: Spread, node: int) -> list[int]:
    """Return the down supports of the node's requirements that broke."""
    edges = slice(*graph.inward.start[node : node + 2])
    support, requirement = graph.inward.node[edges], graph.inward.requirement[edges]
    is_down = spread.down[support]
    support, requirement = support[is_down], requirement[is_down]
    _, place, lost = np.unique(requirement, return_inverse=True, return_counts=True)
    broken: list[int] = support[lost[place] > graph.slack[requirement]].tolist()
    return broken


def _followed(start: int, towards: dict[int, int], *, end: int) -> Iterator[int]:
    while start != end:
        yield start
        start = towards[start]
    yield end
