"""The graph of what needs what, compiled once per version of the estate, and what it answers."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from fullscore.domains.foundation.estate.models import Item, ItemVersion, Link, Requirement
from fullscore.engines import graph
from fullscore.kit import past
from fullscore.kit.access import Actor
from fullscore.kit.models import Version


@dataclass(frozen=True)
class Estate:
    """The compiled graph, and how its nodes are called."""

    graph: graph.Graph
    node: Mapping[int, int]  # item → node
    items: Sequence[int]  # node → item
    names: Sequence[str]


_compiled: dict[str, tuple[object, Estate]] = {}


def dependencies(at: datetime | None = None) -> Estate:
    """Return the graph of what needs what, rebuilt when a link, a need or an item has changed.

    As it was at a moment, where one is given, with what has been deleted since; the last such
    graph is kept too, as a page of the past asks for it more than once.
    """
    name, mark = ("then", (at, _newest_change())) if at else ("now", _newest_change())
    known = _compiled.get(name)
    if known is None or known[0] != mark:
        with past.shown(at, also_gone=True):
            known = (mark, _compile())
        _compiled[name] = known
    return known[1]


def _newest_change() -> tuple[object, ...]:
    newest = Version.objects.filter(noun__in=("estate.link", "estate.requirement"))
    return (
        newest.order_by("-pk").values_list("pk", flat=True).first(),
        ItemVersion.objects.order_by("-pk").values_list("pk", flat=True).first(),
        Link.objects.count(),
    )


def _compile() -> Estate:
    rows = list(Item.objects.live().order_by("pk").values_list("pk", "name"))
    node = {pk: place for place, (pk, _) in enumerate(rows)}
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
    place = {pk: at for at, (pk, _, _) in enumerate(needs)}
    edges = [(place[requirement], to) for requirement, to in links if requirement in place]
    built = graph.build(
        graph.Dependencies(
            node_count=len(rows),
            dependent=np.array([n[1] for n in needs], dtype=np.int32),
            needed=np.array([n[2] for n in needs], dtype=np.int32),
            requirement=np.array([e[0] for e in edges], dtype=np.int32),
            support=np.array([e[1] for e in edges], dtype=np.int32),
        )
    )
    return Estate(built, node, [pk for pk, _ in rows], [name for _, name in rows])


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
    effect = graph.impact(estate.graph, failed)
    told = [(int(n), True) for n in effect.down] + [(int(n), False) for n in effect.degraded]
    shown = [(n, is_down) for n, is_down in told if n not in failed and estate.items[n] in seen]

    def named(node: int) -> str:
        return estate.names[node] if estate.items[node] in seen else "(restricted)"

    return [
        Consequence(
            estate.items[n], estate.names[n], is_down,
            tuple(named(step) for step in graph.why(estate.graph, failed, n)),
        )
        for n, is_down in shown[:limit]
    ]  # fmt: skip
