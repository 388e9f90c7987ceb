"""How changes and what controls them are seen."""

from fullscore.domains.foundation.changes.resources.beside import (
    APPROVAL,
    APPROVAL_POLICY,
    CHANGE_EVENT,
    CHANGE_STEP,
    FREEZE,
    STANDARD_CHANGE,
    TROUBLE,
)
from fullscore.domains.foundation.changes.resources.change import CHANGE
from fullscore.domains.foundation.changes.resources.runbooks import (
    COMMAND_ACCESS,
    RUNBOOK,
    RUNBOOK_RUN,
    RUNBOOK_STEP,
    RUNBOOK_VERSION,
)

__all__ = [
    "APPROVAL",
    "APPROVAL_POLICY",
    "CHANGE",
    "CHANGE_EVENT",
    "CHANGE_STEP",
    "COMMAND_ACCESS",
    "FREEZE",
    "RUNBOOK",
    "RUNBOOK_RUN",
    "RUNBOOK_STEP",
    "RUNBOOK_VERSION",
    "STANDARD_CHANGE",
    "TROUBLE",
]
