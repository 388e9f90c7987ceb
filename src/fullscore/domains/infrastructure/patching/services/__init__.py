"""What can be done with campaigns, and with baselines, rings, windows and what presses."""

from fullscore.domains.infrastructure.patching.services.campaigns import (
    accept_outage,
    approve,
    draft,
    plan,
    propose,
    revise,
    simulate,
    skip,
)
from fullscore.domains.infrastructure.patching.services.keeping import (
    add_hold,
    add_ring,
    add_window,
    change_hold,
    change_ring,
    change_window,
    tell_urgencies,
)

__all__ = [
    "accept_outage",
    "add_hold",
    "add_ring",
    "add_window",
    "approve",
    "change_hold",
    "change_ring",
    "change_window",
    "draft",
    "plan",
    "propose",
    "revise",
    "simulate",
    "skip",
    "tell_urgencies",
]
