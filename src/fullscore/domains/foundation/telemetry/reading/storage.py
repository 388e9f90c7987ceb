"""The sample store as it is: what it holds, for how long, and when its volume is full."""

import shutil
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import numpy as np
from django.conf import settings
from django.db.models import Max, Sum

from fullscore.domains.foundation.telemetry import queries
from fullscore.domains.foundation.telemetry.facts import Filling, TurnedAway
from fullscore.domains.foundation.telemetry.metrics import FREE, VOLUME
from fullscore.domains.foundation.telemetry.models import Refusal, Series
from fullscore.domains.foundation.telemetry.queries import milliseconds
from fullscore.engines.forecast import Sample, days_until_full
from fullscore.kit.checks import Scope

LOOKED_BACK = timedelta(days=14)
STILL = timedelta(minutes=3)  # senders try again much sooner
LEAST_DAYS = 1.0  # of history: over less a forecast is a guess
HOUR_MS, DAY_MS = 3_600_000, 86_400_000


class Volume(NamedTuple):
    """The volume a store lies on."""

    folder: Path
    size_bytes: int
    free_bytes: int


class Rejected(NamedTuple):
    """Samples that were not taken, by reason."""

    reason: str
    words: str
    samples: int
    last_at: datetime

    @property
    def many(self) -> str:
        """Return how many samples, as people write it."""
        return f"{self.samples:,}"


def days_left(volume: Filling) -> float | None:
    """Return the days until a volume is full; None for never, or while a day is not known yet."""
    if volume.days[-1] - volume.days[0] < LEAST_DAYS:
        return None
    samples = [Sample(*pair) for pair in zip(volume.days, volume.used, strict=True)]
    return days_until_full(samples, volume.size_bytes)


def rejected() -> list[Rejected]:
    """Return what was not taken so far, by reason, the most first. One question."""
    rows = Refusal.objects.order_by().values_list("reason")
    words = dict(Refusal.Reason.choices)
    told = [
        Rejected(reason, str(words.get(reason, reason)), samples, last_at)
        for reason, samples, last_at in rows.annotate(Sum("count"), Max("last_at"))
    ]
    return sorted(told, key=lambda one: -one.samples)


def turned_away(scope: Scope) -> list[TurnedAway]:
    """Return how many samples the store turns away just now; nothing where items are asked."""
    if scope.items is not None:
        return []
    late = Refusal.objects.filter(
        reason=Refusal.Reason.NO_ROOM, last_at__gt=scope.now - STILL
    ).order_by("-last_at")
    rows = list(late.values_list("count", "example"))
    return [TurnedAway(sum(count for count, _ in rows), rows[0][1] if rows else "")]


def folder() -> Path | None:
    """Return where the samples lie on this machine; None when they stand elsewhere."""
    url: str = settings.OPTIONS.samples_url
    if not url:
        return Path(settings.OPTIONS.home) / "samples"
    return Path(url.removeprefix("parquet://")) if url.startswith("parquet://") else None


def volume() -> Volume | None:
    """Return the volume under the store; None when it is not this machine's to look at."""
    place = folder()
    if place is None or not place.exists():
        return None
    usage = shutil.disk_usage(place)
    return Volume(place, usage.total, usage.free)


def filling(scope: Scope) -> list[Filling]:
    """Return how the volume under the store filled in fourteen days; nothing while unknown."""
    if scope.items is not None:
        return []
    rows = Series.objects.filter(metric__name__in=(VOLUME, FREE), item=None)
    series = {name: pk for pk, name in rows.values_list("pk", "metric__name")}
    if series.keys() != {VOLUME, FREE}:
        return []
    end = milliseconds(scope.now)
    seen = queries.store().aggregate(
        list(series.values()),
        start_ms=end - int(LOOKED_BACK.total_seconds() * 1000),
        end_ms=end,
        step_ms=HOUR_MS,
        function="last",
    )
    free, size = seen.series == series[FREE], seen.series == series[VOLUME]
    both = np.intersect1d(seen.ts_ms[free], seen.ts_ms[size])
    if not len(both):
        return []
    frees = seen.values[free][np.isin(seen.ts_ms[free], both)]
    sizes = seen.values[size][np.isin(seen.ts_ms[size], both)]
    days, used = (both / DAY_MS).tolist(), (sizes - frees).tolist()
    return [Filling(float(sizes[-1]), float(frees[-1]), tuple(days), tuple(used))]
