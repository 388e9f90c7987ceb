"""Questions about items that more than one place asks."""

from fullscore.domains.foundation.estate.queries.identity import known_as
from fullscore.domains.foundation.estate.queries.judged import (
    aging,
    astray,
    disputed,
    held,
    leaning,
    sharing,
    sockets,
    worn,
)
from fullscore.domains.foundation.estate.queries.needs import (
    Consequence,
    Estate,
    brought_down,
    dependencies,
    what_if,
)
from fullscore.domains.foundation.estate.queries.owners import owners_of
from fullscore.domains.foundation.estate.queries.provenance import Said, provenance
from fullscore.domains.foundation.estate.queries.scopes import is_stopped, permit
from fullscore.domains.foundation.estate.queries.selecting import altered, selected, specificity
from fullscore.domains.foundation.estate.queries.weight import (
    DOWNTIME_PER_HOUR,
    Downtime,
    downtime_per_hour,
    effective_criticality,
)

__all__ = [
    "DOWNTIME_PER_HOUR",
    "Consequence",
    "Downtime",
    "Estate",
    "Said",
    "aging",
    "altered",
    "astray",
    "brought_down",
    "dependencies",
    "disputed",
    "downtime_per_hour",
    "effective_criticality",
    "held",
    "is_stopped",
    "known_as",
    "leaning",
    "owners_of",
    "permit",
    "provenance",
    "selected",
    "sharing",
    "sockets",
    "specificity",
    "what_if",
    "worn",
]
