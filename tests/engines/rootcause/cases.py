"""The developers' cases of the shared data, read as an incident would tell them."""

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fullscore.engines.rootcause import RecentChange, Signal, Suspect, rank

PETSHOP = ("low_traffic", "high_traffic")
NEZHA = ("onlineboutique", "trainticket")


@dataclass(frozen=True, slots=True)
class Case:
    """One incident and its true cause."""

    system: str
    fault: str
    number: int
    signals: tuple[Signal, ...]
    edges: tuple[tuple[str, str], ...]
    symptom: str
    symptom_metric: str | None
    proxies: frozenset[str]
    root_cause: str

    def ranked(self, changes: tuple[RecentChange, ...] = ()) -> list[Suspect]:
        """Return the suspects of the case."""
        return rank(
            self.signals,
            self.edges,
            symptom=self.symptom,
            symptom_metric=self.symptom_metric,
            changes=changes,
            proxies=self.proxies,
        )

    def items(self) -> list[str]:
        """Return the items that may be blamed, by name."""
        return sorted({signal.item for signal in self.signals} - self.proxies)


def petshop(folder: Path) -> Iterator[Case]:
    """Yield the cases of the pet shop: one long baseline for each load."""
    for load in PETSHOP:
        columns = _rows(folder / load / "columns.csv")
        edges = _rows(folder / load / "edges.csv")
        usual = np.load(folder / load / "baseline.npz")["values"].astype(float)
        names = {name for edge in edges for name in edge} | {item for item, _ in columns}
        for told in json.loads((folder / load / "cases.json").read_text()):
            issue = np.load(folder / load / "cases" / f"{told['case']}.npz")["values"].astype(float)
            yield Case(
                system="petshop",
                fault=told["symptom_metric"].split(".")[0],
                number=int(told["case"]),
                signals=tuple(
                    Signal(item, metric, usual[:, place], issue[:, place])
                    for place, (item, metric) in enumerate(columns)
                ),
                edges=edges,
                symptom=told["symptom"],
                symptom_metric=told["symptom_metric"],
                proxies=frozenset(n for n in names if n.endswith(("_remote", "_client"))),
                root_cause=told["root_cause"],
            )


def nezha(folder: Path, system: str) -> Iterator[Case]:
    """Yield the cases of one system: thirty minutes before each, four after."""
    edges = _rows(folder / system / "edges.csv")
    for told in json.loads((folder / system / "cases.json").read_text()):
        kept = np.load(folder / system / "cases" / f"{told['case']}.npz")
        named = zip(*(kept[n].tolist() for n in ("item", "metric", "towards")), strict=True)
        yield Case(
            system=system,
            fault=told["kind"],
            number=int(told["case"]),
            signals=tuple(
                Signal(item, metric, before.astype(float), after.astype(float), towards or None)
                for (item, metric, towards), before, after in zip(
                    named, kept["before"], kept["after"], strict=True
                )
            ),
            edges=edges,
            symptom=told["symptom"],
            symptom_metric=None,
            proxies=frozenset(),
            root_cause=told["root_cause"],
        )


def share_within(places: list[int], first: int) -> float:
    """Return AC@k: the share of cases whose cause stands among the first k."""
    return sum(place <= first for place in places) / len(places)


def average_of_five(places: list[int]) -> float:
    """Return Avg@5, the mean of AC@1 to AC@5."""
    return sum(share_within(places, first) for first in range(1, 6)) / 5


def place_of(case: Case, suspects: list[Suspect]) -> int:
    """Return where the true cause stands, from 1."""
    return [suspect.item for suspect in suspects].index(case.root_cause) + 1


def _rows(path: Path) -> tuple[tuple[str, str], ...]:
    with path.open(newline="") as lines:
        return tuple((row[0], row[1]) for row in list(csv.reader(lines))[1:])
