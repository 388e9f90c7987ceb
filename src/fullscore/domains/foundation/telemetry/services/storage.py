"""What the sample store holds, kept as samples of our own."""

from datetime import datetime

from fullscore.domains.foundation.telemetry import queries
from fullscore.domains.foundation.telemetry.metrics import BYTES, FREE, SAMPLES, SEGMENTS, VOLUME
from fullscore.domains.foundation.telemetry.reading.storage import volume
from fullscore.domains.foundation.telemetry.services.intake import ingest
from fullscore.domains.foundation.telemetry.services.series import Measured


def measure_store(*, now: datetime) -> None:
    """Store how large the sample store is now, and how much room its volume has."""
    stats, room = queries.store().stats(), volume()
    told = {BYTES: stats.bytes, SAMPLES: stats.samples, SEGMENTS: stats.segments}
    if room is not None:
        told |= {VOLUME: room.size_bytes, FREE: room.free_bytes}
    at_ms = queries.milliseconds(now)
    ingest(
        [Measured(name, {}, float(value), at_ms) for name, value in told.items()],
        item=None,
        now=now,
    )
