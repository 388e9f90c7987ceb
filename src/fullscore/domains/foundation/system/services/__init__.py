"""What can be done with files and inventories: see what they would do, let it happen, undo it."""

from fullscore.domains.foundation.system.services.fetching import ask, fetch
from fullscore.domains.foundation.system.services.files import (
    apply,
    change,
    forget_old,
    idle,
    receive,
    refused,
    take_back,
    undo,
    write,
)
from fullscore.domains.foundation.system.services.inventory import (
    bring_in,
    columns,
    give_meaning,
    take_in,
    understand,
)
from fullscore.domains.foundation.system.services.versions import broken, thin

__all__ = [
    "apply",
    "ask",
    "bring_in",
    "broken",
    "change",
    "columns",
    "fetch",
    "forget_old",
    "give_meaning",
    "idle",
    "receive",
    "refused",
    "take_back",
    "take_in",
    "thin",
    "understand",
    "undo",
    "write",
]
