"""Items, what they need, who says so, and how they were."""

from fullscore.domains.foundation.estate.models.found import Certificate, Listener
from fullscore.domains.foundation.estate.models.items import (
    Identifier,
    Item,
    ItemQuerySet,
    ItemVersion,
    OfItemQuerySet,
    check_words,
)
from fullscore.domains.foundation.estate.models.needs import (
    DowntimeCost,
    Link,
    LinkQuerySet,
    Requirement,
)
from fullscore.domains.foundation.estate.models.scopes import Scope
from fullscore.domains.foundation.estate.models.seen import Claim, Difference, Sighting, Source

__all__ = [
    "Certificate",
    "Claim",
    "Difference",
    "DowntimeCost",
    "Identifier",
    "Item",
    "ItemQuerySet",
    "ItemVersion",
    "Link",
    "LinkQuerySet",
    "Listener",
    "OfItemQuerySet",
    "Requirement",
    "Scope",
    "Sighting",
    "Source",
    "check_words",
]
