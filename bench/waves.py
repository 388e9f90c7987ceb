"""Patch plans for 300 to 10,000 servers: gap to the proven bound, time, and first fit beside it.

    python -m bench.waves [--servers 300 1000 2000 4000 10000] [--seconds 10] [--seed 7]

The estate is invented: services of 1 to 60 members, one member in five serving a second service,
hypervisors that take several members away, primaries behind their standbys, four sites of which
three are limited, 24 waves of which two are frozen. The risks are the four of a coarse rating,
then all different, so that no two servers are alike.
"""

import argparse
from collections.abc import Callable
from time import perf_counter, process_time

import numpy as np

from fullscore.engines.waves import Plan, Problem, Server, plan, violations

WAVES = 24
FROZEN = (9, 15)
WEEKEND = (4, 5, 10, 11, 16, 17, 22, 23)
RINGS = (tuple(range(5)), tuple(range(3, 11)), tuple(range(7, WAVES)))
RING_SHARES = (0.1, 0.2, 0.7)  # canary, early, broad
RISKS = (1.0, 3.0, 10.0, 30.0)
RISK_SHARES = (0.48, 0.32, 0.14, 0.06)
SITES = ("a", "b", "c", "d")


def estate(servers: int, seed: int, *, is_fine: bool) -> Problem:
    """Return a roll-out over an invented estate in which a few servers cannot be placed."""
    random = np.random.default_rng(seed)
    members = services(servers, random)
    made = [server(number, groups, random, is_fine) for number, groups in enumerate(members)]
    sizes: dict[str, int] = {}
    for each in made:
        for group, units in each.loads:
            sizes[group] = sizes.get(group, 0) + units
    usual, busy = servers // 15 + 4, servers // 10 + 5
    places = [busy if wave in WEEKEND else usual for wave in range(WAVES)]
    for wave in FROZEN:
        places[wave] = 0
    return Problem(
        servers=tuple(made),
        spare={group: max(1, size // 7) for group, size in sizes.items()},
        wave_capacity=tuple(places),
        site_capacity={"a": servers // 52 + 1, "b": servers // 35 + 1, "c": servers // 43 + 1},
    )


def services(servers: int, random: np.random.Generator) -> list[list[tuple[str, int, bool]]]:
    """Return for each server the services it takes away, how much of each, and if it comes last."""
    members: list[list[tuple[str, int, bool]]] = []
    while len(members) < servers:
        size = int(min(60, 1 + random.pareto(1.2) * 2, servers - len(members)))
        is_database = size > 1 and random.random() < 0.05
        name = f"service {len(members)}"
        members += [[(name, 1, is_database and n == size - 1)] for n in range(size)]
    for number in random.choice(servers, servers // 5, replace=False):
        other = int(random.integers(servers))
        units = int(random.integers(2, 6)) if random.random() < 0.05 else 1
        if members[other][0][0] != members[number][0][0]:
            members[number].append((members[other][0][0], units, False))
    return members


def server(
    number: int, groups: list[tuple[str, int, bool]], random: np.random.Generator, is_fine: bool
) -> Server:
    """Return one server with its ring, windows, risk and loads."""
    ring = RINGS[random.choice(3, p=RING_SHARES)]
    first = int(groups[0][0].split()[1])
    waves = ring[random.integers(4) :: 6] if random.random() < 0.25 else ring
    return Server(
        id=f"{number:05}",
        risk=float(1 + 9 * random.random() if is_fine else random.choice(RISKS, p=RISK_SHARES)),
        waves=RINGS[2] if groups[0][2] else waves,
        site=SITES[random.integers(len(SITES))],
        loads=tuple((group, units) for group, units, _ in groups),
        after=tuple(f"{each:05}" for each in range(first, number)) if groups[0][2] else (),
    )


def timed(work: Callable[[], Plan]) -> tuple[Plan, float, float]:
    """Return a plan, its seconds, and the processor's: fewer where others want the processor."""
    begin, used = perf_counter(), process_time()
    made = work()
    return made, perf_counter() - begin, process_time() - used


def above(made: Plan, bound: float) -> float:
    """Return by how many percent a plan costs more than the bound."""
    return 100 * (made.cost - bound) / bound


def measured(servers: int, seconds: float, seed: int, *, is_fine: bool) -> None:
    """Print one line: sizes, gaps and times of first fit and of the solver."""
    problem = estate(servers, seed, is_fine=is_fine)
    first, first_seconds, first_used = timed(lambda: plan(problem, seconds=0))
    best, best_seconds, best_used = timed(lambda: plan(problem, seconds=seconds))
    if violations(problem, best.wave_of) or violations(problem, first.wave_of):
        raise SystemExit(f"the plan for {servers} servers is not sound")
    print(
        f"{servers:>8,} {'fine' if is_fine else 'coarse':>7} {len(best.unplaced):>8}"
        f" {above(first, best.bound):>9.2f} {first_seconds:>7.2f} {first_used:>7.2f}"
        f" {above(best, best.bound):>9.3f} {best_seconds:>7.2f} {best_used:>7.2f}",
        flush=True,
    )


def main() -> None:
    """Measure and print; targets: 0.5 % to 4,000 servers, 15 s at 10,000, first fit 0.2 s."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--servers", type=int, nargs="*", default=[300, 1000, 2000, 4000, 10_000])
    options.add_argument("--seconds", type=float, default=10.0)
    options.add_argument("--seed", type=int, default=7)
    chosen = options.parse_args()

    plan(estate(20, 1, is_fine=False), seconds=1)  # the first call loads the solver
    print(f"{'':>25} {'first fit':>25} {'planned':>25}")
    print(f"{'servers':>8} {'risks':>7} {'left out':>8}", end="")
    print(2 * f" {'% above':>9} {'s':>7} {'cpu s':>7}")
    for is_fine in (False, True):
        for servers in chosen.servers:
            measured(servers, chosen.seconds, chosen.seed, is_fine=is_fine)


if __name__ == "__main__":
    main()
