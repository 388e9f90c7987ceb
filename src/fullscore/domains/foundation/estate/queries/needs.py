"""The graph of what needs what, compiled once per version of the estate, and what it answers."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from datetime import time as clock
from functools import cached_property
from typing import NamedTuple

import numpy as np
from django.db.models import Count, Max
from numpy.typing import NDArray

from fullscore.domains.foundation.estate.models import (
    Certificate,
    Item,
    ItemVersion,
    Link,
    Requirement,
)
from fullscore.domains.foundation.estate.queries.network import NOTHING, Network, Placed, network
from fullscore.engines import graph
from fullscore.engines.graph import Graph
from fullscore.kit import past, time
from fullscore.kit.access import Actor
from fullscore.kit.models import Version

DAY = timedelta(days=1)
PLACES = ("rack", "room", "circuit", "power feed")
MOST_PLACES = 500  # that are tried one by one, once per version of the estate


class Needs(NamedTuple):
    """Who needs how many, and which links serve it: (need, dependent, needed), (need, support)."""

    needs: list[tuple[int, int, int]]
    links: list[tuple[int, int]]


@dataclass(frozen=True)
class Estate:
    """The compiled graph, and how its nodes are called."""

    graph: Graph
    node: Mapping[int, int]  # item → node
    items: Sequence[int]  # node → item
    names: Sequence[str]
    needs: Needs = Needs([], [])
    network: Network = NOTHING
    places: Sequence[
        int
    ] = ()  # nodes of racks, rooms, circuits and feeds: others stand in or on them
    until: datetime | None = None  # when the next certificate ends, which is needed from then on

    @cached_property
    def alone(self) -> Graph:
        """Return the graph in which what alone cuts a node off from its site is needed by it."""
        return graph.build(_dependencies(self.node, self.needs, self.network.necks()))

    @cached_property
    def shared(self) -> Mapping[int, frozenset[int]]:
        """Return what falls with each place that takes down several nodes of the network.

        None of those need be a neck by itself: two switches on one feed.
        """
        told = {}
        for node in self.places[:MOST_PLACES]:
            down = graph.impact(self.graph, [node]).down
            if np.isin(down, self.network.nodes).sum() > 1 and len(self.network.cut_off(down)):
                told[node] = frozenset(fall(self, [node]).down.tolist())
        return told

    def single_points(self, node: int) -> list[int]:
        """Return, ascending, the nodes whose failure alone brings one down or cuts it off."""
        found = set(graph.single_points(self.alone, node).tolist())
        return sorted(found | {one for one, down in self.shared.items() if node in down} - {node})


_compiled: dict[str, tuple[object, Estate]] = {}


def dependencies(at: datetime | None = None) -> Estate:
    """Return the graph of what needs what, rebuilt when a link, a need or an item has changed.

    As it was at a moment, where one is given, with what has been deleted since; the last such
    graph is kept too, as a page of the past asks for it more than once.
    """
    name, mark = ("then", (at, _newest_change())) if at else ("now", _newest_change())
    known, now = _compiled.get(name), at or time.now()
    is_over = known is not None and known[1].until is not None and known[1].until <= now
    if known is None or known[0] != mark or is_over:
        with past.shown(at, also_gone=True):
            known = (mark, _compile(now))
        _compiled[name] = known
    return known[1]


def _newest_change() -> tuple[object, ...]:
    newest = Version.objects.filter(noun__in=("estate.link", "estate.requirement"))
    return (
        newest.order_by("-pk").values_list("pk", flat=True).first(),
        ItemVersion.objects.order_by("-pk").values_list("pk", flat=True).first(),
        Link.objects.count(),
        *Certificate.objects.filter(item__kind="certificate")
        .aggregate(Count("pk"), Max("not_after"))
        .values(),
    )


def _compile(now: datetime) -> Estate:
    rows = [
        Placed(*row[:4])
        for row in Item.objects.live().order_by("pk").values_list("pk", "kind", "site_id", "tags")
    ]
    names = list(Item.objects.live().order_by("pk").values_list("name", flat=True))
    node = {one.item: place for place, one in enumerate(rows)}
    links = [
        (requirement, node[to])
        for requirement, to in Link.objects.filter(requirement__isnull=False).values_list(
            "requirement_id", "to_item_id"
        )
        if to in node
    ]
    supports: dict[int, int] = Counter(requirement for requirement, _ in links)
    needs = [
        (pk, node[dependent], supports[pk] if needed is None else min(needed, supports[pk]))
        for pk, dependent, needed in Requirement.objects.values_list("pk", "dependent_id", "needed")
        if dependent in node and supports.get(pk)
    ]
    ended, until = _ended(now)
    secured = [(node[own], node[to]) for own, to in ended if own in node and to in node]
    told = Needs(*_and_each(needs, links, secured))
    places = [node[one.item] for one in rows if one.kind in PLACES]
    return Estate(
        graph.build(_dependencies(node, told, ())), node, [one.item for one in rows], names, told,
        network(rows, node), places, until,
    )  # fmt: skip


def _and_each(
    needs: list[tuple[int, int, int]], links: list[tuple[int, int]],
    more: Sequence[tuple[int, int]],
) -> tuple[list[tuple[int, int, int]], list[tuple[int, int]]]:  # fmt: skip
    """Return needs with one more for each pair of a dependent and its only support."""
    fresh = [(-place, *pair) for place, pair in enumerate(more, 1)]
    return (
        [*needs, *((key, dependent, 1) for key, dependent, _ in fresh)],
        [*links, *((key, support) for key, _, support in fresh)],
    )


def _dependencies(
    node: Mapping[int, int], needs: Needs, more: Sequence[tuple[int, int]]
) -> graph.Dependencies:
    rows, links = needs
    place = {key: at for at, (key, _, _) in enumerate(rows)}
    edges = [(place[requirement], to) for requirement, to in links if requirement in place]
    edges += [(len(rows) + at, to) for at, (_, to) in enumerate(more)]
    return graph.Dependencies(
        node_count=len(node),
        dependent=np.array([n[1] for n in rows] + [own for own, _ in more], dtype=np.int32),
        needed=np.array([n[2] for n in rows] + [1] * len(more), dtype=np.int32),
        requirement=np.array([e[0] for e in edges], dtype=np.int32),
        support=np.array([e[1] for e in edges], dtype=np.int32),
    )


def _ended(now: datetime) -> tuple[list[tuple[int, int]], datetime | None]:
    """Return who is secured by which certificate that has ended, and when the next one does.

    As it was last seen in use; of one that nobody has seen, the end of its support.
    """
    pairs = list(
        Link.objects.filter(kind="secured_by").values_list(
            "from_item_id", "to_item_id", "to_item__supported_until"
        )
    )
    items = {to for _, to, _ in pairs}
    seen = dict(
        Certificate.objects.filter(item__in=items, not_after__isnull=False)
        .order_by().values_list("item").annotate(Max("not_after"))
    )  # fmt: skip
    ended, coming = [], []
    for own, to, day in pairs:
        end = seen.get(to) or (datetime.combine(day + DAY, clock.min, UTC) if day else None)
        if end is not None and end <= now:
            ended.append((own, to))
        elif end is not None:
            coming.append(end)
    return ended, min(coming, default=None)


class Fall(NamedTuple):
    """What goes down and what is degraded; of what goes down, what is merely cut off."""

    down: NDArray[np.int32]
    degraded: NDArray[np.int32]
    cut: frozenset[int]


def fall(estate: Estate, failed: Sequence[int]) -> Fall:
    """Return what the failure of some nodes takes along: by need, and by being cut off.

    What needs something that fell falls; what can be reached from no root of its site any more
    has fallen too; and so on until nothing is added.
    """
    fell, cut = list(failed), set[int]()
    while True:
        effect = graph.impact(estate.graph, fell)
        fresh = np.setdiff1d(estate.network.cut_off(effect.down), effect.down).tolist()
        if not fresh:
            return Fall(effect.down, effect.degraded, frozenset(cut))
        cut.update(fresh)
        fell += fresh


def brought_down(items: Iterable[int], *, estate: Estate | None = None) -> dict[int, int]:
    """Return, of items that are down, the one among them that brought each of the others down.

    That is the one whose failure alone takes down the most of them; of two that need each other,
    the older. An item that no other explains is absent.
    """
    estate = estate or dependencies()
    failed = {estate.node[pk] for pk in items if pk in estate.node}
    falls = {
        node: failed.intersection(graph.impact(estate.graph, [node]).down.tolist())
        for node in failed
    }
    weight = {node: (len(down), -node) for node, down in falls.items()}
    causes: dict[int, int] = {}
    for cause in sorted(failed, key=weight.__getitem__):  # the last to speak weighs most
        for node in falls[cause] - {cause}:
            if weight[cause] > weight[node]:
                causes[estate.items[node]] = estate.items[cause]
    return causes


@dataclass(frozen=True, slots=True)
class Consequence:
    """One item that suffers when others fail, and the shortest chain of why."""

    item: int
    name: str
    is_down: bool
    chain: tuple[str, ...]
    is_cut_off: bool = False  # it stands, and cannot be reached


def what_if(
    items: Iterable[int], *, user: Actor, limit: int = 500, at: datetime | None = None
) -> list[Consequence]:
    """Return what goes down and what is degraded when these items fail, down first.

    Only of what the reader may see, from what the reader may see; a chain says no other names.
    `at` lets them fail at a past moment, in the estate of then.
    """
    estate = dependencies(at)
    seen = set(Item.objects.visible_to(user).values_list("pk", flat=True))
    failed = [estate.node[pk] for pk in items if pk in estate.node and pk in seen]
    effect = fall(estate, failed)
    told = [(int(n), True) for n in effect.down] + [(int(n), False) for n in effect.degraded]
    shown = [(n, is_down) for n, is_down in told if n not in failed and estate.items[n] in seen]
    chains = _Chains(estate, failed, effect)

    def named(node: int) -> str:
        return estate.names[node] if estate.items[node] in seen else "(restricted)"

    return [
        Consequence(
            estate.items[n], estate.names[n], is_down,
            tuple(named(step) for step in chains.to(n)), n in effect.cut,
        )
        for n, is_down in shown[:limit]
    ]  # fmt: skip


def chain_to(estate: Estate, failed: int, node: int) -> tuple[int, ...]:
    """Return the nodes from one that fails alone to one that falls with it."""
    return _Chains(estate, [failed], fall(estate, [failed])).to(node)


class _Chains:
    """Why each node suffers: by need, and along the wires to what is down."""

    def __init__(self, estate: Estate, failed: Sequence[int], effect: Fall) -> None:
        self.estate, self.failed, self.cut = estate, failed, effect.cut
        self.fell = [*failed, *sorted(effect.cut)]
        self.others = set(effect.down.tolist()) - effect.cut
        self.known: dict[int, tuple[int, ...]] = {}

    def to(self, node: int) -> tuple[int, ...]:
        """Return the nodes from one that failed to this one."""
        if node in self.cut:
            return (*self.before(node), node)
        chain = graph.why(self.estate.graph, self.fell, node)
        return (*self.before(chain[0]), *chain) if chain and chain[0] in self.cut else chain

    def before(self, node: int) -> tuple[int, ...]:
        """Return the chain to what cuts a node off."""
        if node not in self.known:
            self.known[node] = ()  # what is cut off by one another explains nothing
            path = self.estate.network.path(node, self.others)
            self.known[node] = (*self.to(path[0]), *path[1:-1]) if path else ()
        return self.known[node]
