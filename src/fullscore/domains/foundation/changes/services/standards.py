"""Changes that are approved beforehand: an edit takes that approval back."""

from typing import Any

from fullscore.domains.foundation.changes.models import StandardChange
from fullscore.domains.foundation.changes.models.words import Rollback
from fullscore.domains.foundation.estate import queries as estate
from fullscore.kit import time
from fullscore.kit.audit import recorded
from fullscore.kit.errors import Conflict
from fullscore.kit.models import User


def add_standard(*, by: User, **values: Any) -> StandardChange:
    """Write down how a change is done each time; somebody else approves it."""
    estate.selected(values.get("selector", ""))
    standard = StandardChange(written_by=by, **values)
    with recorded(standard, "add", by=by):
        pass
    return standard


def change_standard(standard: StandardChange, *, by: User, **values: Any) -> StandardChange:
    """Edit a standard change: whoever edits wrote it, and its approval is gone."""
    estate.selected(values.get("selector", standard.selector))
    with recorded(standard, "change", by=by):
        for name, value in values.items():
            setattr(standard, name, value)
        if values:
            standard.written_by, standard.approved_by, standard.approved_at = by, None, None
    return standard


def approve_standard(standard: StandardChange, *, by: User, note: str = "") -> StandardChange:
    """Let changes of this sort go ahead without anybody being asked each time."""
    if standard.approved_by_id is not None:
        raise Conflict("It is approved already.")
    if standard.written_by_id == by.pk:
        raise Conflict("Someone else must approve your standard change.")
    if standard.rollback == Rollback.NONE:
        raise Conflict("What has no way back is not approved beforehand.")
    with recorded(standard, "approve", by=by, note=note):
        standard.approved_by, standard.approved_at = by, time.now()
    return standard
