"""What can be done with clouds: accounts read, bills taken in and reconciled."""

from fullscore.domains.infrastructure.cloud.services.accounts import (
    add_account,
    give_key,
    note_unread,
    pause_account,
    read_account,
    resume_account,
    take_reading,
)
from fullscore.domains.infrastructure.cloud.services.costs import reconcile, take_bill

__all__ = [
    "add_account",
    "give_key",
    "note_unread",
    "pause_account",
    "read_account",
    "reconcile",
    "resume_account",
    "take_bill",
    "take_reading",
]
