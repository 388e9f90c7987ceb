"""Questions about alerts and incidents that more than one place asks."""

from fullscore.domains.response.incidents.queries.checking import (
    heard,
    rang,
    swung,
    unlinked,
    waiting,
)
from fullscore.domains.response.incidents.queries.figuring import (
    Asked,
    Week,
    delivery_of,
    incidents_in,
    times_of,
    weeks_of,
)
from fullscore.domains.response.incidents.queries.fitting import runbooks_for, runs_for
from fullscore.domains.response.incidents.queries.learning import (
    REVIEWED,
    due_on,
    impact_of,
    late,
    owed,
    similar_to,
)
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
    "REVIEWED",
    "Asked",
    "Week",
    "called_for",
    "concerns",
    "delivery_of",
    "due_on",
    "findings_near",
    "heard",
    "impact_of",
    "incidents_in",
    "incidents_of",
    "items_in",
    "items_named",
    "late",
    "names_of",
    "needs",
    "owed",
    "rang",
    "runbooks_for",
    "runs_for",
    "similar_to",
    "swung",
    "times_of",
    "to_confirm",
    "unlinked",
    "waiting",
    "weeks_of",
    "where",
]
