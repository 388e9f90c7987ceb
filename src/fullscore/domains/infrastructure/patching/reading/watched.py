"""Which items must not go down while servers are patched."""

from collections.abc import Iterable

from fullscore.domains.foundation.estate import queries as estate
from fullscore.domains.foundation.estate.models import Item, Link
from fullscore.engines import graph

KINDS = ("service", "capability")
BETWEEN_KINDS = (
    "application", "cluster", "container platform", "database", "database cluster", "queue",
    "storage",
)  # fmt: skip
CRITICALITY = 3


def watched(known: estate.Estate) -> frozenset[int]:
    """Return the nodes that must stay up: services, and what else matters and carries none.

    What a service stands on is felt by the service, which may do without it; an application or a
    database that no service is known to need is watched itself. A standby is not: it is a spare.
    """
    rows = Item.objects.live().filter(
        kind__in=[*KINDS, *BETWEEN_KINDS], criticality__lte=CRITICALITY
    )
    kind_of = {known.node[pk]: kind for pk, kind in rows.values_list("pk", "kind")}
    services = {node for node, kind in kind_of.items() if kind in KINDS}
    standbys = Link.objects.filter(kind="replicates").values_list("from_item_id", flat=True)
    alone = kind_of.keys() - services - _below(known.graph, services)
    alone -= {known.node[pk] for pk in standbys if pk in known.node}
    return frozenset(services | (alone - _below(known.graph, alone)))


def _below(known: graph.Graph, start: Iterable[int]) -> set[int]:
    """Return what some nodes need, however far; themselves only where others of them need them."""
    found: set[int] = set()
    front = list(start)
    while front:
        node = front.pop()
        first, end = known.inward.start[node : node + 2]
        for other in known.inward.node[first:end].tolist():
            if other not in found:
                found.add(other)
                front.append(other)
    return found
