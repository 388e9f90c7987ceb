"""A campaign over 300 to 4,000 servers: seconds to a sound plan, rounds, gap to the proven bound.

    python -m bench.patching [--servers 300 1000 4000] [--seconds 10] [--seed 7]

The estate is invented: services of 2 to 12 servers of which one in six may be away, one service in
ten behind a pair of firewalls that only the simulation knows of, three rings, four sites of which
each takes a twentieth of the servers at once, 60 slots in 20 nights. All of it goes through the
same rules as a real campaign: what is measured is planning, simulation and planning again.
"""

import argparse
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from time import perf_counter

import numpy as np

from fullscore.domains.infrastructure.patching.facts import Candidate, Given, Group, Slot
from fullscore.domains.infrastructure.patching.rules.planning import arrange, by_wave
from fullscore.engines import graph

START = datetime(2026, 11, 2, 20, tzinfo=UTC)
NIGHTS, SLOTS = 20, 3
SHARES = (0.05, 0.2, 0.75)  # canary, early, broad
FIRST_SLOT = (0, 9, 24)


def slots() -> tuple[Slot, ...]:
    """Return an hour and a half in each of twenty nights, in thirds."""
    half = timedelta(minutes=30)
    starts = [START + timedelta(days=n) + k * half for n in range(NIGHTS) for k in range(SLOTS)]
    return tuple(Slot(one, one + half, frozenset({1})) for one in starts)


def estate(servers: int, seed: int) -> tuple[Given, graph.Graph, list[list[int]]]:
    """Return a roll-out, its graph of needs, and the nodes of the services, last."""
    random = np.random.default_rng(seed)
    members: list[list[int]] = []
    placed = 0
    while placed < servers:
        # Every tenth is a pair that only the simulation sees fall.
        most = 2 if len(members) % 10 == 0 else 2 + random.integers(11)
        size = int(min(most, servers - placed))
        members.append(list(range(placed, placed + size)))
        placed += size
    groups, loads = {}, dict[int, tuple[str, int]]()
    for number, own in enumerate(members):
        hidden = number % 10 == 0
        spare = max(1, len(own) // 6)
        key = f"need:{number}"
        groups[key] = Group(key, servers + number, f"service {number}", "servers",
                            len(own) - spare, len(own))  # fmt: skip
        if not hidden:
            loads |= {server: (key, 1) for server in own}
    return _given(servers, groups, loads, random), _graph(servers, members), members


def _given(
    servers: int,
    groups: dict[str, Group],
    loads: dict[int, tuple[str, int]],
    random: np.random.Generator,
) -> Given:
    times = slots()
    rings = random.choice(3, servers, p=SHARES)
    candidates = tuple(
        Candidate(
            n,
            f"s{n}",
            n,
            int(rings[n]),
            (),
            float(random.choice([1.0, 3.0, 10.0, 40.0], p=[0.5, 0.3, 0.15, 0.05])),
            "abcd"[int(random.integers(4))],
            tuple(range(FIRST_SLOT[int(rings[n])], len(times))),
            (loads[n],) if n in loads else (),
        )
        for n in range(servers)
    )
    most = servers // 15 + 4
    site = {name: servers // 20 + 2 for name in "abcd"}
    return Given(
        candidates, times, groups, (most,) * len(times), site, ((0, 1, 12), (1, 2, 24), (2, 3, 24))
    )


def _graph(servers: int, members: list[list[int]]) -> graph.Graph:
    count = servers + len(members)
    return graph.build(
        graph.Dependencies(
            node_count=count,
            dependent=np.arange(servers, count, dtype=np.int32),
            needed=np.array([len(m) - max(1, len(m) // 6) for m in members], dtype=np.int32),
            requirement=np.repeat(
                np.arange(len(members), dtype=np.int32), [len(m) for m in members]
            ),
            support=np.concatenate([np.array(m, dtype=np.int32) for m in members]),
        )
    )


def measured(servers: int, seconds: float, seed: int) -> None:
    """Print one line; a plan in which something falls ends the measurement."""
    given, needs, _ = estate(servers, seed)

    def falls(items: Iterable[int]) -> frozenset[int]:
        down = graph.impact(needs, list(items)).down
        return frozenset(int(node) for node in down if node >= servers)

    began = perf_counter()
    made = arrange(given, falls=falls, seconds=seconds)
    took = perf_counter() - began
    if any(falls(members) for members in by_wave(made.wave_of).values()):
        raise SystemExit(f"the plan for {servers} servers lets something fall")
    print(
        f"{servers:>8,} {len(set(made.wave_of.values())):>6} {len(made.unplaced):>9}"
        f" {made.rounds:>7} {took:>8.1f} {100 * made.gap:>8.3f}",
        flush=True,
    )


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--servers", type=int, nargs="*", default=[300, 1000, 4000])
    options.add_argument("--seconds", type=float, default=10.0)
    options.add_argument("--seed", type=int, default=7)
    chosen = options.parse_args()
    print(f"{'servers':>8} {'waves':>6} {'left out':>9} {'rounds':>7} {'s':>8} {'% above':>8}")
    for servers in chosen.servers:
        measured(servers, chosen.seconds, chosen.seed)


if __name__ == "__main__":
    main()
