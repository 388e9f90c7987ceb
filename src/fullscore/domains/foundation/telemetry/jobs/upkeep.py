"""Upkeep of the sample store, and of whose series are."""

from fullscore.domains.foundation.telemetry import queries, services
from fullscore.domains.foundation.telemetry.services import Measured
from fullscore.kit import time
from fullscore.kit.jobs import every

REFUSED = "fullscore_samples_refused_total"


@every(minutes=1, queue="slow")
def maintain_store() -> None:
    """Compact, roll up and drop what is old."""
    queries.store().maintain(now_ms=queries.milliseconds(time.now()))


@every(minutes=10, queue="slow")
def bind_unowned() -> None:
    """Give series that are nobody's to items that have become known since."""
    services.bind_unowned()


@every(minutes=1)
def tell_refused() -> None:
    """Keep as samples of our own how many were not taken, by reason."""
    now = time.now()
    at_ms = queries.milliseconds(now)
    told = [
        Measured(REFUSED, {"reason": reason}, float(count), at_ms)
        for reason, count in queries.refused_by_reason().items()
    ]
    services.ingest(told, item=None, now=now)


@every(seconds=15)
def judge_thresholds() -> None:
    """Say which series are beyond their thresholds, and which no longer are."""
    services.judge(now=time.now())
