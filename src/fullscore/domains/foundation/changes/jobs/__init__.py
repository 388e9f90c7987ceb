"""What follows from changes and runbooks, and what the clock does with them."""

from fullscore.domains.foundation.changes.jobs.following import (
    bring_back,
    check_linked,
    expect_breaches,
    expect_no_more,
    finish_watched,
    notify_asked,
    notify_driver,
    notify_proposed,
    watch,
)
from fullscore.domains.foundation.changes.jobs.running import Runner

__all__ = [
    "Runner",
    "bring_back",
    "check_linked",
    "expect_breaches",
    "expect_no_more",
    "finish_watched",
    "notify_asked",
    "notify_driver",
    "notify_proposed",
    "watch",
]
