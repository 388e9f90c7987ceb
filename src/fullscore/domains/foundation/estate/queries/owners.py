"""Who answers for items, also for those that are nobody's own."""

from collections.abc import Iterable, Mapping, Sequence

from fullscore.domains.foundation.estate.kinds import HARD_LINKS
from fullscore.domains.foundation.estate.models import Item, Link

NAMED = 5000  # ids in one statement: every SQLite takes as many


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
