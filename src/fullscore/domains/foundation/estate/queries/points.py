"""Single points of failure: what each critical service hangs on, worst first."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from fullscore.domains.foundation.estate.kinds import CRITICALITY_WEIGHT
from fullscore.domains.foundation.estate.models import Item, Link, Requirement
from fullscore.domains.foundation.estate.queries.needs import chain_to, dependencies
from fullscore.kit import past
from fullscore.kit.access import Actor

LOOKED_BACK = timedelta(days=730)  # 24 months
MOST_SERVICES, MOST_POINTS = 200, 50
Failures = Callable[[Sequence[int], datetime], Mapping[int, int]]
_failures: list[Failures] = []


def come_from(failures: Failures) -> None:
    """Say who knows how often items failed since a moment; called once, by `config`."""
    _failures[:] = [failures]


@dataclass(frozen=True, slots=True)
class Point:
    """One item whose failure alone brings a service down."""

    item: int
    name: str
    kind: str
    chain: tuple[str, ...]
    failures: int
    weight: float


@dataclass(frozen=True, slots=True)
class Leaning:
    """A critical service and its single points, the heaviest first."""

    item: int
    name: str
    criticality: int
    points: tuple[Point, ...]

    @property
    def weight(self) -> float:
        """Return the weight of the heaviest point."""
        return max((point.weight for point in self.points), default=0.0)


def single_points(user: Actor, *, now: datetime) -> list[Leaning]:
    """Return the services of criticality 1 and 2 that one failure stops, the worst first.

    A point weighs the service's criticality times its own incidents in 24 months, 1 where there
    was none. Only what the reader may see is named.
    """
    estate = dependencies()
    seen = dict(Item.objects.visible_to(user).live().values_list("pk", "kind"))
    services = Item.objects.visible_to(user).live().filter(kind="service", criticality__lte=2)
    rows = list(services.order_by("criticality", "name").values_list("pk", "name", "criticality"))
    hang = {
        pk: estate.single_points(estate.node[pk])
        for pk, _, _ in rows[:MOST_SERVICES]
        if pk in estate.node
    }
    items = sorted({estate.items[n] for nodes in hang.values() for n in nodes})
    failed = _failures[0](items, now - LOOKED_BACK) if _failures and items else {}

    def point(service: int, criticality: int, node: int) -> Point:
        item = estate.items[node]
        chain = chain_to(estate, node, estate.node[service])
        names = tuple(estate.names[n] if estate.items[n] in seen else "(restricted)" for n in chain)
        times = failed.get(item, 0)
        return Point(item, estate.names[node], seen[item], names, times,
                     CRITICALITY_WEIGHT[criticality] * max(1, times))  # fmt: skip

    told = [
        Leaning(pk, name, criticality, tuple(sorted(
            (point(pk, criticality, n) for n in hang.get(pk, ()) if estate.items[n] in seen),
            key=lambda one: (-one.weight, one.name),
        )[:MOST_POINTS]))
        for pk, name, criticality in rows
    ]  # fmt: skip
    return sorted((one for one in told if one.points), key=lambda o: (-o.weight, o.name))


@dataclass(frozen=True, slots=True)
class LastLeg:
    """Something that still stands, but not one failure more."""

    item: int
    name: str
    need: str
    left: int


def last_legs(down: Sequence[int], *, user: Actor, at: datetime | None = None) -> list[LastLeg]:
    """Return the needs that had a spare and have none once these items are down."""
    gone = set(down)
    with past.shown(at, also_gone=True):
        touched = Link.objects.filter(to_item__in=gone, requirement__isnull=False)
        found = Requirement.objects.filter(
            pk__in=touched.values("requirement"),
            dependent__in=past.visible(Item, user).exclude(state=Item.State.RETIRED),
        ).exclude(dependent__in=gone).select_related("dependent").order_by("dependent")  # fmt: skip
        needs = list(found.prefetch_related("links"))
    told = []
    for need in needs:
        supports = [link.to_item_id for link in need.links.all()]
        left = len([pk for pk in supports if pk not in gone])
        if need.needed and left == need.needed < len(supports):
            name = need.name or need.get_kind_display()
            told.append(LastLeg(need.dependent_id, need.dependent.name, name, left))
    return told


def within(items: Sequence[int], *, user: Actor, at: datetime | None = None) -> list[int]:
    """Return what stands in, is part of or runs on these items, with them: “this rack”."""
    with past.shown(at, also_gone=True):
        return _within(items, user)


def _within(items: Sequence[int], user: Actor) -> list[int]:
    live = past.visible(Item, user).exclude(state=Item.State.RETIRED)
    seen = set(live.values_list("pk", flat=True))
    found, front = [pk for pk in items if pk in seen], list(items)
    while front:
        rows = Link.objects.filter(to_item__in=front, kind__in=("located_in", "part_of", "runs_on"))
        front = [pk for pk in rows.values_list("from_item_id", flat=True).distinct()
                 if pk in seen and pk not in found]  # fmt: skip
        found += front
    at_site = Item.objects.filter(site__in=items, pk__in=seen).values_list("pk", flat=True)
    return list(dict.fromkeys([*found, *at_site]))
