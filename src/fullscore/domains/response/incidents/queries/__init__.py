"""Questions about alerts and incidents that more than one place asks."""

from fullscore.domains.response.incidents.queries.checking import heard, rang, swung, waiting
from fullscore.domains.response.incidents.queries.naming import (
    ITEM_LABEL,
    items_named,
    names_of,
    to_confirm,
)
from fullscore.domains.response.incidents.queries.standing import (
    called_for,
    concerns,
    findings_near,
    incidents_of,
    items_in,
    needs,
    where,
)

__all__ = [
    "ITEM_LABEL",
    "called_for",
    "concerns",
    "findings_near",
    "heard",
    "incidents_of",
    "items_in",
    "items_named",
    "names_of",
    "needs",
    "rang",
    "swung",
    "to_confirm",
    "waiting",
    "where",
]
