"""Upkeep of the sample store, and of whose series are."""

import errno
from contextlib import closing

from fullscore.connectors.base import Refused
from fullscore.domains.foundation.telemetry import queries, services
from fullscore.domains.foundation.telemetry.metrics import REFUSED
from fullscore.domains.foundation.telemetry.services import Measured
from fullscore.kit import time
from fullscore.kit.jobs import every
from fullscore.kit.log import get_logger
from fullscore.kit.models.user import system

log = get_logger()


@every(minutes=1, queue="slow")
def maintain_store() -> None:
    """Compact, roll up and drop what is old; on a full volume it is tried again in a minute."""
    with closing(queries.keeper()) as store:
        try:
            store.maintain(now_ms=queries.milliseconds(time.now()))
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
            log.warning("the store cannot be compacted", error=str(error))
        except Refused as error:  # how its book says the same
            log.warning("the store cannot be compacted", error=str(error))


@every(minutes=10, queue="slow")
def bind_unowned() -> None:
    """Give series that are nobody's to items that have become known since."""
    services.bind_unowned()


@every(minutes=1)
def end_mutes() -> None:
    """Let checks look again at what was muted for a time that is over."""
    services.end_mutes(now=time.now(), by=system())


@every(minutes=2, queue="slow")
def mark_doubles() -> None:
    """Listen to one source alone where several tell of one host."""
    services.mark_doubles(now=time.now())


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


@every(seconds=15, queue="urgent", priority=10)
def judge_thresholds() -> None:
    """Say which series are beyond their thresholds, and which no longer are."""
    services.judge(now=time.now())


@every(hours=1, queue="slow")
def learn_intervals() -> None:
    """Learn how often each series comes, by which a late one is known."""
    services.learn_intervals(now=time.now())


@every(minutes=10, queue="slow")
def measure_store() -> None:
    """Keep as samples of our own what the sample store holds, by which it is known to fill."""
    services.measure_store(now=time.now())
