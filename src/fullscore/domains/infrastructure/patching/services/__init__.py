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
from fullscore.domains.infrastructure.patching.services.driving import (
    pause,
    resume,
    roll_back_wave,
    start,
    stop,
)
from fullscore.domains.infrastructure.patching.services.entering import (
    add_access,
    change_access,
    give_access_key,
    make_access_key,
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
from fullscore.domains.infrastructure.patching.services.looking import accept_no_way_back, look
from fullscore.domains.infrastructure.patching.services.running import roll_back
from fullscore.domains.infrastructure.patching.services.upgrading import draft_upgrade

__all__ = [
    "accept_no_way_back",
    "accept_outage",
    "add_access",
    "add_hold",
    "add_ring",
    "add_window",
    "approve",
    "change_access",
    "change_hold",
    "change_ring",
    "change_window",
    "draft",
    "draft_upgrade",
    "give_access_key",
    "look",
    "make_access_key",
    "pause",
    "plan",
    "propose",
    "resume",
    "revise",
    "roll_back",
    "roll_back_wave",
    "simulate",
    "skip",
    "start",
    "stop",
    "tell_urgencies",
]
