"""Which single nodes one node hangs on."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import repeat
from operator import and_, or_

import numpy as np

from .dependencies import LARGEST, Graph, Int32s, within

# Candidates tried at once, one bit each: a set then takes 1 kB for every node above.
BATCH = 8192


def single_points(graph: Graph, node: int) -> Int32s:
    """Return, ascending, the nodes other than `node` whose failure alone brings `node` down.

    Method: a support that breaks its requirement alone is certain, and so is what certainly
    breaks it. Any other node can only act by taking several supports of one requirement, so it
    must have two ways up; those few are tried together, one bit each, to the least fixed point.
    ValueError: an index out of range.
    """
    within("node", [node], graph.node_count)
    order, needs = _above(graph, node)
    certain = _certain(needs, node)
    ways = _ways(needs, node)
    candidates = [each for each in order if each not in certain and len(ways[each]) > 1]
    points = certain | _tried(order, needs, candidates, node)
    for each in reversed(order):  # what leads up comes before what it leads to
        if len(ways[each]) == 1:
            ((dependent, is_enough),) = ways[each]
            if is_enough and dependent in points:
                points.add(each)
    return np.array(sorted(points - {node}), np.int32)


@dataclass(frozen=True, slots=True)
class Need:
    """One hard requirement: more than `slack` lost supports break it."""

    slack: int
    supports: dict[int, int]  # how often each node serves it

    def enough_alone(self) -> Iterator[int]:
        """Yield the supports whose loss breaks the requirement."""
        return (node for node, times in self.supports.items() if times > self.slack)

    def broken_by(self, sets: dict[int, int]) -> int:
        """Return the candidates, as bits, that take more than `slack` of the supports."""
        lost = [
            who for node, times in self.supports.items() for who in repeat(sets[node], times) if who
        ]
        if len(lost) <= self.slack:
            return 0
        if self.slack == 0:
            return reduce(or_, lost)
        if len(lost) == self.slack + 1:
            return reduce(and_, lost)
        taken = [0] * (self.slack + 1)  # taken[k]: who takes more than k of those seen so far
        for who in lost:
            for k in range(self.slack, 0, -1):
                taken[k] |= taken[k - 1] & who
            taken[0] |= who
        return taken[-1]


def _above(graph: Graph, node: int) -> tuple[list[int], dict[int, list[Need]]]:
    """Return all that `node` leans on through hard requirements, supports first, and the needs."""
    needs = {node: _needs(graph, node)}
    order: list[int] = []
    path = [(node, _supports(needs[node]))]
    while path:
        current, supports = path[-1]
        for support in supports:
            if support not in needs:
                needs[support] = _needs(graph, support)
                path.append((support, _supports(needs[support])))
                break
        else:
            order.append(current)
            path.pop()
    return order, needs


def _needs(graph: Graph, node: int) -> list[Need]:
    edges = slice(*graph.inward.start.data[node : node + 2])
    served: dict[int, dict[int, int]] = {}
    for requirement, support in zip(
        graph.inward.requirement.data[edges], graph.inward.node.data[edges], strict=True
    ):
        times = served.setdefault(requirement, {})
        times[support] = times.get(support, 0) + 1
    slack = graph.slack.data
    return [Need(slack[each], served[each]) for each in served if slack[each] != LARGEST]


def _supports(needs: list[Need]) -> Iterator[int]:
    return (support for need in needs for support in need.supports)


def _certain(needs: dict[int, list[Need]], node: int) -> set[int]:
    """Return `node` and all that brings it down through supports that are enough alone."""
    certain = {node}
    front = [node]
    while front:
        for need in needs[front.pop()]:
            for support in need.enough_alone():
                if support not in certain:
                    certain.add(support)
                    front.append(support)
    return certain


def _ways(needs: dict[int, list[Need]], node: int) -> dict[int, list[tuple[int, bool]]]:
    """Return for every node the requirements it serves: whose, and whether it is enough alone."""
    ways: dict[int, list[tuple[int, bool]]] = {each: [] for each in needs}
    for dependent, own in needs.items():
        for need in own:
            for support, times in need.supports.items():
                if support not in (node, dependent):
                    ways[support].append((dependent, times > need.slack))
    return ways


def _tried(
    order: Sequence[int], needs: dict[int, list[Need]], candidates: Sequence[int], node: int
) -> set[int]:
    """Return the candidates whose failure alone brings `node` down."""
    found: set[int] = set()
    for begin in range(0, len(candidates), BATCH):
        batch = candidates[begin : begin + BATCH]
        verdict = _fallen(order, needs, batch)[node]
        found.update(each for place, each in enumerate(batch) if verdict >> place & 1)
    return found


def _fallen(
    order: Sequence[int], needs: dict[int, list[Need]], batch: Sequence[int]
) -> dict[int, int]:
    """Return for every node the candidates, as bits, that bring it down.

    Without cycles one pass is exact, as supports come first; cycles take a few more.
    """
    sets = dict.fromkeys(order, 0)
    sets.update((each, 1 << place) for place, each in enumerate(batch))
    is_settled = False
    while not is_settled:
        is_settled = True
        for each in order:
            broken = reduce(or_, (need.broken_by(sets) for need in needs[each]), sets[each])
            if broken != sets[each]:
                sets[each] = broken
                is_settled = False
    return sets
