"""What the checks read: a few statements for all items of a scope."""

from collections import defaultdict
from collections.abc import Iterator

from django.db.models import Max, QuerySet

from fullscore.domains.foundation.estate.facts import (
    Aging,
    Astray,
    Disputed,
    Held,
    Leaning,
    Shared,
    Socket,
    Worn,
)
from fullscore.domains.foundation.estate.kinds import HARD_LINKS
from fullscore.domains.foundation.estate.models import (
    Certificate,
    Difference,
    Item,
    Link,
    Listener,
    Sighting,
    Source,
)
from fullscore.domains.foundation.estate.queries.needs import dependencies
from fullscore.domains.foundation.estate.queries.weight import effective
from fullscore.engines import graph
from fullscore.kit.checks import Scope

# What they say is no sight of the thing: nobody need say it again.
UNSEEING = (Source.Kind.PERSON, Source.Kind.IMPORT)


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
    lowest = effective()
    told = Sighting.objects.filter(item__isnull=False).order_by().values_list("item")
    told = told.exclude(source__kind__in=UNSEEING)
    seen = {pk: (at, until) for pk, at, until in told.annotate(Max("seen_at"), Max("expires_at"))}
    for item in _in(scope).filter(state=Item.State.ACTIVE):
        yield Held(
            item.pk,
            item.name,
            item.kind,
            item.criticality,
            min(item.criticality, lowest.get(item.pk, item.criticality)),
            item.owner_id,
            *seen.get(item.pk, (None, None)),
        )


def disputed(scope: Scope) -> Iterator[Disputed]:
    """Return the differences that wait for a decision."""
    rows = Difference.objects.filter(item__in=_in(scope), state=Difference.State.OPEN)
    for one in rows.select_related("item"):
        yield Disputed(
            one.item_id, one.item.name, one.attribute, one.intended, one.actual, one.first_seen_at
        )


def leaning(scope: Scope) -> Iterator[Leaning]:
    """Return the critical items that need something, and their single points of failure."""
    estate = dependencies()
    rows = _in(scope).filter(criticality__lte=2, requirements__isnull=False).distinct()
    for pk, name in rows.values_list("pk", "name"):
        points = estate.single_points(estate.node[pk]) if pk in estate.node else ()
        yield Leaning(pk, name, tuple(estate.names[p] for p in points))


def astray(scope: Scope) -> Iterator[Astray]:
    """Return what the items of production need, each with its environment where that is another."""
    rows = Link.objects.filter(
        from_item__in=_in(scope),
        from_item__environment=Item.Environment.PRODUCTION,
        kind__in=HARD_LINKS,
    )
    for item, name, needs, environment in rows.values_list(
        "from_item", "from_item__name", "to_item__name", "to_item__environment"
    ):
        is_lesser = environment in (Item.Environment.TEST, Item.Environment.DEVELOPMENT)
        yield Astray(item, name, needs, environment if is_lesser else "")


def sharing(scope: Scope) -> Iterator[Shared]:
    """Return each need with a spare, and the single things with which all its supports fall.

    What is needed by the dependent in another way as well is its own single point of failure; a
    hypervisor under all is judged with the machines.
    """
    estate, found = dependencies(), defaultdict[tuple[int, str, str, int], list[int]](list)
    rows = Link.objects.filter(
        requirement__needed__gt=0, requirement__dependent__in=_in(scope)
    ).values_list(
        "requirement__dependent", "requirement__dependent__name", "requirement__name",
        "requirement", "requirement__needed", "to_item",
    )  # fmt: skip
    least: dict[int, int] = {}
    for item, name, need, pk, needed, support in rows:
        least[pk] = needed or 0
        if support in estate.node:
            found[item, name, need, pk].append(estate.node[support])
    kinds = dict(Item.objects.live().values_list("pk", "kind"))
    falls: dict[int, set[int]] = {}
    for (item, name, need, pk), supports in found.items():
        if len(supports) < 2 or least[pk] >= len(supports):
            continue
        for node in supports:
            if node not in falls:
                falls[node] = {node, *graph.single_points(estate.graph, node).tolist()}
        common = sorted(set.intersection(*(falls[node] for node in supports)))
        causes = [(str(kinds[estate.items[n]]), estate.names[n]) for n in common]
        yield Shared(
            item, name, need, tuple(estate.names[n] for n in supports),
            tuple(cause for cause in causes if cause[0] != "hypervisor"),
        )  # fmt: skip


def _in(scope: Scope) -> QuerySet[Item]:
    rows: QuerySet[Item] = Item.objects.live()
    return rows if scope.items is None else rows.filter(pk__in=scope.items)
