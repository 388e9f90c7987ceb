"""Taking samples in."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import numpy as np

from fullscore.connectors.samples import Samples
from fullscore.domains.foundation.estate.models import Item
from fullscore.domains.foundation.telemetry import queries
from fullscore.domains.foundation.telemetry.services.series import (
    Measured,
    fingerprint_of,
    resolve,
)
from fullscore.kit.errors import Invalid

FUTURE = timedelta(minutes=10)  # further ahead is a wrong clock, not a sample


def ingest(samples: Sequence[Measured], *, item: Item | None, now: datetime) -> int:
    """Store samples; on return they are durable. Returns how many were taken.

    Raises Invalid, and takes nothing, when one lies more than ten minutes ahead or has too many
    labels.
    """
    if not samples:
        return 0
    limit = queries.milliseconds(now + FUTURE)
    if ahead := next((s for s in samples if s.ts_ms > limit), None):
        raise Invalid(
            f"{ahead.name} is dated more than 10 minutes ahead: check the sender's clock."
        )
    prints = [fingerprint_of(s, item) for s in samples]
    ids = resolve(samples, prints, item, now)
    return queries.store().append(
        Samples(
            series=np.array([ids[p] for p in prints], dtype=np.int64),
            ts_ms=np.array([s.ts_ms for s in samples], dtype=np.int64),
            values=np.array([s.value for s in samples], dtype=np.float64),
        )
    )
