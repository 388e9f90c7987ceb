"""Items and what they depend on, some steps deep."""

from collections.abc import Collection

from fullscore.domains.foundation.estate.kinds import HARD_LINKS
from fullscore.domains.foundation.estate.models import Link
from fullscore.domains.response.troubleshooting.facts import Neighbourhood

HOPS = 3  # as incidents are grouped
MOST_ITEMS = 200  # the nearest first


def around(items: Collection[int], *, hops: int = HOPS) -> Neighbourhood:
    """Return items and what they depend on within some steps; one statement per step."""
    steps = dict.fromkeys(sorted(items)[:MOST_ITEMS], 0)
    front, needs = list(steps), set[tuple[int, int]]()
    for step in range(1, hops + 1):
        rows = Link.objects.filter(kind__in=HARD_LINKS, from_item__in=front)
        found = list(rows.order_by("pk").values_list("from_item_id", "to_item_id"))
        needs.update(found)
        fresh = [to for _, to in found if to not in steps]
        front = list(dict.fromkeys(fresh))[: MOST_ITEMS - len(steps)]
        steps.update(dict.fromkeys(front, step))
        if not front:
            break
    return Neighbourhood(steps, tuple(sorted(n for n in needs if n[0] in steps and n[1] in steps)))
