"""The kit's own tables: who acted, what was written, how it was before, who must be told."""

from fullscore.kit.models.audit import AuditEntry
from fullscore.kit.models.history import Version, VersionBase
from fullscore.kit.models.jobs import ClockedRun, DeadLetter, Lease, WorkerBeat
from fullscore.kit.models.limits import LimitCount
from fullscore.kit.models.live import LiveChange
from fullscore.kit.models.notify import Notification
from fullscore.kit.models.search import SearchEntry
from fullscore.kit.models.secret import Secret
from fullscore.kit.models.user import User
from fullscore.kit.models.views import SavedView

__all__ = [
    "AuditEntry", "ClockedRun", "DeadLetter", "Lease", "LimitCount", "LiveChange", "Notification",
    "SavedView", "SearchEntry", "Secret", "User", "Version", "VersionBase", "WorkerBeat",
]  # fmt: skip
