"""What can be done with changes."""

from fullscore.domains.foundation.changes.services.approving import (
    approve,
    assess,
    break_freeze,
    reject,
    submit,
)
from fullscore.domains.foundation.changes.services.calendar import (
    add_freeze,
    change_freeze,
    issue_address,
    whose_address,
)
from fullscore.domains.foundation.changes.services.executing import (
    abandon,
    fail,
    finish,
    finish_step,
    review,
    roll_back,
    start,
    start_emergency,
)
from fullscore.domains.foundation.changes.services.outside import (
    end_trouble,
    record,
    tell_trouble,
)
from fullscore.domains.foundation.changes.services.requesting import assign, request, revise
from fullscore.domains.foundation.changes.services.returning import draft_return, reference
from fullscore.domains.foundation.changes.services.runbooks.writing import (
    add_runbook,
    approve_runbook,
    change_runbook,
)
from fullscore.domains.foundation.changes.services.standards import (
    add_standard,
    approve_standard,
    change_standard,
)
from fullscore.domains.foundation.changes.services.verifying import check_linked, verify, watch

__all__ = [
    "abandon",
    "add_freeze",
    "add_runbook",
    "add_standard",
    "approve",
    "approve_runbook",
    "approve_standard",
    "assess",
    "assign",
    "break_freeze",
    "change_freeze",
    "change_runbook",
    "change_standard",
    "check_linked",
    "draft_return",
    "end_trouble",
    "fail",
    "finish",
    "finish_step",
    "issue_address",
    "record",
    "reference",
    "reject",
    "request",
    "review",
    "revise",
    "roll_back",
    "start",
    "start_emergency",
    "submit",
    "tell_trouble",
    "verify",
    "watch",
    "whose_address",
]
