"""How items are seen."""

from typing import Any

import django_filters
from django.db.models import QuerySet
from django.template.loader import render_to_string

from fullscore.domains.foundation.estate import queries, services
from fullscore.domains.foundation.estate.kinds import LINK_CHOICES
from fullscore.domains.foundation.estate.models import (
    Difference,
    DowntimeCost,
    Item,
    Link,
    Requirement,
)
from fullscore.interfaces.web import moments
from fullscore.kit import past, time
from fullscore.kit.perform import Verb
from fullscore.kit.resource import Panel, Resource, Searched

TONES = {"retiring": "warn", "retired": "", "planned": "info", "staged": "info"}


class ItemFilters(Searched):
    """What items are found by beside their fields."""

    tag = django_filters.CharFilter(method="tagged", label="Tag")

    def tagged(self, rows: QuerySet[Item], name: str, value: str) -> QuerySet[Item]:
        """Keep the items that carry a tag."""
        return rows.filter(tags__icontains=f'"{value}"')


def draw_needs(item: Item, user: Any, at: Any) -> str:
    """Draw what an item needs, and what needs it: with the redundancy left."""
    with past.shown(at, also_gone=True):
        found = list(item.requirements.prefetch_related("links__to_item"))
        above = Link.objects.filter(to_item=item).values("from_item")
        rows = past.visible(Item, user).filter(pk__in=above)
        needed_by = list(rows.order_by("criticality", "name")[:50])
        lowest = queries.effective_criticality(item)
    supports = {link.to_item_id for one in found for link in one.links.all()}
    seen = set(Item.objects.visible_to(user).filter(pk__in=supports).values_list("pk", flat=True))
    needs = [_need(requirement, seen) for requirement in found]
    context = {
        "item": item, "needs": needs, "needed_by": needed_by, "at": moments.written(at),
        "effective": lowest if lowest < item.criticality else None,
    }  # fmt: skip
    return render_to_string("estate/needs.html", context) if needs or needed_by else ""


def _need(requirement: Requirement, seen: set[int]) -> dict[str, Any]:
    links = requirement.links.all()
    supports = [link.to_item for link in links if link.to_item_id in seen]
    total = len(links)
    needed = total if requirement.needed is None else requirement.needed
    spare = total - needed
    if needed == 0:
        words = "welcome, not needed"
    elif spare == 0:
        words = f"all {total}" if total > 1 else "no spare"
    else:
        words = f"{needed} of {total}, {spare} spare"
    return {
        "kind": requirement.get_kind_display(), "name": requirement.name, "supports": supports,
        "words": words, "tone": "warn" if needed and not spare else "",
    }  # fmt: skip


def draw_what_if(item: Item, user: Any, at: Any) -> str:
    """Draw what goes down when this item fails, each with its chain."""
    told = queries.what_if([item.pk], user=user, limit=100, at=at)
    context = {"told": told, "at": moments.written(at)}
    return render_to_string("estate/what_if.html", context) if told else ""


def draw_claims(item: Item, user: Any, at: Any) -> str:
    """Draw what each source says of an item, whom we believe, and what is no longer said."""
    told = queries.provenance(item, now=time.now())
    return render_to_string("estate/claims.html", {"told": told}) if told else ""


ITEM = Resource(
    Item,
    columns=["name", "kind", "state", "criticality", "environment", "owner", "site", "seen_at"],
    facts=[
        "contact", "supported_until", "support_source", "monthly_cost", "tags", "attributes", "key",
    ],
    fields=["name", "kind", "state", "criticality", "environment", "owner", "contact", "site",
            "supported_until", "support_source", "monthly_cost", "tags", "attributes"],
    filters=["kind", "state", "environment", "criticality", "owner", "site"],
    filterset=ItemFilters,
    quick={"Critical": "criticality__lte=2", "Hosts": "kind=host", "Services": "kind=service"},
    search=["name", "kind", "tags", "attributes"],
    order=["name", "criticality"],
    icon="boxes",
    group="Estate",
    badges=lambda i: [
        (i.get_kind_display(), ""), (i.get_state_display(), TONES.get(i.state, "ok")),
    ],
    subtitle=lambda i: " · ".join(
        filter(
            None,
            [i.get_criticality_display(), i.get_environment_display(), str(i.owner or "nobody's")],
        )
    ),
    panels=[
        Panel("Differences", leads=True,
              rows=lambda i: i.differences.filter(state=Difference.State.OPEN),
              columns=["attribute", "intended", "actual", "source", "first_seen_at"]),
        Panel("Needs", draw=draw_needs, shows_past=True),
        Panel("What if it fails", draw=draw_what_if, shows_past=True),
        Panel("Listening", rows=lambda i: i.listeners.all(),
              columns=["port", "transport", "address", "process", "unit", "is_intended"]),
        Panel("Certificates", rows=lambda i: i.certificates.all(),
              columns=["subject", "not_after", "key_kind", "key_bits", "path"]),
        Panel("Identifiers", rows=lambda i: i.identifiers.all(),
              columns=["kind", "value", "is_shared"]),
        Panel("Cost of an hour without it", rows=lambda i: DowntimeCost.objects.filter(service=i),
              columns=["low", "base", "high", "note"]),
        Panel("Who says so", draw=draw_claims),
        Panel("Sightings", rows=lambda i: i.sightings.all(),
              columns=["source", "name", "outcome", "first_seen_at", "seen_at"]),
    ],
    verbs=[
        Verb(services.require, permission="estate.add_link", icon="git-branch", in_bulk=False,
             done="{}.".format,
             choices={"kind": LINK_CHOICES}),
        Verb(services.link, permission="estate.add_link", icon="git-branch", in_bulk=False,
             done="{}.".format,
             choices={"kind": LINK_CHOICES}),
        Verb(services.retire, permission="estate.change_item", icon="archive-restore",
             done=lambda i: f"“{i}” is {i.get_state_display().lower()}.",
             tone="danger",
             when=lambda i: "It is retired." if i.state == "retired" else ""),
        Verb(services.reopen, permission="estate.change_item", icon="refresh-cw",
             done=lambda i: f"“{i}” is {i.get_state_display().lower()} again.",
             choices={"state": Item.State.choices[:-1]},
             when=lambda i: "It is planned: there is nothing before that."
             if i.state == "planned" else ""),
        Verb(services.merge, permission="estate.merge_item", icon="git-merge", in_bulk=False,
             reaches=frozenset({"into"}),
             done="It is one thing with {} now.".format, tone="danger",
             when=lambda i: "It is retired." if i.state == "retired" else ""),
        Verb(services.split, permission="estate.merge_item", icon="share-2", in_bulk=False,
             done="{} is a thing of its own.".format,
             hints={"identifiers": "Values of its words, with commas between."},
             when=lambda i: "It is retired." if i.state == "retired" else ""),
    ],
    change=services.change,
)  # fmt: skip
