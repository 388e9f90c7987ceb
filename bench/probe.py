"""What the probe costs the machine it looks at: `python -m bench.probe`.

Samples are taken in the collector's own process every 15 s: under 1 % of one core. Facts are
read by a process
of their own every 15 minutes: under 2 s.
"""

import resource
import time

from fullscore.connectors.probe import client, parse

EVERY_SECONDS = 15.0
ROUNDS = 40


def main() -> None:
    """Measure both ways and print them beside their targets."""
    local = client.Local()
    local.samples()
    began, spent = time.perf_counter(), time.process_time()
    for _ in range(ROUNDS):
        rows = local.samples()
    wall = (time.perf_counter() - began) / ROUNDS
    cpu = (time.process_time() - spent) / ROUNDS
    share = 100 * cpu / EVERY_SECONDS
    print(f"samples: {len(rows)} in {wall * 1000:.1f} ms, {cpu * 1000:.1f} ms of CPU;"
          f" {share:.3f} % of a core (target < 1 %)")  # fmt: skip
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.perf_counter()
    body = client.run_local(facts=True, samples=True)
    wall = time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    report = parse.read(body)
    print(f"facts: {len(report.facts)} sections, {len(body) / 1024:.0f} KiB in {wall:.2f} s (target"
          f" ≤ 2 s), {cpu:.2f} s of CPU with its children")  # fmt: skip
    print(f"largest process: {after.ru_maxrss / 1024:.0f} MiB (the probe itself ≤ 40)")


if __name__ == "__main__":
    main()
