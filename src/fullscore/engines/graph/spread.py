"""What goes down, and what is degraded, when nodes fail."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .dependencies import LARGEST, Graph, Int32s, within

# Nodes in a front, or edges of a node, from which array steps are faster than scalar ones: some
# 100 µs however short against some 0.2 µs an edge. Measured on two server cores; 32-256 are alike.
WIDE = 128
# Marks in dictionaries cost nothing to start; from so many on, marks in arrays are cheaper.
MANY = 4096

Bools = NDArray[np.bool_]
Places = NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class Impact:
    """The consequences of a failure."""

    down: Int32s  # ascending, includes the failed
    degraded: Int32s  # ascending


def impact(graph: Graph, failed: Sequence[int]) -> Impact:
    """Return what a failure brings down, and what else it reaches.

    Down is the smallest set that holds `failed` and every node with a hard requirement that has
    fewer supports outside the set than it needs; a cycle does not bring itself down. Degraded is
    whatever is not down and reaches a down node along supports of any kind.

    Method: counters per requirement (unit propagation; W. F. Dowling and J. H. Gallier, J. Logic
    Programming 1 (1984) 267-284), then plain reachability; each edge is looked at once.
    ValueError: an index out of range.
    """
    front = within("failed", failed, graph.node_count).tolist()
    spread = _Spread(graph, front)
    _follow(front, spread.break_edge_by_edge, spread.break_at_once)
    front = spread.impact().degraded.tolist()
    _follow(front, spread.reach_edge_by_edge, spread.reach_at_once)
    return spread.impact()


def _follow(
    front: list[int],
    edge_by_edge: Callable[[list[int]], list[int]],
    at_once: Callable[[Int32s], Int32s],
) -> None:
    """Follow the edges of a front, then of the next, until there is none."""
    front = list(dict.fromkeys(front))
    while front := edge_by_edge(front):
        wide = at_once(np.array(front, np.int32))
        while len(wide) > WIDE:
            wide = at_once(wide)
        front = wide.tolist()


@dataclass(frozen=True, slots=True, eq=False)
class _Few:
    """Marks of a small failure: its cost does not depend on the size of the graph."""

    down: defaultdict[int, int] = field(default_factory=lambda: defaultdict(int))
    reached: defaultdict[int, int] = field(default_factory=lambda: defaultdict(int))
    lost: defaultdict[int, int] = field(default_factory=lambda: defaultdict(int))


@dataclass(frozen=True, slots=True, eq=False)
class _Many:
    """Marks of a large failure: one cell per node, and per requirement for the lost supports."""

    down: Bools
    reached: Bools
    lost: Int32s


class _Spread:
    """One failure on its way through a graph.

    A front is a list of nodes whose edges have not been followed yet, each node once. A step
    follows them and returns the next front: edge by edge while fronts are narrow, until one is
    wide or the marks are many; or by arrays, all edges of a front at once.
    """

    def __init__(self, graph: Graph, failed: list[int]) -> None:
        self._graph = graph
        self._few = _Few()
        self._many: _Many | None = None
        for node in failed:
            self._few.down[node] = self._few.reached[node] = 1

    def impact(self) -> Impact:
        """Return what is marked by now, ascending."""
        if self._many:
            only_reached = self._many.reached > self._many.down
            return Impact(_places(self._many.down), _places(only_reached))
        down = self._few.down.keys()
        return Impact(
            down=np.array(sorted(down), np.int32),
            degraded=np.array(sorted(self._few.reached.keys() - down), np.int32),
        )

    def break_at_once(self, front: Int32s) -> Int32s:
        """Mark what goes down with the front, and all it touches; return what went down."""
        edges = self._edges(front)
        marks = self._widened()
        dependent = self._graph.outward.node[edges].astype(np.intp)
        _fresh(dependent, marks.reached)
        stands = np.flatnonzero(~marks.down[dependent])
        requirement = self._graph.outward.requirement[edges[stands]].astype(np.intp)
        broken = _broken(requirement, self._graph.slack, marks.lost)
        return _fresh(dependent[stands[broken]], marks.down)

    def break_edge_by_edge(self, front: list[int]) -> list[int]:
        """Do the same for narrow fronts; return the first front that is wide, or none."""
        start, node = self._graph.outward.start.data, self._graph.outward.node.data
        requirement, slack = self._graph.outward.requirement.data, self._graph.slack.data
        down, reached, lost = self._views()
        followed = 0
        while front and len(front) <= WIDE and followed < MANY:
            followed += len(front)
            following: list[int] = []
            for place, source in enumerate(front):
                first, end = start[source], start[source + 1]
                if end - first > WIDE:
                    return front[place:] + following
                for edge in range(first, end):
                    dependent, served = node[edge], requirement[edge]
                    reached[dependent] = 1
                    may_lose = slack[served]
                    if may_lose:
                        lost[served] += 1
                        if lost[served] <= may_lose:
                            continue
                    if not down[dependent]:
                        down[dependent] = 1
                        following.append(dependent)
            front = following
        return front

    def reach_at_once(self, front: Int32s) -> Int32s:
        """Mark what leans on the front through supports of any kind; return what is new."""
        dependent = self._graph.outward.node[self._edges(front)].astype(np.intp)
        return _fresh(dependent, self._widened().reached)

    def reach_edge_by_edge(self, front: list[int]) -> list[int]:
        """Do the same for narrow fronts; return the first front that is wide, or none."""
        start, node = self._graph.outward.start.data, self._graph.outward.node.data
        _, reached, _ = self._views()
        followed = 0
        while front and len(front) <= WIDE and followed < MANY:
            followed += len(front)
            following: list[int] = []
            for place, source in enumerate(front):
                first, end = start[source], start[source + 1]
                if end - first > WIDE:
                    return front[place:] + following
                for dependent in node[first:end]:
                    if not reached[dependent]:
                        reached[dependent] = 1
                        following.append(dependent)
            front = following
        return front

    def _views(self) -> tuple[Any, Any, Any]:
        """Return the marks (down, reached, lost) as something read and written by index."""
        if len(self._few.reached) > MANY:
            self._widened()
        if self._many:
            return self._many.down.data, self._many.reached.data, self._many.lost.data
        return self._few.down, self._few.reached, self._few.lost

    def _widened(self) -> _Many:
        """Return the marks as arrays, moving them there the first time."""
        if self._many is None:
            nodes, requirements = self._graph.node_count, len(self._graph.slack)
            down, reached = np.zeros(nodes, np.bool_), np.zeros(nodes, np.bool_)
            lost = np.zeros(requirements, np.int32)
            down[list(self._few.down)] = True
            reached[list(self._few.reached)] = True
            lost[list(self._few.lost)] = list(self._few.lost.values())
            self._many = _Many(down, reached, lost)
            self._few = _Few()
        return self._many

    def _edges(self, front: Int32s) -> Places:
        """Return the places of all edges that leave the front."""
        start = self._graph.outward.start
        first = start[front].astype(np.intp)
        count = start[front + 1] - first
        ends = np.cumsum(count)
        edges = np.repeat(first - ends + count, count)
        edges += np.arange(len(edges))
        return edges


def _broken(requirement: Places, slack: Int32s, lost: Int32s) -> Bools:
    """Count one lost support for each requirement named; say which of them are broken now.

    Only requirements that can lose some and break are counted: counting is what costs most.
    """
    may_lose = slack[requirement]
    broken: Bools = may_lose == 0
    is_counted = np.flatnonzero(~broken & (may_lose != LARGEST))
    counted = requirement[is_counted]
    if len(counted) > len(lost) // 8:
        lost += np.bincount(counted, minlength=len(lost)).astype(np.int32)
    else:
        np.add.at(lost, counted, np.int32(1))
    broken[is_counted] = lost[counted] > may_lose[is_counted]
    return broken


def _fresh(nodes: Places, marks: Bools) -> Int32s:
    """Mark the nodes; return those that were not marked, once each and ascending."""
    nodes = nodes[~marks[nodes]]
    if len(nodes) < len(marks) // 64:
        fresh = np.unique(nodes)
        marks[fresh] = True
        return fresh.astype(np.int32)
    before = marks.copy()
    marks[nodes] = True
    return _places(marks != before)


def _places(marks: Bools) -> Int32s:
    return np.flatnonzero(marks).astype(np.int32)
