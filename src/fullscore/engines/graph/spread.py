"""What goes down, and what is degraded, when nodes fail."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .dependencies import Graph, Int32s, within

# Where an array step (some 40 µs however short) and a scalar step (some 0.15 µs an edge) cost the
# same; measured on two cores of a 2.x GHz server. Either side of it is right, only slower.
WIDE = 256


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
    return Spread(graph, within("failed", failed, graph.node_count)).impact()


class Spread:
    """One failure on its way through a graph, with the marks it leaves on nodes.

    The marks start as untouched zero pages, so a small failure in a large graph costs little.
    """

    def __init__(self, graph: Graph, failed: Int32s) -> None:
        self.graph = graph
        self.down = np.zeros(graph.node_count, np.bool_)
        self.reached = np.zeros(graph.node_count, np.bool_)
        self._lost = np.zeros(len(graph.slack), np.int32)
        self._down_parts: list[Int32s | list[int]] = []
        self._reached_parts: list[Int32s | list[int]] = []
        front = self._mark(failed, self.down)
        self.reached[front] = True
        self._down_parts.append(front)
        self._reached_parts.append(front)
        self._break(front)
        self._reach()

    def impact(self) -> Impact:
        """Return the outcome as ascending lists."""
        down = _ascending(self._down_parts, self.down)
        reached = _ascending(self._reached_parts, self.reached)
        return Impact(down=down, degraded=reached[~self.down[reached]])

    def _break(self, front: Int32s) -> None:
        """Mark all that goes down because `front` is down, and all it touches on the way."""
        while len(front):
            if self._is_wide(front):
                front = self._break_wide(front)
            else:
                front = np.array(self._break_narrow(front.tolist()), np.int32)

    def _break_wide(self, front: Int32s) -> Int32s:
        edges = self._edges(front)
        dependent = self.graph.outward.node[edges]
        self._reached_parts.append(self._mark(dependent, self.reached))
        standing = ~self.down[dependent]
        dependent = dependent[standing]
        requirement = self.graph.outward.requirement[edges[standing]]
        np.add.at(self._lost, requirement, 1)
        broken = self._lost[requirement] > self.graph.slack[requirement]
        fallen = self._mark(dependent[broken], self.down)
        self._down_parts.append(fallen)
        return fallen

    def _break_narrow(self, front: list[int]) -> list[int]:
        """Spread breakage edge by edge; return the front once it is wide, or empty."""
        start, node = self.graph.outward.start.data, self.graph.outward.node.data
        requirement, slack = self.graph.outward.requirement.data, self.graph.slack.data
        down, reached, lost = self.down.data, self.reached.data, self._lost.data
        touched: list[int] = []
        fallen: list[int] = []
        self._reached_parts.append(touched)
        self._down_parts.append(fallen)
        while front and len(front) <= WIDE:
            following: list[int] = []
            for place, source in enumerate(front):
                first, end = start[source], start[source + 1]
                if end - first > WIDE:
                    return front[place:] + following
                for edge in range(first, end):
                    dependent, served = node[edge], requirement[edge]
                    if not reached[dependent]:
                        reached[dependent] = True
                        touched.append(dependent)
                    lost[served] += 1
                    if lost[served] > slack[served] and not down[dependent]:
                        down[dependent] = True
                        fallen.append(dependent)
                        following.append(dependent)
            front = following
        return front

    def _reach(self) -> None:
        """Mark all that leans on what is touched already, through supports of any kind."""
        touched = _ascending(self._reached_parts, self.reached)
        front = touched[~self.down[touched]]
        while len(front):
            if self._is_wide(front):
                front = self._mark(self.graph.outward.node[self._edges(front)], self.reached)
                self._reached_parts.append(front)
            else:
                front = np.array(self._reach_narrow(front.tolist()), np.int32)

    def _reach_narrow(self, front: list[int]) -> list[int]:
        """Spread reach edge by edge; return the front once it is wide, or empty."""
        start, node = self.graph.outward.start.data, self.graph.outward.node.data
        reached = self.reached.data
        found: list[int] = []
        self._reached_parts.append(found)
        while front and len(front) <= WIDE:
            following: list[int] = []
            for place, source in enumerate(front):
                first, end = start[source], start[source + 1]
                if end - first > WIDE:
                    found += following
                    return front[place:] + following
                for dependent in node[first:end]:
                    if not reached[dependent]:
                        reached[dependent] = True
                        following.append(dependent)
            found += following
            front = following
        return front

    def _is_wide(self, front: Int32s) -> bool:
        if len(front) > WIDE:
            return True
        start = self.graph.outward.start
        return int((start[front + 1] - start[front]).sum()) > WIDE

    def _edges(self, front: Int32s) -> NDArray[np.intp]:
        """Return the places of all edges that leave the front."""
        start = self.graph.outward.start
        first = start[front].astype(np.intp)
        count = start[front + 1] - first
        ends = np.cumsum(count)
        edges = np.repeat(first - ends + count, count)
        edges += np.arange(len(edges))
        return edges

    def _mark(self, nodes: Int32s, marks: NDArray[np.bool_]) -> Int32s:
        """Mark the nodes and return those that were not, once each and ascending."""
        nodes = nodes[~marks[nodes]]
        if len(nodes) * 32 > len(marks):
            before = marks.copy()
            marks[nodes] = True
            return np.flatnonzero(marks != before).astype(np.int32)
        fresh = np.unique(nodes)
        marks[fresh] = True
        return fresh


def _ascending(parts: list[Int32s | list[int]], marks: NDArray[np.bool_]) -> Int32s:
    """Return the marked nodes, from the parts where they are few, else from the marks."""
    if 16 * sum(map(len, parts)) > len(marks):
        return np.flatnonzero(marks).astype(np.int32)
    return np.sort(np.concatenate([np.asarray(part, np.int32) for part in parts]))
