"""Upkeep of the sample store."""

from fullscore.domains.foundation.telemetry import queries
from fullscore.kit import time
from fullscore.kit.jobs import every


@every(minutes=1, queue="slow")
def maintain_store() -> None:
    """Compact, roll up and drop what is old."""
    queries.store().maintain(now_ms=queries.milliseconds(time.now()))
