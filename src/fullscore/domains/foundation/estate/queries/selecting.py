"""Which items a saved filter names, and when what is written of items was altered."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from urllib.parse import parse_qsl

from django.db.models import QuerySet

from fullscore.domains.foundation.estate.kinds import BY_NAME
from fullscore.domains.foundation.estate.models import Item, ItemVersion
from fullscore.kit.errors import Invalid

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
