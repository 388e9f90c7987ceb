"""What can be done with samples, series and keys."""

from fullscore.domains.foundation.telemetry.services.intake import ingest
from fullscore.domains.foundation.telemetry.services.keys import (
    issue_push_key,
    owner_of_key,
    revoke,
)
from fullscore.domains.foundation.telemetry.services.series import (
    Measured,
    fingerprint_of,
    metrics_named,
    mute,
    unmute,
)

__all__ = [
    "Measured",
    "fingerprint_of",
    "ingest",
    "issue_push_key",
    "metrics_named",
    "mute",
    "owner_of_key",
    "revoke",
    "unmute",
]
