"""What can be done with baselines, rings, windows, and what presses."""

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
    "add_hold",
    "add_ring",
    "add_window",
    "change_hold",
    "change_ring",
    "change_window",
    "tell_urgencies",
]
