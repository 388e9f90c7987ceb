"""Questions about items that more than one place asks."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from urllib.parse import parse_qsl

import numpy as np
from django.db.models import QuerySet

from fullscore.domains.foundation.estate.facts import Aging, Disputed, Held, Leaning, Socket, Worn
from fullscore.domains.foundation.estate.kinds import BY_NAME, HARD_LINKS
from fullscore.domains.foundation.estate.models import (
    Certificate,
    Claim,
    Difference,
    DowntimeCost,
    Item,
    ItemVersion,
    Link,
    Listener,
    Requirement,
)
from fullscore.engines import graph
from fullscore.kit.access import Actor
from fullscore.kit.checks import Scope
from fullscore.kit.errors import Invalid
from fullscore.kit.models import Version

DOWNTIME_PER_HOUR = {1: 2000.0, 2: 300.0, 3: 40.0, 4: 0.0}  # money; the default of a criticality
NAMED = 5000  # ids in one statement: every SQLite takes as many
FIELDS = ("kind", "name", "state", "environment", "criticality", "owner", "site", "tag", "id")


def altered(
    items: Sequence[int], start: datetime, end: datetime
) -> list[tuple[datetime, int, str]]:
    """Return when what is written of items was altered: instant, item, “settings”."""
    ended = ItemVersion.objects.filter(record__in=items, ends_at__gt=start, ends_at__lte=end)
    return [(at, pk, "settings") for at, pk in ended.values_list("ends_at", "record_id")]


def selected(selector: str) -> QuerySet[Item]:
    """Return the live items a saved filter names, such as `kind=host&environment=production`.

    Empty: every item. Raises Invalid for a word that is no field of items.
    """
    rows: QuerySet[Item] = Item.objects.live()
    for name, value in parse_qsl(selector.lstrip("?"), keep_blank_values=True):
        if name not in FIELDS:
            raise Invalid(f"Items are not selected by “{name}”: {', '.join(FIELDS)}.")
        rows = rows.filter(**_condition(name, value))
    return rows


def _condition(name: str, value: str) -> Mapping[str, object]:
    if name in ("owner", "site"):
        return {f"{name}_id": int(value)} if value.isdecimal() else {f"{name}__name__iexact": value}
    if name in ("criticality", "id"):
        if not value.isdecimal():
            raise Invalid(f"“{value}” is no number: {name} is one.")
        return {name: int(value)}
    if name == "tag":
        return {"tags__icontains": f'"{value}"'}
    if name == "kind" and value not in BY_NAME:
        raise Invalid(f"There is no kind of item “{value}”.")
    return {f"{name}__iexact": value}


def specificity(selector: str) -> int:
    """Return how narrow a selector is: an item, then a tag, then a kind, then everything."""
    names = {name for name, _ in parse_qsl(selector.lstrip("?"))}
    if names & {"id", "name"}:
        return 3
    if "tag" in names:
        return 2
    return 1 if names else 0


class Downtime(NamedTuple):
    """What an hour without something costs, and whether that is only the default."""

    per_hour: float
    is_default: bool


def downtime_per_hour(items: Iterable[Item]) -> dict[int, Downtime]:
    """Return what an hour without each item costs: the dearest of all that hard-depend on it.

    A service costs what is stated of it; without that, the default of its criticality.
    """
    stated = {pk: float(base) for pk, base in DowntimeCost.objects.values_list("service", "base")}
    own = {
        pk: stated.get(pk, DOWNTIME_PER_HOUR[criticality])
        for pk, criticality in Item.objects.live().values_list("pk", "criticality")
    }
    source = _first_to_reach(sorted(own, key=lambda pk: (-own[pk], pk not in stated, pk)))
    return {
        item.pk: Downtime(own[source[item.pk]], source[item.pk] not in stated)
        for item in items
        if item.pk in source
    }


def effective_criticality(item: Item) -> int:
    """Return the lowest number among the item and all that hard-depend on it."""
    seen, front, lowest = {item.pk}, [item.pk], item.criticality
    while front and lowest > 1:
        rows = Link.objects.filter(to_item__in=front, kind__in=HARD_LINKS)
        found = dict(rows.values_list("from_item_id", "from_item__criticality"))
        front = [pk for pk in found if pk not in seen]
        seen.update(front)
        lowest = min([lowest, *found.values()])
    return lowest


def owners_of(items: Iterable[int]) -> dict[int, int | None]:
    """Return the owning team of each item: its own, else that of the nearest dependent with one."""
    wanted, own = sorted(set(items)), dict[int, int | None]()
    for start in range(0, len(wanted), NAMED):
        rows = Item.objects.filter(pk__in=wanted[start : start + NAMED])
        own.update(rows.values_list("pk", "owner_id"))
    orphans = [pk for pk, owner in own.items() if owner is None]
    if not orphans:
        return own
    above: dict[int, list[tuple[int, int | None]]] = {}
    hard = Link.objects.filter(kind__in=HARD_LINKS).order_by("from_item")
    for lower, upper, owner in hard.values_list(
        "to_item_id", "from_item_id", "from_item__owner_id"
    ):
        above.setdefault(lower, []).append((upper, owner))
    return own | {pk: _owner_above(pk, above) for pk in orphans}


def _owner_above(pk: int, above: Mapping[int, Sequence[tuple[int, int | None]]]) -> int | None:
    """Return the owner of the nearest that hard-depends on an item and has one."""
    seen, front = {pk}, [pk]
    while front:
        found = [pair for item in front for pair in above.get(item, ())]
        for _, owner in found:
            if owner is not None:
                return owner
        front = [item for item in dict(found) if item not in seen]
        seen.update(front)
    return None


# ── what the checks read: a few statements for all items of a scope ────────────────────────────


def aging(scope: Scope) -> Iterator[Aging]:
    """Return the live items whose end of support is known."""
    rows = _in(scope).filter(supported_until__isnull=False)
    for item in rows.only("pk", "name", "attributes", "supported_until", "support_source"):
        told = item.attributes
        what = " ".join(str(told[k]) for k in ("os", "os_version", "model") if told.get(k))
        yield Aging(item.pk, item.name, what or "it", item.supported_until, item.support_source)


def worn(scope: Scope) -> Iterator[Worn]:
    """Return the certificates seen in use."""
    for one in Certificate.objects.filter(item__in=_in(scope)).select_related("item"):
        yield Worn(
            one.item_id, one.item.name, one.path, one.subject, one.not_after, one.key_kind,
            one.key_bits, one.signature,
        )  # fmt: skip


def sockets(scope: Scope) -> Iterator[Socket]:
    """Return what listens."""
    for one in Listener.objects.filter(item__in=_in(scope)).select_related("item"):
        yield Socket(
            one.item_id, one.item.name, one.address, one.transport, one.port, one.process,
            one.is_intended,
        )  # fmt: skip


def held(scope: Scope) -> Iterator[Held]:
    """Return the active items with owner, last sight and effective criticality."""
    lowest = _effective()
    sources = set(Claim.objects.values_list("item_id", flat=True).distinct())
    for item in _in(scope).filter(state=Item.State.ACTIVE):
        yield Held(
            item.pk,
            item.name,
            item.kind,
            item.criticality,
            min(item.criticality, lowest.get(item.pk, item.criticality)),
            item.owner_id,
            item.seen_at,
            item.pk in sources,
        )


def disputed(scope: Scope) -> Iterator[Disputed]:
    """Return the differences that wait for a decision."""
    rows = Difference.objects.filter(item__in=_in(scope), state=Difference.State.OPEN)
    for one in rows.select_related("item"):
        yield Disputed(
            one.item_id, one.item.name, one.attribute, one.intended, one.actual, one.first_seen_at
        )


def _effective() -> dict[int, int]:
    """Return the lowest criticality among all that hard-depend on each item, itself included."""
    own = dict(Item.objects.live().values_list("pk", "criticality"))
    source = _first_to_reach(sorted(own, key=lambda pk: (own[pk], pk)))
    return {pk: own[first] for pk, first in source.items()}


def _first_to_reach(order: Sequence[int]) -> dict[int, int]:
    """Return, for each item, the first in `order` that is it or hard-depends on it; in one pass."""
    below: dict[int, list[int]] = {}
    for upper, lower in Link.objects.filter(kind__in=HARD_LINKS).values_list(
        "from_item_id", "to_item_id"
    ):
        below.setdefault(upper, []).append(lower)
    source: dict[int, int] = {}
    for first in order:
        front = [first]
        while front:
            at = front.pop()
            if at not in source:
                source[at] = first
                front += below.get(at, ())
    return source


def leaning(scope: Scope) -> Iterator[Leaning]:
    """Return the critical items that need something, and their single points of failure."""
    estate = dependencies()
    rows = _in(scope).filter(criticality__lte=2, requirements__isnull=False).distinct()
    for pk, name in rows.values_list("pk", "name"):
        points = graph.single_points(estate.graph, estate.node[pk]) if pk in estate.node else ()
        yield Leaning(pk, name, tuple(estate.names[int(p)] for p in points))


def _in(scope: Scope) -> QuerySet[Item]:
    rows: QuerySet[Item] = Item.objects.live()
    return rows if scope.items is None else rows.filter(pk__in=scope.items)


# ── the graph of needs, compiled once per version of the estate ────────────────────────────────


@dataclass(frozen=True)
class Estate:
    """The compiled graph, and how its nodes are called."""

    graph: graph.Graph
    node: Mapping[int, int]  # item → node
    items: Sequence[int]  # node → item
    names: Sequence[str]


_compiled: dict[str, tuple[object, Estate]] = {}


def dependencies() -> Estate:
    """Return the graph of what needs what, rebuilt when a link, a need or an item has changed."""
    mark = _newest_change()
    known = _compiled.get("now")
    if known is None or known[0] != mark:
        known = (mark, _compile())
        _compiled["now"] = known
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


def what_if(items: Iterable[int], *, user: Actor, limit: int = 500) -> list[Consequence]:
    """Return what goes down and what is degraded when these items fail, down first.

    Only of what the reader may see, from what the reader may see; a chain says no other names.
    """
    estate = dependencies()
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
