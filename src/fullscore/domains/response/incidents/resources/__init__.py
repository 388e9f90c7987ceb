"""How alerts, incidents and their senders are seen."""

from fullscore.domains.response.incidents.resources.alerts import ALERT, ALERT_EVENT, SILENCE
from fullscore.domains.response.incidents.resources.incidents import INCIDENT
from fullscore.domains.response.incidents.resources.senders import ALERT_SOURCE, RECEIPT
from fullscore.domains.response.incidents.resources.timeline import TIMELINE_ENTRY
from fullscore.domains.response.incidents.resources.working import (
    CHECKLIST_STEP,
    INCIDENT_ROLE,
    INCIDENT_TASK,
)

__all__ = [
    "ALERT",
    "ALERT_EVENT",
    "ALERT_SOURCE",
    "CHECKLIST_STEP",
    "INCIDENT",
    "INCIDENT_ROLE",
    "INCIDENT_TASK",
    "RECEIPT",
    "SILENCE",
    "TIMELINE_ENTRY",
]
