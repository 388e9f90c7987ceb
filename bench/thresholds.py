"""Measure a pass over thresholds: 100,000 series × 20 thresholds, judged every 15 seconds.

    python -m bench thresholds [--series 100000]

Fills a temporary installation (SQLite, Parquet): 1,000 hosts, 20 metrics with as many series each,
15 minutes of samples every 15 s, of which the oldest are packed as the upkeep packs them. Twice:
20 thresholds on one metric each (as many judgements as series), and 20 on all (20 times as many).
Functions and windows are five: the mean of 1 and 5 minutes, most of 5, newest of 1, rate of 5.
"""

import argparse
import os
import tempfile
import time
from collections.abc import Callable

import numpy as np

TARGET_SECONDS = 5.0
ROUNDS = 3
HOSTS, METRICS, MINUTES = 1000, 20, 15
WINDOWS = [("avg", 60), ("avg", 300), ("max", 300), ("last", 60), ("rate", 300)]


def main() -> None:
    """Fill, judge, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--series", type=int, default=100_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="fullscore-bench-") as home:
        os.environ |= {"FULLSCORE_HOME": home, "FULLSCORE_LOG_LEVEL": "warning",
                       "DJANGO_SETTINGS_MODULE": "fullscore.config.settings"}  # fmt: skip
        import django

        django.setup()
        measure(options.series)


def measure(count: int) -> None:
    """Print how long a pass takes, with one metric each and with one for all."""
    from django.core.management import call_command

    from fullscore.domains.foundation.telemetry.models import Threshold

    call_command("migrate", verbosity=0)
    call_command("createcachetable", verbosity=0)
    now, metrics = filled(count)
    print(f"{'a pass over':58} {'median s':>9} {'target':>7}")
    set_thresholds(metrics)
    told(f"{count:,} series, 20 thresholds, a metric each", now)
    Threshold.objects.all().delete()
    from fullscore.domains.foundation.telemetry.models import Series

    Series.objects.update(metric=metrics[0])
    set_thresholds(metrics[:1] * METRICS)
    told(f"{count:,} series × 20 thresholds, all on every series", now)


def filled(count: int) -> tuple[object, list[object]]:
    """Make hosts, series and their samples; a hundredth is beyond its limit."""
    from fullscore.connectors.samples import Samples
    from fullscore.domains.foundation.estate.models import Item
    from fullscore.domains.foundation.telemetry import queries
    from fullscore.domains.foundation.telemetry.models import Metric, Series
    from fullscore.kit import time as clock

    now = clock.now()
    hosts = Item.objects.bulk_create([Item(kind="host", name=f"host{n}") for n in range(HOSTS)])
    metrics = Metric.objects.bulk_create([Metric(name=f"bench_{n}") for n in range(METRICS)])
    Series.objects.bulk_create(
        [
            Series(
                metric=metrics[n % METRICS], item=hosts[n // METRICS % HOSTS],
                fingerprint=n.to_bytes(16, "big"), labels={"n": str(n)}, first_at=now, last_at=now,
            )
            for n in range(count)
        ],
        batch_size=500,
    )  # fmt: skip
    ids = np.array(sorted(Series.objects.values_list("pk", flat=True)))
    values = np.where(np.arange(count) % 100 == 0, 90.0, 10.0)
    end = queries.milliseconds(now)
    for ts in range(end - MINUTES * 60_000, end, 15_000):
        queries.store().append(Samples(ids, np.full(count, ts), values))
        if (end - ts) % 60_000 == 0:
            queries.store().maintain(now_ms=end)
    return now, list(metrics)


def set_thresholds(metrics: list[object]) -> None:
    """Set a threshold for each metric, all functions and windows in turn."""
    from fullscore.domains.foundation.telemetry.models import Threshold

    for n, metric in enumerate(metrics):
        function, window = WINDOWS[n % len(WINDOWS)]
        Threshold.objects.create(
            metric=metric, function=function, window_seconds=window, high_at=80 + n / 100,
            clear_at=70,
        )  # fmt: skip


def told(name: str, now: object) -> None:
    """Print the median of a pass: reading, judging, and writing what began (nothing, after one)."""
    from fullscore.domains.foundation.telemetry.reading.judged import judged
    from fullscore.domains.foundation.telemetry.services.judging import record

    record(judged(now))  # type: ignore[arg-type]

    def one_pass() -> None:
        record(judged(now))  # type: ignore[arg-type]

    seconds = sorted(timed(one_pass) for _ in range(ROUNDS))[ROUNDS // 2]
    print(f"{name:58} {seconds:9.2f} {'≤ ' + str(TARGET_SECONDS):>7}")


def timed(act: Callable[[], None]) -> float:
    """Return the seconds something takes."""
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
