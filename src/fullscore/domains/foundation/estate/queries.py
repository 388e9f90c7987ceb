"""Questions about items that more than one place asks."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from urllib.parse import parse_qsl

from django.db.models import QuerySet

from fullscore.domains.foundation.estate.kinds import BY_NAME, HARD_LINKS
from fullscore.domains.foundation.estate.models import Item, Link
from fullscore.kit.errors import Invalid

DOWNTIME_PER_HOUR = {1: 2000.0, 2: 300.0, 3: 40.0, 4: 0.0}  # money; the default of a criticality
FIELDS = ("kind", "name", "state", "environment", "criticality", "owner", "site", "tag", "id")


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


def downtime_per_hour(item: Item | None) -> float:
    """Return what an hour without the item costs, by its effective criticality; a default figure."""
    return DOWNTIME_PER_HOUR[effective_criticality(item)] if item else 0.0


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
    own = dict(Item.objects.filter(pk__in=list(items)).values_list("pk", "owner_id"))
    for pk in [pk for pk, owner in own.items() if owner is None]:
        own[pk] = _owner_above(pk)
    return own


def _owner_above(pk: int) -> int | None:
    seen, front = {pk}, [pk]
    while front:
        rows = Link.objects.filter(to_item__in=front, kind__in=HARD_LINKS).order_by("from_item")
        found = list(rows.values_list("from_item_id", "from_item__owner_id"))
        for _, owner in found:
            if owner is not None:
                return int(owner)
        front = [item for item, _ in found if item not in seen]
        seen.update(front)
    return None


def seen_since(moment: datetime) -> QuerySet[Item]:
    """Return the live items some source has seen since a moment."""
    return Item.objects.live().filter(seen_at__gte=moment)
