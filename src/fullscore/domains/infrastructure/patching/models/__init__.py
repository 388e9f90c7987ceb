"""What is patched to which state, in which order, and when."""

from fullscore.domains.infrastructure.patching.models.baselines import (
    Baseline,
    Hold,
    Ring,
    Urgency,
)
from fullscore.domains.infrastructure.patching.models.windows import PatchWindow

__all__ = ["Baseline", "Hold", "PatchWindow", "Ring", "Urgency"]
