"""How alerts, incidents and their senders are seen."""

from fullscore.domains.response.incidents.resources.alerts import ALERT, ALERT_EVENT, SILENCE
from fullscore.domains.response.incidents.resources.incidents import INCIDENT
from fullscore.domains.response.incidents.resources.learning import (
    INCIDENT_CHANGE,
    REVIEW,
    REVIEW_ACTION,
)
from fullscore.domains.response.incidents.resources.objectives import SERVICE_OBJECTIVE
from fullscore.domains.response.incidents.resources.senders import ALERT_SOURCE, RECEIPT
from fullscore.domains.response.incidents.resources.status import (
    STATUS_COMPONENT,
    STATUS_NOTICE,
    STATUS_SUBSCRIBER,
    STATUS_UPDATE,
)
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
    "INCIDENT_CHANGE",
    "INCIDENT_ROLE",
    "INCIDENT_TASK",
    "RECEIPT",
    "REVIEW",
    "REVIEW_ACTION",
    "SERVICE_OBJECTIVE",
    "SILENCE",
    "STATUS_COMPONENT",
    "STATUS_NOTICE",
    "STATUS_SUBSCRIBER",
    "STATUS_UPDATE",
    "TIMELINE_ENTRY",
]
