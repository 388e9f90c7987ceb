"""NAB's standard score per group of series, beside a windowed Gaussian in the same run.

    python -m bench.anomaly [--data ../shared/data/nab]

Each detector has one threshold for all series: ours is its own `ALARM`, the windowed Gaussian's
is the best of many for these series. The last lines give either half of the series, every second
one, under our unchanged `ALARM`. Rules and data: A. Lavin and S. Ahmad, Evaluating real-time
anomaly detection algorithms, IEEE ICMLA (2015), and the README beside the data.
"""

import argparse
import csv
import json
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from time import process_time

import numpy as np

from fullscore.engines.anomaly import ALARM, scores

DATA = Path(__file__).parents[2] / "shared" / "data" / "nab"
PROBATION, LONGEST_PROBATION = 0.15, 750  # share of the points that are not scored, and its limit
FALSE_ALARM = 0.11  # what a detection far from any window costs; a missed window costs 1
GAUSSIAN_WINDOW = 6400  # points


@dataclass(frozen=True, slots=True)
class Series:
    """One series with its labelled windows, as first and last index."""

    name: str
    at: np.ndarray
    values: np.ndarray
    windows: list[tuple[int, int]]

    @property
    def group(self) -> str:
        """Return the folder it came from."""
        return self.name.split("/")[0]


@dataclass(frozen=True, slots=True)
class Tally:
    """What the detections in some series earned, and the number of windows there."""

    earned: float = 0.0
    windows: int = 0
    scorable: int = 0  # windows with a scored point

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(
            self.earned + other.earned,
            self.windows + other.windows,
            self.scorable + other.scorable,
        )

    @property
    def score(self) -> float:
        """Return 100 for perfect, 0 for never alarming; no windows leave what was earned."""
        most = self.windows + self.scorable
        return 100 * (self.earned + self.scorable) / most if most else 100 * self.earned


def series(folder: Path) -> list[Series]:
    """Return all series of a folder."""
    labelled = json.loads((folder / "windows.json").read_text())
    found = []
    for path in sorted(folder.glob("series/*/*.csv")):
        name = f"{path.parent.name}/{path.name}"
        with path.open() as lines:
            rows = list(csv.reader(lines))[1:]
        at = np.array([moment(stamp) for stamp, _ in rows])
        windows = [tuple(moment(stamp) for stamp in window) for window in labelled[name]]
        places = sorted(
            (int(np.flatnonzero(at == first)[0]), int(np.flatnonzero(at == last)[-1]))
            for first, last in windows
        )
        found.append(Series(name, at, np.array([float(value) for _, value in rows]), places))
    return found


def moment(stamp: str) -> float:
    """Return Unix seconds of a stamp without zone, read as UTC."""
    return datetime.fromisoformat(stamp).replace(tzinfo=UTC).timestamp()


def tally(one: Series, found: np.ndarray, threshold: float) -> Tally:
    """Return what the points with a score of at least the threshold earn in one series."""
    begin = min(int(PROBATION * len(found)), LONGEST_PROBATION)
    hits = [int(place) for place in np.flatnonzero(found >= threshold) if place >= begin]
    scorable = [window for window in one.windows if window[1] >= begin]
    earned = sum(in_window(window, hits) for window in scorable)
    outside = [hit for hit in hits if not any(a <= hit <= b for a, b in one.windows)]
    earned -= len(one.windows) - len(scorable)
    earned += sum(in_vain(hit, one.windows) for hit in outside)
    return Tally(earned, len(one.windows), len(scorable))


def in_window(window: tuple[int, int], hits: Sequence[int]) -> float:
    """Return up to 1 for the earliest detection in a window, -1 if there is none."""
    first, last = window
    hit = next((hit for hit in hits if first <= hit <= last), None)
    if hit is None:
        return -1.0
    return slope(-(last - hit + 1) / (last - first + 1)) / slope(-1)


def in_vain(hit: int, windows: Sequence[tuple[int, int]]) -> float:
    """Return what a detection outside costs, little just after a window."""
    before = [window for window in windows if window[1] < hit]
    if not before:
        return -FALSE_ALARM
    first, last = before[-1]
    late = (hit - last) / max(1, last - first)
    return -FALSE_ALARM if late > 3 else FALSE_ALARM * slope(late)


def slope(place: float) -> float:
    """Return the profile's sigmoid: near 1 well inside a window, 0 at its end, -1 beyond."""
    return 2 / (1 + math.exp(5 * place)) - 1


def windowed_gaussian(values: np.ndarray) -> np.ndarray:
    """Return -log10 of the two-sided normal tail of each value by those of the window before."""
    sums = np.concatenate([[0.0], np.cumsum(values - values[0])])
    squares = np.concatenate([[0.0], np.cumsum((values - values[0]) ** 2)])
    found = np.zeros(len(values))
    for place in range(2, len(values)):
        begin = max(0, place - GAUSSIAN_WINDOW)
        count = place - begin
        mean = (sums[place] - sums[begin]) / count
        variance = (squares[place] - squares[begin]) / count - mean * mean
        off = abs(values[place] - values[0] - mean)
        if variance > 0:
            tail = math.erfc(off / math.sqrt(2 * variance))
            found[place] = -math.log10(max(tail, 1e-300))
    return found


def summed(tallies: Iterable[Tally]) -> Tally:
    """Return the sum of tallies."""
    return sum(tallies, Tally())


def main() -> None:
    """Measure and print; target 47, hoped for 55, and 5,000 updates a second."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--data", type=Path, default=DATA)
    every = series(options.parse_args().data)
    begin = process_time()
    found = [scores(one.at, one.values) for one in every]
    rate = sum(len(each) for each in found) / (process_time() - begin)
    ours = [tally(one, each, ALARM) for one, each in zip(every, found, strict=True)]
    baseline = best([windowed_gaussian(one.values) for one in every], every)
    print(f"{'group':>24} {'windows':>8} {'ours':>7} {'windowed Gaussian':>18}")
    for group in dict.fromkeys(one.group for one in every):
        line(group, every, ours, baseline, lambda one, group=group: one.group == group)
    line("all", every, ours, baseline, lambda _: True)
    for half, name in enumerate(("one half", "the other half")):
        chosen = {one.name for one in every[half::2]}
        line(name, every, ours, baseline, lambda one, chosen=chosen: one.name in chosen)
    print(f"{rate:,.0f} updates a second")


def best(found: list[np.ndarray], every: list[Series]) -> list[Tally]:
    """Return the tallies under the threshold that is best for all the series together."""
    thresholds = np.quantile(np.concatenate(found), 1 - np.geomspace(1e-4, 0.1, 40))
    tried = (
        [tally(one, each, threshold) for one, each in zip(every, found, strict=True)]
        for threshold in np.unique(thresholds)
    )
    return max(tried, key=lambda tallies: summed(tallies).score)


def line(
    name: str,
    every: list[Series],
    ours: list[Tally],
    baseline: list[Tally],
    belongs: Callable[[Series], bool],
) -> None:
    """Print both scores of the series that belong to a group."""
    places = [place for place, one in enumerate(every) if belongs(one)]
    mine, theirs = (summed(each[place] for place in places) for each in (ours, baseline))
    print(f"{name:>24} {mine.windows:>8} {mine.score:>7.1f} {theirs.score:>18.1f}")


if __name__ == "__main__":
    main()
