"""Measure what watching costs: 100 series with a sample every 15 s, looked at every minute.

    python -m bench watching [--series 100]

Fills a temporary installation (SQLite, Parquet) with two weeks of a sample a minute and the last
hours of one every 15 s, lets the series learn, then looks minute by minute. The share is what a
look takes of the minute it is for, by the processor's time of this process; learning is paid once
per series.
"""

import argparse
import os
import tempfile
import time
from datetime import timedelta
from typing import Any

import numpy as np

TARGET_PERCENT = 5.0  # of one core
ROUNDS = 20
DAYS, FINE_HOURS = 14, 2


def main() -> None:
    """Fill, learn, look, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--series", type=int, default=100)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="fullscore-bench-") as home:
        os.environ |= {"FULLSCORE_HOME": home, "FULLSCORE_LOG_LEVEL": "warning",
                       "DJANGO_SETTINGS_MODULE": "fullscore.config.settings"}  # fmt: skip
        import django

        django.setup()
        measure(options.series)


def measure(count: int) -> None:
    """Print what learning costs per series, and a look at all of them per minute."""
    from django.core.management import call_command

    from fullscore.domains.response.troubleshooting import services
    from fullscore.kit.models.user import system

    call_command("migrate", verbosity=0)
    call_command("createcachetable", verbosity=0)
    now = filled(count)
    by, began = system(), time.process_time()
    learned = 0
    while learned < count:
        services.look(now=now, by=by)
        learned += services.watching.LEARNT_AT_ONCE
    learning = (time.process_time() - began) / count
    taken = []
    for minute in range(1, ROUNDS + 1):
        began = time.process_time()
        services.look(now=now + timedelta(minutes=minute), by=by)
        taken.append(time.process_time() - began)
    share = float(np.median(taken)) / 60 * 100
    print(f"{'learning two weeks, per series':50} {learning * 1000:8.0f} ms")
    print(f"{f'a look at {count} series, median of {ROUNDS}':50} {np.median(taken) * 1000:8.0f} ms")
    print(f"{'of one core':50} {share:8.2f} %   target ≤ {TARGET_PERCENT} %")


def filled(count: int) -> Any:
    """Make hosts, series, a watch and samples; return the moment at which looking begins."""
    from fullscore.connectors.samples import Samples
    from fullscore.domains.foundation.estate.models import Item
    from fullscore.domains.foundation.telemetry import queries
    from fullscore.domains.foundation.telemetry.models import Metric, Series
    from fullscore.domains.response.troubleshooting.models import Watch
    from fullscore.kit import time as clock

    until = clock.now().replace(second=0, microsecond=0)
    now = until - timedelta(minutes=ROUNDS + 1)
    metric = Metric.objects.create(name="bench_load")
    hosts = Item.objects.bulk_create([Item(kind="host", name=f"host{n}") for n in range(count)])
    Series.objects.bulk_create(
        Series(metric=metric, item=host, fingerprint=n.to_bytes(16, "big"), first_at=now,
               last_at=now)
        for n, host in enumerate(hosts)
    )  # fmt: skip
    Watch.objects.create(metric=metric)
    ids = np.array(sorted(Series.objects.values_list("pk", flat=True)))
    end = queries.milliseconds(until)
    fine = end - FINE_HOURS * 3_600_000
    coarse = np.arange(end - DAYS * 86_400_000, fine, 60_000)
    dice = np.random.default_rng(1)
    for ts in np.array_split(np.concatenate([coarse, np.arange(fine, end, 15_000)]), 40):
        shape = (len(ts), count)
        values = 10 + 5 * np.sin(ts / 86_400_000 * 2 * np.pi)[:, None] + dice.normal(0, 1, shape)
        queries.store().append(Samples(np.tile(ids, len(ts)), np.repeat(ts, count), values.ravel()))
    queries.store().maintain(now_ms=end)
    return now


if __name__ == "__main__":
    main()
