"""What items weigh: what an hour without one costs, and how critical it is through the others."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from fullscore.domains.foundation.estate.kinds import HARD_LINKS
from fullscore.domains.foundation.estate.models import DowntimeCost, Item, Link

DOWNTIME_PER_HOUR = {1: 2000.0, 2: 300.0, 3: 40.0, 4: 0.0}  # money; the default of a criticality


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


def effective() -> dict[int, int]:
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
