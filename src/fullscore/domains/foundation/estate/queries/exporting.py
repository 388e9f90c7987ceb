"""The estate as files: the YAML that can be brought in again, and the graph of links."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Literal

from fullscore.connectors.inventory import graphml
from fullscore.connectors.inventory.shapes import End, Group, Thing
from fullscore.domains.foundation.directory.models import Person
from fullscore.domains.foundation.estate.kinds import SOFT_LINKS
from fullscore.domains.foundation.estate.models import Identifier, Item, Link
from fullscore.kit.access import Actor

FIELDS = ("kind", "state", "environment", "criticality", "site", "owner")


def things(user: Actor) -> Iterator[Thing]:
    """Yield the live items that somebody may see, sites first, with their words and links."""
    seen = Item.objects.visible_to(user).live().select_related("site", "owner", "contact")
    rows = {item.pk: item for item in seen.order_by("name")}
    words: dict[int, list[tuple[str, str, str]]] = {}
    for pk, *word in (
        Identifier.objects.filter(is_shared=False)
        .order_by("kind", "value")
        .values_list("item_id", "kind", "value", "vendor")
    ):
        words.setdefault(pk, []).append((word[0], word[1], word[2]))
    links: dict[int, list[Link]] = {}
    for link in Link.objects.select_related("requirement").order_by("kind", "to_item"):
        if link.from_item_id in rows and link.to_item_id in rows:
            links.setdefault(link.from_item_id, []).append(link)
    refs = {pk: str(item.key) for pk, item in rows.items()}
    called = Counter(Person.objects.values_list("name", flat=True))
    for item in sorted(rows.values(), key=lambda one: one.kind != "site"):
        yield Thing(
            ref=str(item.key), kind=item.kind, name=item.name, line=0,
            site=item.site.name if item.site and item.site_id in rows else "",
            values=_values(item, called), attributes=item.attributes, tags=tuple(item.tags),
            words=tuple(words.get(item.pk, ())),
            links=tuple(
                (one.kind, refs[one.to_item_id])
                for one in links.get(item.pk, ()) if _is_plain(one)
            ),
            groups=tuple(_groups(links.get(item.pk, ()), refs)),
        )  # fmt: skip


def _is_plain(link: Link) -> bool:
    """Say whether the kind and the other end are all there is to tell of a link."""
    need = link.requirement
    is_usual = need is None or (not need.name and need.needed == _usual(link.kind))
    return is_usual and link.confidence == 1 and not link.attributes


def _usual(kind: str) -> int | None:
    return 0 if kind in SOFT_LINKS else None


def _groups(links: Iterable[Link], refs: Mapping[int, str]) -> Iterator[Group]:
    """Yield the needs that have a name or a number, and the links of which more is known."""
    needs: dict[tuple[str, int], list[Link]] = {}
    for link in links:
        if not _is_plain(link):
            needs.setdefault((link.kind, link.requirement_id or -link.pk), []).append(link)
    for (kind, _), some in needs.items():
        need = some[0].requirement
        needed: int | Literal["all"] | None = None
        if need is not None and kind not in SOFT_LINKS:
            # Some of those that serve it may be out of the reader's sight.
            needed = "all" if need.needed is None else min(need.needed, len(some))
        ends = tuple(_end(link, refs[link.to_item_id]) for link in some)
        yield Group(kind, ends, need.name if need else "", needed)


def _end(link: Link, ref: str) -> End:
    confidence = None if link.confidence == 1 else link.confidence
    return End(ref, confidence, link.attributes or None)


def _values(item: Item, called: Mapping[str, int]) -> Mapping[str, Any]:
    person = item.contact
    contact = None
    if person is not None:  # of two who are called alike, the address tells which
        contact = person.email if called[person.name] > 1 and person.email else person.name
    told: dict[str, Any] = {
        "state": item.state, "environment": item.environment, "criticality": item.criticality,
        "owner": item.owner.name if item.owner else None, "supported_until": item.supported_until,
        "contact": contact, "support_source": item.support_source,
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
