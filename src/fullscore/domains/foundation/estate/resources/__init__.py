"""How items, and what hangs on them, are seen."""

from fullscore.domains.foundation.estate.resources.found import CERTIFICATE, LISTENER
from fullscore.domains.foundation.estate.resources.item import ITEM
from fullscore.domains.foundation.estate.resources.needs import DOWNTIME_COST, LINK, REQUIREMENT
from fullscore.domains.foundation.estate.resources.scope import SCOPE
from fullscore.domains.foundation.estate.resources.seen import (
    CLAIM,
    DIFFERENCE,
    IDENTIFIER,
    SIGHTING,
    SOURCE,
)

__all__ = [
    "CERTIFICATE",
    "CLAIM",
    "DIFFERENCE",
    "DOWNTIME_COST",
    "IDENTIFIER",
    "ITEM",
    "LINK",
    "LISTENER",
    "REQUIREMENT",
    "SCOPE",
    "SIGHTING",
    "SOURCE",
]
