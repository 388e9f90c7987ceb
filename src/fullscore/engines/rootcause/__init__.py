"""Which item is to blame: what shifted, what explains what, and what was changed before."""

from .ranking import Suspect, rank
from .reasons import RecentChange
from .shifts import Signal

__all__ = ["RecentChange", "Signal", "Suspect", "rank"]
