"""What runs by itself: plans drawn up, servers patched, people told."""

from fullscore.domains.infrastructure.patching.jobs.executing import Patcher
from fullscore.domains.infrastructure.patching.jobs.planning import draw_up, notify_paused

__all__ = ["Patcher", "draw_up", "notify_paused"]
