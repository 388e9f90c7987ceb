"""Senders and what they sent, alerts, silences and incidents."""

from fullscore.domains.response.incidents.models.alerts import Alert, AlertEvent, Silence
from fullscore.domains.response.incidents.models.incidents import Incident, Parting
from fullscore.domains.response.incidents.models.sources import AlertSource, Receipt
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
    "IncidentRole",
    "IncidentTask",
    "Parting",
    "Receipt",
    "Role",
    "Silence",
    "TimelineEntry",
]
