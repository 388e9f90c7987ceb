"""What can be done with findings: settle what checks say, and work on what they found."""

from fullscore.domains.foundation.findings.services.folding import fold
from fullscore.domains.foundation.findings.services.moving import follow_merge
from fullscore.domains.foundation.findings.services.running import (
    disable,
    enable,
    list_checks,
    release,
    run,
    run_check,
    tune,
)
from fullscore.domains.foundation.findings.services.settling import settle
from fullscore.domains.foundation.findings.services.waivers import (
    ask_exception,
    end_expired,
    grant,
    refuse,
    revoke,
)
from fullscore.domains.foundation.findings.services.working import (
    LONGEST_MUTE_DAYS,
    acknowledge,
    announce_overdue,
    assign,
    comment,
    forget_old,
    mute,
    reopen_unanswered,
    return_to_teams,
    say_fixed,
    unmute,
    verify,
)

__all__ = [
    "LONGEST_MUTE_DAYS",
    "acknowledge",
    "announce_overdue",
    "ask_exception",
    "assign",
    "comment",
    "disable",
    "enable",
    "end_expired",
    "fold",
    "follow_merge",
    "forget_old",
    "grant",
    "list_checks",
    "mute",
    "refuse",
    "release",
    "reopen_unanswered",
    "return_to_teams",
    "revoke",
    "run",
    "run_check",
    "say_fixed",
    "settle",
    "tune",
    "unmute",
    "verify",
]
