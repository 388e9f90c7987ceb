"""What can be done about suspects, causes and what is watched."""

from fullscore.domains.response.troubleshooting.services.causes import (
    forget_rankings,
    name_cause,
    rank,
    rank_again,
    this_was_it,
)
from fullscore.domains.response.troubleshooting.services.watching import (
    change_watch,
    expect,
    forget_anomalies,
    look,
    watch,
)

__all__ = [
    "change_watch",
    "expect",
    "forget_anomalies",
    "forget_rankings",
    "look",
    "name_cause",
    "rank",
    "rank_again",
    "this_was_it",
    "watch",
]
