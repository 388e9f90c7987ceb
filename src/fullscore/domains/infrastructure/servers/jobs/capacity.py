"""Capacity by itself: once the day is over, its figures and what follows from them."""

from datetime import UTC, timedelta

from fullscore.domains.infrastructure.servers import services
from fullscore.domains.infrastructure.servers.queries import capacity
from fullscore.kit import time
from fullscore.kit.jobs import every
from fullscore.kit.models.user import system


@every(hours=1, at="00:20", queue="slow")
def measure_capacity() -> None:
    """Say what each server used on the days that are over, and when that runs out.

    It looks every hour and works once a day: so a machine that slept at midnight catches up.
    """
    now = time.now()
    known = capacity.known_until()
    if known is None or known < (now.astimezone(UTC) - timedelta(days=1)).date():
        services.measure_capacity(by=system(), now=now)
