"""What is patched to which state, in which order, and when."""

from fullscore.domains.infrastructure.patching.models.baselines import (
    Baseline,
    Hold,
    Ring,
    Urgency,
)
from fullscore.domains.infrastructure.patching.models.campaigns import (
    AcceptedOutage,
    Campaign,
    ServerRun,
    Wave,
)
from fullscore.domains.infrastructure.patching.models.execution import (
    PatchAccess,
    RunStep,
    SpareLease,
)
from fullscore.domains.infrastructure.patching.models.windows import PatchWindow

__all__ = [
    "AcceptedOutage",
    "Baseline",
    "Campaign",
    "Hold",
    "PatchAccess",
    "PatchWindow",
    "Ring",
    "RunStep",
    "ServerRun",
    "SpareLease",
    "Urgency",
    "Wave",
]
