"""How needs, links and the cost of an hour without something are seen."""

from fullscore.domains.foundation.estate import services
from fullscore.domains.foundation.estate.models import DowntimeCost, Link, Requirement
from fullscore.kit import money
from fullscore.kit.perform import Verb
from fullscore.kit.resource import Panel, Resource

DOWNTIME_COST = Resource(
    DowntimeCost,
    columns=["service", "low", "base", "high", "note"],
    fields=["service", "low", "base", "high", "note"],
    search=["service__name", "note"],
    order=["-base"],
    cells=dict.fromkeys(("low", "base", "high"), money.per_hour),
    icon="banknote",
    can_delete=True,
)

LINK = Resource(
    Link,
    columns=["from_item", "kind", "to_item", "requirement", "source"],
    facts=["confidence", "attributes"],
    filters=["kind", "from_item", "to_item"],
    search=["from_item__name", "to_item__name"],
    order=["pk"],
    icon="git-branch",
    verbs=[Verb(services.unlink, permission="estate.delete_link", icon="x", tone="danger")],
)

REQUIREMENT = Resource(
    Requirement,
    columns=["dependent", "kind", "name", "needed"],
    filters=["dependent", "kind"],
    search=["dependent__name", "name"],
    order=["pk"],
    icon="git-branch",
    panels=[Panel("Served by", rows=lambda r: r.links.all(), columns=["to_item", "kind"])],
)
