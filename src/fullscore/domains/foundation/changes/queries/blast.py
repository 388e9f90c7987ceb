"""What a change could take with it: dependents, what lies around, and who has to be told."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from fullscore.domains.foundation.changes.conflicts import HOPS, Around
from fullscore.domains.foundation.estate import queries as estate
from fullscore.domains.foundation.estate.models import Item
from fullscore.engines import graph
from fullscore.engines.graph.dependencies import Fan

NAMED = 5000  # ids in one statement: every SQLite takes as many


@dataclass(frozen=True, slots=True)
class Touched:
    """One item that would feel the failure of those that are changed."""

    item: int
    name: str
    kind: str
    criticality: int  # 1 … 4, 1 stops the company
    hops: int
    is_down: bool  # else it only loses redundancy
    owner: int | None


@dataclass(frozen=True, slots=True)
class Blast:
    """All that would feel it, the gravest first."""

    touched: tuple[Touched, ...] = ()

    @property
    def down(self) -> tuple[Touched, ...]:
        """Return what would be down."""
        return tuple(one for one in self.touched if one.is_down)

    @property
    def keeps_redundancy(self) -> bool:
        """Say whether something depends on the items, and all of it is served by others."""
        return bool(self.touched) and not self.down

    @property
    def teams(self) -> frozenset[int]:
        """Return the teams to tell."""
        return frozenset(one.owner for one in self.touched if one.owner is not None)

    def within(self, items: Iterable[int]) -> frozenset[int]:
        """Return the items themselves and all that would feel their failure."""
        return frozenset(items) | {one.item for one in self.touched}


def blast(items: Iterable[int]) -> Blast:
    """Return what the failure of some items would reach, whoever may see it."""
    known = estate.dependencies()
    failed = [known.node[pk] for pk in items if pk in known.node]
    effect = graph.impact(known.graph, failed)
    down = set(effect.down.tolist())
    reached = (down | set(effect.degraded.tolist())) - set(failed)
    hops = _hops(known.graph.outward, failed, most=len(known.items), only=reached)
    rows = _rows([known.items[node] for node in reached])
    touched = [
        Touched(pk, *rows[pk][:3], hops.get(node, 1), node in down, rows[pk][3])
        for node in reached
        if (pk := known.items[node]) in rows
    ]
    touched.sort(key=lambda one: (not one.is_down, one.criticality, one.hops, one.name))
    return Blast(tuple(touched))


def around(items: Collection[int]) -> Around:
    """Return what lies within two hops of some items, and what serves in their place."""
    known = estate.dependencies()
    own = [known.node[pk] for pk in items if pk in known.node]
    up = _hops(known.graph.outward, own, most=HOPS)
    down = _hops(known.graph.inward, own, most=HOPS)
    near = {node: min(up.get(node, HOPS), down.get(node, HOPS)) for node in up | down}
    hops = {known.items[node]: count for node, count in near.items() if count}
    partners = {known.items[node] for node in _partners(known.graph, own)}
    return Around(hops, frozenset(partners) - set(items))


def needed_by(item: int) -> set[int]:
    """Return an item and all that it depends on, however far."""
    known = estate.dependencies()
    if item not in known.node:
        return {item}
    below = _hops(known.graph.inward, [known.node[item]], most=len(known.items))
    return {known.items[node] for node in below}


def _hops(
    fan: Fan, start: Collection[int], *, most: int, only: Collection[int] | None = None
) -> dict[int, int]:
    """Return the hops from some nodes to those within reach, themselves at none."""
    found, front, hops = dict.fromkeys(start, 0), list(start), 0
    while front and hops < most:
        hops += 1
        fresh = []
        for node in front:
            for other in fan.node[fan.start[node] : fan.start[node + 1]].tolist():
                if other not in found and (only is None or other in only):
                    found[other] = hops
                    fresh.append(other)
        front = fresh
    return found


def _partners(known: graph.Graph, own: Collection[int]) -> set[int]:
    """Return the nodes that serve a requirement which can spare one of these."""
    found: set[int] = set()
    for node in own:
        fan = known.outward
        edges = slice(fan.start[node], fan.start[node + 1])
        for dependent, requirement in zip(
            fan.node[edges].tolist(), fan.requirement[edges].tolist(), strict=True
        ):
            if not 0 < known.slack[requirement] < len(known.inward.node) + 1:
                continue  # all are needed, or none is: no pair
            into = slice(known.inward.start[dependent], known.inward.start[dependent + 1])
            supports = known.inward.node[into]
            found.update(supports[known.inward.requirement[into] == requirement].tolist())
    return found


def _rows(items: list[int]) -> Mapping[int, tuple[str, str, int, int | None]]:
    told: dict[int, tuple[str, str, int, int | None]] = {}
    for start in range(0, len(items), NAMED):
        rows = Item.objects.filter(pk__in=items[start : start + NAMED])
        for pk, name, kind, criticality, owner in rows.values_list(
            "pk", "name", "kind", "criticality", "owner_id"
        ):
            told[pk] = (name, kind, criticality, owner)
    return told
