"""Which item is to blame: what shifted, what explains what, and what was changed before."""

from .ranking import RecentChange, Suspect, rank
from .shifts import Signal

__all__ = ["RecentChange", "Signal", "Suspect", "rank"]
