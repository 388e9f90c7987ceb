"""What can be done with items, what they need, and what sources say of them."""

from fullscore.domains.foundation.estate.services.deciding import adopt, confirm, dismiss, match
from fullscore.domains.foundation.estate.services.differences import (
    accept,
    ask_again,
    compare,
    ignore,
    reject,
)
from fullscore.domains.foundation.estate.services.found import (
    declare,
    see_certificates,
    see_listeners,
    undeclare,
)
from fullscore.domains.foundation.estate.services.identity import merge, split
from fullscore.domains.foundation.estate.services.items import change, reopen, retire
from fullscore.domains.foundation.estate.services.links import link, require, unlink
from fullscore.domains.foundation.estate.services.scopes import (
    allow,
    ask_scope,
    change_scope,
    pause,
    resume,
    stop_all,
)
from fullscore.domains.foundation.estate.services.sightings import (
    Batch,
    Told,
    change_source,
    record_batch,
    source_of,
)
from fullscore.domains.foundation.estate.services.telling import identify, known_as

__all__ = [
    "Batch",
    "Told",
    "accept",
    "adopt",
    "allow",
    "ask_again",
    "ask_scope",
    "change",
    "change_scope",
    "change_source",
    "compare",
    "confirm",
    "declare",
    "dismiss",
    "identify",
    "ignore",
    "known_as",
    "link",
    "match",
    "merge",
    "pause",
    "record_batch",
    "reject",
    "reopen",
    "require",
    "resume",
    "retire",
    "see_certificates",
    "see_listeners",
    "source_of",
    "split",
    "stop_all",
    "undeclare",
    "unlink",
]
