"""Changes and what controls them."""

from fullscore.domains.foundation.changes.models.approving import Approval, ApprovalPolicy
from fullscore.domains.foundation.changes.models.calendar import CalendarAddress, Freeze
from fullscore.domains.foundation.changes.models.changes import Change, ChangeEvent, ChangeStep
from fullscore.domains.foundation.changes.models.runbooks import Runbook, RunbookVersion
from fullscore.domains.foundation.changes.models.runs import (
    CommandAccess,
    RunbookRun,
    RunbookStepRun,
)
from fullscore.domains.foundation.changes.models.standards import StandardChange
from fullscore.domains.foundation.changes.models.trouble import Trouble

__all__ = [
    "Approval",
    "ApprovalPolicy",
    "CalendarAddress",
    "Change",
    "ChangeEvent",
    "ChangeStep",
    "CommandAccess",
    "Freeze",
    "Runbook",
    "RunbookRun",
    "RunbookStepRun",
    "RunbookVersion",
    "StandardChange",
    "Trouble",
]
