"""Senders and what they sent, alerts, silences and incidents."""

from fullscore.domains.response.incidents.models.alerts import Alert, AlertEvent, Silence
from fullscore.domains.response.incidents.models.incidents import Incident, Parting
from fullscore.domains.response.incidents.models.objectives import ServiceObjective
from fullscore.domains.response.incidents.models.reviews import (
    IncidentChange,
    Review,
    ReviewAction,
)
from fullscore.domains.response.incidents.models.sources import AlertSource, Receipt
from fullscore.domains.response.incidents.models.status import (
    StatusComponent,
    StatusDelivery,
    StatusNotice,
    StatusSubscriber,
    StatusUpdate,
)
from fullscore.domains.response.incidents.models.timeline import TimelineEntry
from fullscore.domains.response.incidents.models.working import (
    ChecklistStep,
    IncidentRole,
    IncidentTask,
    Role,
)

__all__ = [
    "Alert",
    "AlertEvent",
    "AlertSource",
    "ChecklistStep",
    "Incident",
    "IncidentChange",
    "IncidentRole",
    "IncidentTask",
    "Parting",
    "Receipt",
    "Review",
    "ReviewAction",
    "Role",
    "ServiceObjective",
    "Silence",
    "StatusComponent",
    "StatusDelivery",
    "StatusNotice",
    "StatusSubscriber",
    "StatusUpdate",
    "TimelineEntry",
]
