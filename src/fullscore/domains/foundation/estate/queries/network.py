"""Who is joined to whom by wire, and from where each site is reached.

The roots of a site are its items tagged `root`; where there are none, the circuits that end there;
where there are none either, its firewalls. A site without any cuts nobody off: it cannot be said
from where it should be reached.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fullscore.domains.foundation.estate.models import Link
from fullscore.engines import graph

ROOT = "root"
Int32s = NDArray[np.int32]


class Placed(NamedTuple):
    """An item as far as a network is concerned."""

    item: int
    kind: str
    site: int | None
    tags: Sequence[str]


@dataclass(frozen=True)
class Network:
    """The wires between items; places count its own nodes, `nodes` says which those are."""

    nodes: Int32s  # ascending nodes of the estate
    a: Int32s
    b: Int32s
    roots: Mapping[int, Int32s]  # of each site, as places
    members: Mapping[int, Int32s]  # of each site that has roots, as places

    def cut_off(self, down: Int32s) -> Int32s:
        """Return, ascending, the nodes that reach no root of their site once some are down."""
        gone = np.flatnonzero(np.isin(self.nodes, down))
        if not len(gone):
            return np.zeros(0, np.int32)
        groups = [(roots, self.members[site]) for site, roots in self.roots.items()]
        places = graph.cut_off_each(len(self.nodes), self.a, self.b, groups, gone.tolist())
        return self.nodes[places].astype(np.int32)

    def necks(self) -> list[tuple[int, int]]:
        """Return (node, the nearest of its site that alone cuts it off from the site's roots)."""
        told = []
        for site, roots in self.roots.items():
            own = self.members[site]
            nearest = graph.necks(len(self.nodes), self.a, self.b, roots.tolist(), own)
            told += [(int(self.nodes[place]), int(self.nodes[nearest[place]]))
                     for place in own if nearest[place] >= 0]  # fmt: skip
        return told

    def path(self, node: int, down: Iterable[int]) -> tuple[int, ...]:
        """Return the shortest way along the wires from one of some nodes that are down to a node.

        Empty where no wire leads to any of them.
        """
        gone, came_by, front = set(down), {node: node}, [node]
        while front:
            beside: list[int] = []
            for at in front:
                for one in sorted(self._beside.get(at, ())):
                    if one in came_by:
                        continue
                    came_by[one] = at
                    if one in gone:
                        return tuple(_back(one, came_by))
                    beside.append(one)
            front = beside
        return ()

    @cached_property
    def _beside(self) -> Mapping[int, list[int]]:
        told: dict[int, list[int]] = {}
        for one, other in zip(self.nodes[self.a].tolist(), self.nodes[self.b].tolist(),
                              strict=True):  # fmt: skip
            told.setdefault(one, []).append(other)
            told.setdefault(other, []).append(one)
        return told


def _back(at: int, came_by: Mapping[int, int]) -> Iterator[int]:
    yield at
    while came_by[at] != at:
        at = came_by[at]
        yield at


def network(placed: Sequence[Placed], node: Mapping[int, int]) -> Network:
    """Return the network of these items: cables between them, and the interfaces on them."""
    known = {one.item: one for one in placed}
    wires = Link.objects.filter(kind="connects") | Link.objects.filter(
        kind="part_of", from_item__kind="interface"
    )
    pairs = [(a, b) for a, b in wires.order_by().values_list("from_item_id", "to_item_id")
             if a in known and b in known]  # fmt: skip
    nodes = np.unique(np.array([node[pk] for pair in pairs for pk in pair], np.int32))
    place = {int(one): at for at, one in enumerate(nodes)}
    ends = np.array([[place[node[pk]] for pk in pair] for pair in pairs], np.int32)
    ends = ends.reshape(-1, 2)
    roots = _roots(known, pairs)
    there = {site: [place[node[pk]] for pk in items] for site, items in roots.items()}
    members: dict[int, list[int]] = {site: [] for site in roots}
    for one in placed:
        if one.site in members and node[one.item] in place:
            members[one.site].append(place[node[one.item]])
    return Network(
        nodes, ends[:, 0], ends[:, 1],
        {site: np.array(some, np.int32) for site, some in there.items()},
        {site: np.array(some, np.int32) for site, some in members.items()},
    )  # fmt: skip


def _roots(
    known: Mapping[int, Placed], pairs: Iterable[tuple[int, int]]
) -> dict[int, list[int]]:  # fmt: skip
    """Return from which wired items each site is reached."""
    said: dict[int, set[int]] = {}
    circuits: dict[int, set[int]] = {}
    walls: dict[int, set[int]] = {}
    for one, other in (*pairs, *((b, a) for a, b in pairs)):
        mine, beside = known[one], known[other]
        if mine.site is not None and ROOT in mine.tags:
            said.setdefault(mine.site, set()).add(one)
        if mine.site is not None and mine.kind == "firewall":
            walls.setdefault(mine.site, set()).add(one)
        if mine.kind == "circuit":
            for site in {mine.site, beside.site} - {None}:
                circuits.setdefault(int(site or 0), set()).add(one)
    told = {**walls, **circuits, **said}
    return {site: sorted(items) for site, items in sorted(told.items())}


NONE: Int32s = np.zeros(0, np.int32)
NOTHING = Network(NONE, NONE, NONE, {}, {})
