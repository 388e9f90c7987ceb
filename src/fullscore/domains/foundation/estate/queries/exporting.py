"""The estate as files: the YAML that can be brought in again, and the graph of links."""

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from fullscore.connectors.inventory import graphml
from fullscore.connectors.inventory.shapes import Thing
from fullscore.domains.foundation.estate.models import Identifier, Item, Link
from fullscore.kit.access import Actor

FIELDS = ("kind", "state", "environment", "criticality", "site", "owner")


def things(user: Actor) -> Iterator[Thing]:
    """Yield the live items that somebody may see, sites first, with their words and links."""
    seen = Item.objects.visible_to(user).live().select_related("site", "owner")
    rows = {item.pk: item for item in seen.order_by("name")}
    words: dict[int, list[tuple[str, str, str]]] = {}
    for pk, *word in (
        Identifier.objects.filter(is_shared=False)
        .order_by("kind", "value")
        .values_list("item_id", "kind", "value", "vendor")
    ):
        words.setdefault(pk, []).append((word[0], word[1], word[2]))
    links: dict[int, list[tuple[str, int]]] = {}
    for own, kind, other in Link.objects.order_by("kind", "to_item").values_list(
        "from_item_id", "kind", "to_item_id"
    ):
        links.setdefault(own, []).append((kind, other))
    for item in sorted(rows.values(), key=lambda one: one.kind != "site"):
        yield Thing(
            ref=str(item.key), kind=item.kind, name=item.name, line=0,
            site=item.site.name if item.site and item.site_id in rows else "",
            values=_values(item), attributes=item.attributes, tags=tuple(item.tags),
            words=tuple(words.get(item.pk, ())),
            links=tuple((k, str(rows[o].key)) for k, o in links.get(item.pk, ()) if o in rows),
        )  # fmt: skip


def _values(item: Item) -> Mapping[str, Any]:
    told: dict[str, Any] = {
        "state": item.state, "environment": item.environment, "criticality": item.criticality,
        "owner": item.owner.name if item.owner else None, "supported_until": item.supported_until,
        "monthly_cost": item.monthly_cost,
    }  # fmt: skip
    return {name: _plain(value) for name, value in told.items() if value not in (None, "")}


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal | date):
        return str(value)
    return value


def graph(user: Actor) -> Iterator[str]:
    """Yield the items somebody may see, and what joins them, as GraphML."""
    rows = Item.objects.visible_to(user).live().select_related("site", "owner").order_by("pk")
    items = {item.pk: item for item in rows}
    nodes = (
        (pk, {"name": item.name, **{name: getattr(item, name) for name in FIELDS}})
        for pk, item in items.items()
    )
    ends = Link.objects.order_by("pk").values_list("from_item_id", "to_item_id", "kind")
    edges = ((a, b, kind) for a, b, kind in ends if a in items and b in items)
    yield from graphml.lines(nodes, edges, ("name", *FIELDS))
