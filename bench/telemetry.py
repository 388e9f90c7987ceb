"""The sample store and remote-write beside Prometheus and VictoriaMetrics, all in one run.

`python -m bench telemetry`. The same values of 10,000 series, one a minute, go into all three; each
question is asked of all in turn, so that a busy machine is busy for all. Peers answer over HTTP on
loopback, as they always do; what they answer is received, not parsed. Values are those of
`bench.samples`: a third counters, percentages and steady gauges each.
"""

import argparse
import statistics
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from bench import incoming, peers, writes
from bench.samples import DAY, HOUR, MINUTE, history
from fullscore.connectors.prometheus.remote_write import decode
from fullscore.connectors.samples import Samples, SampleStore, open_store

START = (int(time.time() * 1000) // DAY - 2) * DAY  # peers keep recent samples only
CHUNK = 30  # minutes a peer is handed at once
ROUNDS = 9

# What is aimed at, by the beginning of a row's name.
TARGETS = {
    "append": "p50 ≤ 25 ms",
    "latest": "≤ 0.5 × Prometheus",
    "one series": "≤ 20 ms",
    "5 min mean": "≤ 0.5 × VictoriaMetrics",
    "p95": "≤ 500 ms",
    "remote-write": "≥ 1.5 × Prometheus, ≥ 0.7 × VictoriaMetrics (here: ≤ 0.67 ×, ≤ 1.43 ×)",
    "bytes": "≤ 1.6 × VictoriaMetrics, ≤ 0.8 × Prometheus",
    "reader during compaction: wrong": "0",
    "decode 10,000 × 1, series new": "≥ 0.5 × protobuf",
    "decode 10,000 × 1, series known": "≥ 5 × protobuf",
    "decode 500": "≥ 0.5 × protobuf",
}

Act = Callable[[int], object]
Rows = dict[str, dict[str, float]]  # workload → who → figure


def main() -> None:
    """Fill all, ask all, and print ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--series", type=int, default=10_000)
    parser.add_argument("--hours", type=int, default=12)
    options = parser.parse_args()
    with peers.temporary() as folder, peers.running(Path(folder)) as others:
        rows = measured(Path(folder), others, options.series, options.hours)
    print(f"\n{options.series:,} series, a sample a minute, {options.hours} h\n")
    print_table(rows)


def measured(folder: Path, others: list[peers.Peer], series: int, hours: int) -> Rows:
    """Return the figures of all workloads."""
    values, ids = history(series, hours * 60), np.arange(1, series + 1)
    store = open_store(f"parquet://{folder / 'store'}")
    rows: Rows = {"append 10,000 rows, durable [ms]": {"ours": fill(store, ids, values)}}
    for peer in others:
        fill_peer(peer, values)
    end = START + hours * HOUR
    rows |= asked(store, others, ids, end, "")
    rows["p95 of 10 groups, 2.9 M samples [ms]"] = {"ours": median_ms(p95(store, ids, end))}
    store.maintain(now_ms=START + 2 * DAY)
    days = asked(store, others, ids, end, ", packed by day")
    rows |= {name: figures for name, figures in days.items() if not name.startswith("latest")}
    stats = store.stats()
    rows["bytes per sample, compacted"] = {"ours": stats.bytes / stats.samples} | {
        peer.name: peer.bytes_of_samples() / stats.samples for peer in others
    }
    store.close()
    rows |= incoming.measured(folder, others)
    return rows | reading_during_compaction(folder, values[:240, :1000]) | decoding()


def fill(store: SampleStore, ids: np.ndarray, values: np.ndarray) -> float:
    """Append minute by minute with upkeep as it goes; return the median time in ms."""
    took = []
    for minute, row in enumerate(values):
        samples = Samples(ids, np.full(len(ids), START + minute * MINUTE), row)
        begin = time.perf_counter()
        store.append(samples)
        took.append(time.perf_counter() - begin)
        if minute % 10 == 9:
            store.maintain(now_ms=START + minute * MINUTE)
    return statistics.median(took) * 1000


def fill_peer(peer: peers.Peer, values: np.ndarray) -> None:
    """Hand a peer the same samples."""
    minutes, series = values.shape
    names = writes.keys(series)
    for first in range(0, minutes, CHUNK):
        part = values[first : first + CHUNK]
        ts_ms = START + (first + np.arange(len(part))) * MINUTE
        for low in range(0, series, 2000):
            peer.write(writes.block(names[low : low + 2000], ts_ms, part[:, low : low + 2000]))
    if peer.name == "VictoriaMetrics":
        peer.get("/internal/force_flush")


def asked(
    store: SampleStore, others: list[peers.Peer], ids: np.ndarray, end: int, when: str
) -> Rows:
    """Ask everybody the same questions, in turn."""
    half_a_day = {"start_ms": end - 12 * HOUR, "end_ms": end}
    blocked, spread = ids[3000:4000], ids[7::10]
    last = end - MINUTE
    five = {"step_ms": 300_000, "function": "avg", **half_a_day}
    every = '{__name__=~"node_bench.+"}'
    ours: dict[str, Act] = {
        "latest of 10,000 series, 5 min": lambda n: store.latest(ids, at_ms=last),
        "one series, 12 h": lambda n: store.read([1 + n * 97], **half_a_day),
        "5 min mean of 1,000 neighbours, 12 h": lambda n: store.aggregate(blocked, **five),
        "5 min mean of 1,000 spread, 12 h": lambda n: store.aggregate(spread, **five),
    }
    rows: Rows = {f"{name}{when} [ms]": {} for name in ours}
    theirs = {
        peer.name: [
            instant(peer, lambda n: every, last),
            instant(peer, lambda n: f"{{{_matched(n * 97)}}}[12h]", last),
            ranged(peer, 'avg_over_time({block="3"}[5m])', end),
            ranged(peer, 'avg_over_time({shard="7"}[5m])', end),
        ]
        for peer in others
    }
    for place, (name, act) in enumerate(ours.items()):
        acts = {"ours": act} | {who: acts[place] for who, acts in theirs.items()}
        rows[f"{name}{when} [ms]"] = in_turn(acts)
    return rows


def _matched(number: int) -> str:
    return ", ".join(f'{name}="{value}"' for name, value in writes.labels_of(number).items())


def instant(peer: peers.Peer, query: Callable[[int], str], at_ms: int) -> Act:
    """Return what asks a peer for one instant."""
    return lambda n: peer.get("/api/v1/query", query=query(n), time=at_ms / 1000)


def ranged(peer: peers.Peer, query: str, end: int) -> Act:
    """Return what asks a peer for half a day in steps of five minutes; buckets end at a step."""
    start = (end - 12 * HOUR + 300_000) / 1000
    return lambda n: peer.get(
        "/api/v1/query_range", query=query, start=start, end=end / 1000, step=300, nocache=1
    )


def p95(store: SampleStore, ids: np.ndarray, end: int) -> Act:
    """Return what asks for the 95th percentile of ten groups; the peers have no equal."""
    groups = {f"g{place}": ids[place::10] for place in range(10)}
    start = end - 290 * MINUTE
    return lambda n: store.quantile(groups, q=0.95, start_ms=start, end_ms=end)


def in_turn(acts: dict[str, Act]) -> dict[str, float]:
    """Return the median time of each act in ms; they take turns, after one round to warm up."""
    took: dict[str, list[float]] = {who: [] for who in acts}
    for number in range(ROUNDS + 1):
        for who, act in acts.items():
            begin = time.perf_counter()
            act(number)
            took[who].append(time.perf_counter() - begin)
    return {who: statistics.median(times[1:]) * 1000 for who, times in took.items()}


def median_ms(act: Act) -> float:
    """Return the median time of one act in ms."""
    return in_turn({"it": act})["it"]


def reading_during_compaction(folder: Path, values: np.ndarray) -> Rows:
    """Append and compact as fast as it goes, while another reader checks every answer."""
    url, ids = f"parquet://{folder / 'reading'}", np.arange(1, values.shape[1] + 1)
    store, reader = open_store(url), open_store(url)
    written, took, wrong, is_over = [0], [], [], threading.Event()

    def read() -> None:
        while not is_over.is_set():
            least, begin = written[0], time.perf_counter()
            found = reader.read([7], start_ms=START, end_ms=START + DAY)
            took.append(time.perf_counter() - begin)
            rows = len(found)
            is_whole = np.array_equal(found.ts_ms, START + np.arange(rows) * MINUTE)
            if rows < least or not is_whole or not np.array_equal(found.values, values[:rows, 6]):
                wrong.append(rows)

    thread = threading.Thread(target=read)
    thread.start()
    for minute, row in enumerate(values):
        store.append(Samples(ids, np.full(len(ids), START + minute * MINUTE), row))
        written[0] = minute + 1
        if minute % 4 == 3:
            store.maintain(now_ms=START + minute * MINUTE)
    store.maintain(now_ms=START + 2 * DAY)
    is_over.set()
    thread.join()
    store.close(), reader.close()
    return {
        "reader during compaction: questions": {"ours": len(took)},
        "reader during compaction: wrong answers": {"ours": len(wrong)},
        "reader during compaction: p99 [ms]": {"ours": float(np.quantile(took, 0.99)) * 1000},
    }


def decoding() -> Rows:
    """Return the CPU time of decoding beside that of the protobuf library alone, in ms."""
    rows: Rows = {}
    for name, series, samples in (("10,000 × 1", 10_000, 1), ("500 × 60", 500, 60)):
        received = writes.body(series, samples, at_ms=START)
        known = dict.fromkeys(decode(received).keys)
        plain = cpu_ms(lambda r=received: writes.plainly(r))
        rows[f"decode {name}, series new [ms]"] = {
            "ours": cpu_ms(lambda r=received: decode(r)),
            "protobuf": plain,
        }
        if samples == 1:
            rows[f"decode {name}, series known [ms]"] = {
                "ours": cpu_ms(lambda r=received, k=known: decode(r, known=k)),
                "protobuf": plain,
            }
    return rows


def cpu_ms(act: Callable[[], object]) -> float:
    """Return the median CPU time of an act in ms."""
    took = []
    for _ in range(ROUNDS):
        begin = time.process_time()
        act()
        took.append(time.process_time() - begin)
    return statistics.median(took) * 1000


def print_table(rows: Rows) -> None:
    """Print each figure, by how much a peer's is larger (above 1, ours is better), and the aim."""
    for name, figures in rows.items():
        ours = figures["ours"]
        told = [
            f"{who} {figure:.3g} ({figure / ours:.2f} ×)"
            for who, figure in figures.items()
            if who != "ours"
        ]
        aim = next((aim for begin, aim in TARGETS.items() if name.startswith(begin)), "")
        print(f"{name:56}{ours:9.3g}  {', '.join(told):62}  {aim}")


if __name__ == "__main__":
    main()
