"""How fast and how small the sample store is: `python -m bench.samples`.

Values are what hosts really send: counters that rise unevenly, percentages with one decimal that
wander, gauges that mostly stand still. One sample per series and minute; each figure is the median
of several runs in one process.
"""

import argparse
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from fullscore.connectors.samples import Samples, SampleStore, open_store

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
START = 1_780_000_000_000 // DAY * DAY
# What is aimed at, and what was known before, per design/telemetry.md §9.
TARGETS = {
    "append 10,000 rows, durable": "≤ 25 ms",
    "latest of 10,000 series, 5 min": "13 ms; Prometheus 168, VictoriaMetrics 130",
    "one series, 12 h": "≤ 20 ms; Prometheus 0.8",
    "5 min mean of 1,000 series, 12 h": "≤ 110 ms; VictoriaMetrics 221",
    "5 min rate of 1,000 series, 12 h": "",
    "p95 per group over all samples": "≤ 500 ms",
    # Of other values: comparable only once the peers store these here.
    "bytes per sample, hours": "3.11 of other values",
    "bytes per sample, day": "VictoriaMetrics 2.32, Prometheus ≈ 4.5 of other values",
    "memory an appending process needs more": "< 60 MiB",
    "memory of the asking process": "",
}
APPENDING = """
import sys, resource
import numpy as np
def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
before = peak()
from fullscore.connectors.samples import Samples, open_store
store = open_store(sys.argv[1])
series = np.arange(1, 10001)
for n in range(50):
    store.append(Samples(series, np.full(10000, {start} + n * 5000), np.random.rand(10000)))
print(peak() - before)
"""


def history(series: int, minutes: int) -> np.ndarray:
    """Return values by minute and series: a third counters, percentages and gauges each."""
    random = np.random.default_rng(1)
    shape = (minutes, series // 3)
    counters = np.cumsum(random.poisson(3000, shape), axis=0).astype(np.float64)
    percentages = np.round(np.clip(50 + np.cumsum(random.normal(0, 1, shape), axis=0), 0, 100), 1)
    steps = np.where(random.random(shape) < 0.02, random.integers(-4, 5, shape) * 4096, 0)
    gauges = 2.0**30 + np.cumsum(steps, axis=0)
    rest = np.ones((minutes, series - 3 * (series // 3)))
    return np.concatenate([counters, percentages, gauges, rest], axis=1)


def median_ms(act: Callable[[int], object], times: int) -> float:
    """Return the median time of an act in milliseconds, after one that warms up."""
    act(0)
    took = []
    for number in range(1, times + 1):
        begin = time.perf_counter()
        act(number)
        took.append(time.perf_counter() - begin)
    return statistics.median(took) * 1000


def measured(folder: Path, series: int, hours: int) -> dict[str, str]:
    """Fill a store and ask it; return what was measured, by name."""
    url, values = f"parquet://{folder / 'store'}", history(series, hours * 60)
    store, ids = open_store(url), np.arange(1, series + 1)

    def append(minute: int) -> None:
        store.append(Samples(ids, np.full(series, START + minute * MINUTE), values[minute]))

    told = {"append 10,000 rows, durable": f"{median_ms(append, 59):.1f} ms"}
    for minute in range(60, hours * 60):
        append(minute)
        if minute % 10 == 9:
            store.maintain(now_ms=START + minute * MINUTE)
    end = START + hours * HOUR
    told["segments before the day is over"] = str(store.stats().segments)
    told["bytes per sample, hours"] = f"{store.stats().bytes / store.stats().samples:.2f}"
    told |= asked(store, series, end, " (hours)")
    begin = time.perf_counter()
    store.maintain(now_ms=START + 2 * DAY)
    told["making the day"] = f"{time.perf_counter() - begin:.1f} s"
    told["bytes per sample, day"] = f"{store.stats().bytes / store.stats().samples:.2f}"
    told |= asked(store, series, end, "")
    store.close()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    told["memory of the asking process"] = f"{peak:.0f} MiB at its peak, test data included"
    return told


def asked(store: SampleStore, series: int, end: int, when: str) -> dict[str, str]:
    """Return the times of the questions."""
    ids, thousand = np.arange(1, series + 1), np.arange(series // 3, series // 3 + 1000)
    spread = np.arange(1, series + 1, max(1, series // 1000))
    half_a_day = {"start_ms": end - 12 * HOUR, "end_ms": end}
    groups = {f"g{n}": ids[n::10] for n in range(10)}
    acts = {
        "latest of 10,000 series, 5 min": lambda n: store.latest(ids, at_ms=end),
        "one series, 12 h": lambda n: store.read([1 + n * 97 % series], **half_a_day),
        "5 min mean of 1,000 series, 12 h": lambda n: store.aggregate(
            thousand, step_ms=300_000, function="avg", **half_a_day
        ),
        "the same, spread over all 10,000": lambda n: store.aggregate(
            spread, step_ms=300_000, function="avg", **half_a_day
        ),
        "5 min rate of 1,000 series, 12 h": lambda n: store.aggregate(
            thousand, step_ms=300_000, function="rate", **half_a_day
        ),
        "p95 per group over all samples": lambda n: store.quantile(
            groups, q=0.95, start_ms=end - 5 * HOUR, end_ms=end
        ),
    }
    if not when:
        del acts["latest of 10,000 series, 5 min"]  # nobody asks for the latest of a past day
    return {name + when: f"{median_ms(act, 9):.1f} ms" for name, act in acts.items()}


def main() -> None:
    """Print a table of what was measured beside what is aimed at."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--series", type=int, default=10_000)
    parser.add_argument("--hours", type=int, default=12)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        code = APPENDING.format(start=START)
        command = [sys.executable, "-c", code, f"parquet://{folder}/appending"]
        more = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        told = {"memory an appending process needs more": f"{float(more):.0f} MiB beyond NumPy"}
        told |= measured(Path(folder), options.series, options.hours)
    print(f"{options.series:,} series, a sample a minute, {options.hours} h\n")
    for name, value in told.items():
        aim = TARGETS.get(name.removesuffix(" (hours)"), "")
        print(f"{name:42} {value:40} {aim}")


if __name__ == "__main__":
    main()
