"""Root causes of recorded incidents: how often the true one is named, beside a plain baseline.

    python -m bench.rootcause [--data ../shared/data/rca] [--misses]

Per system, and per kind of fault: AC@1, AC@3 and Avg@5 of `rank`, then of the baseline in the same
run. The baseline knows no dependencies: an item counts by its largest shift in standard
deviations. The method was made with all these cases in sight, so none of the figures is one for
unseen incidents; the odd-numbered half shows how far they swing.
Proxies are left out of both answers.
"""

import argparse
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from time import perf_counter

import numpy as np
from tests.engines.rootcause.cases import (
    NEZHA,
    Case,
    average_of_five,
    nezha,
    petshop,
    place_of,
    share_within,
)

from fullscore.engines.rootcause import Suspect

SHARED = Path(os.environ.get("FULLSCORE_SHARED", Path(__file__).parents[2] / "shared"))
FEWEST = 5  # samples before

Ranking = Callable[[Case], list[Suspect]]


def ours(case: Case) -> list[Suspect]:
    """Return what the engine says."""
    return case.ranked()


def plain(case: Case) -> list[Suspect]:
    """Return the items by their largest shift in standard deviations, either way."""
    shifts = dict.fromkeys({signal.item for signal in case.signals}, 0.0)
    for signal in case.signals:
        before = signal.before[np.isfinite(signal.before)]
        after = signal.after[np.isfinite(signal.after)]
        if len(before) >= FEWEST and len(after):
            shift = abs(after.mean() - before.mean()) / max(before.std(), 1e-9)
            shifts[signal.item] = max(shifts[signal.item], float(shift))
    named = ((item, shift) for item, shift in shifts.items() if item not in case.proxies)
    return [Suspect(*each, ()) for each in sorted(named, key=lambda each: (-each[1], each[0]))]


def figures(places: list[int]) -> str:
    """Return AC@1, AC@3 and Avg@5 as three columns."""
    first, three = share_within(places, 1), share_within(places, 3)
    return f"{first:>7.2f} {three:>6.2f} {average_of_five(places):>6.2f}"


def compared(name: str, cases: list[Case]) -> None:
    """Print one line: the number of cases and the figures of both."""
    made = [[place_of(case, ranking(case)) for case in cases] for ranking in (ours, plain)]
    print(f"{name:<36} {len(cases):>5} {figures(made[0])} {figures(made[1])}", flush=True)


def measured(cases: list[Case]) -> None:
    """Print all lines of one system and what a ranking takes."""
    system = cases[0].system
    compared(system, cases)
    compared(f"{system}, odd-numbered", [case for case in cases if case.number % 2])
    for fault in sorted({case.fault for case in cases}):
        compared(f"  {fault}", [case for case in cases if case.fault == fault])
    seconds = [timed(case) for case in cases]
    signals = max(len(case.signals) for case in cases)
    print(f"  up to {signals} signals: {np.median(seconds):.3f} s, worst {max(seconds):.3f} s")


def timed(case: Case) -> float:
    """Return the seconds one ranking takes."""
    begin = perf_counter()
    case.ranked()
    return perf_counter() - begin


def misses(cases: Iterable[Case]) -> None:
    """Print the cases whose cause does not stand first, and what does, with its reasons."""
    for case in cases:
        suspects = case.ranked()
        place = place_of(case, suspects)
        if place > 1:
            print(f"{case.system} {case.number:02} {case.fault}: {case.root_cause} at {place}")
            print(f"    {suspects[0].item}: {' '.join(suspects[0].reasons)}")


def main() -> None:
    """Measure and print; targets on unseen cases stand in the contract of the engine."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--data", type=Path, default=SHARED / "data" / "rca")
    options.add_argument("--misses", action="store_true")
    chosen = options.parse_args()
    if not chosen.data.exists():
        raise SystemExit(f"The recorded incidents are not in {chosen.data}: name their folder.")

    systems = [list(petshop(chosen.data / "petshop"))]
    systems += [list(nezha(chosen.data / "nezha", system)) for system in NEZHA]
    print(f"{'':<42} {'ranked':>21} {'deviations alone':>21}")
    print(f"{'system, kind of fault':<36} {'cases':>5}", end="")
    print(2 * f" {'AC@1':>7} {'AC@3':>6} {'Avg@5':>6}")
    for cases in systems:
        measured(cases)
        if chosen.misses:
            misses(cases)


if __name__ == "__main__":
    main()
