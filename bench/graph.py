"""Impact and build on 1,000,000 nodes and 5,000,000 edges, beside rustworkx in the same run.

    python -m bench.graph [--nodes 1000000] [--queries 24] [--seed 7]

The estate is layered: every node leans on earlier ones, mostly near, some anywhere; a third of
the requirements are redundant, a tenth soft. The queries ask for nodes spread evenly over the
order and for some late ones, so the answers run from nothing to the whole estate. rustworkx
gets its edges as a ready list of tuples, whose making is not counted.
"""

import argparse
import gc
from collections.abc import Callable, Sequence
from statistics import geometric_mean, median
from time import perf_counter
from typing import Any

import numpy as np
import rustworkx

from fullscore.engines.graph import Dependencies, Graph, build, impact

EDGES_PER_NODE = 5
LARGE = 1_000  # nodes in an answer from which the ratio says more than the cost of a call


def estate(nodes: int, seed: int) -> Dependencies:
    """Return a layered estate: two requirements a node, of two and three supports."""
    random = np.random.default_rng(seed)
    dependent = np.repeat(np.arange(1, nodes, dtype=np.int32), 2)
    supports = np.tile(np.array([2, 3]), nodes - 1)
    chance = random.random(len(dependent))
    needed = np.where(chance < 0.1, 0, np.where(chance < 0.43, 1, supports))
    requirement = np.repeat(np.arange(len(dependent), dtype=np.int32), supports)
    owner = dependent[requirement]
    reach = np.where(random.random(len(owner)) < 0.9, 5_000, nodes)
    back = 1 + (random.random(len(owner)) ** 3 * np.minimum(owner, reach)).astype(np.int32)
    return Dependencies(
        node_count=nodes,
        dependent=dependent,
        needed=needed.astype(np.int32),
        requirement=requirement,
        support=np.maximum(owner - back, 0).astype(np.int32),
    )


def peer(dependencies: Dependencies) -> tuple[rustworkx.PyDiGraph[int, None], float]:
    """Return the same graph in rustworkx, and the seconds its build took."""
    owner = dependencies.dependent[dependencies.requirement]
    edges = list(zip(dependencies.support.tolist(), owner.tolist(), strict=True))

    def made() -> rustworkx.PyDiGraph[int, None]:
        graph: rustworkx.PyDiGraph[int, None] = rustworkx.PyDiGraph()
        graph.add_nodes_from(range(dependencies.node_count))
        graph.add_edges_from_no_data(edges)
        return graph

    return timed(made)


def timed(work: Callable[[], Any]) -> tuple[Any, float]:
    """Return what the work gives and its seconds, without a collection in between."""
    gc.collect()
    begin = perf_counter()
    result = work()
    return result, perf_counter() - begin


def typical(work: Callable[[], object]) -> float:
    """Return the median seconds of three runs; short work is repeated within each."""
    _, once = timed(work)
    times = max(1, min(100, int(0.01 / once)))
    return median(timed(lambda: [work() for _ in range(times)])[1] / times for _ in range(3))


def compared(graph: Graph, other: Any, queries: Sequence[int]) -> list[tuple[int, float]]:
    """Print each query's answer and times; return its size and our share of rustworkx's time."""
    print(f"{'node':>9} {'down':>9} {'degraded':>9} {'ours ms':>9} {'rustworkx':>9} {'ratio':>7}")
    ratios = []
    for node in queries:
        result = impact(graph, [node])
        reached = len(result.down) + len(result.degraded)
        if reached != len(rustworkx.descendants(other, node)) + 1:
            raise SystemExit(f"the two disagree about node {node}")
        ours = typical(lambda node=node: impact(graph, [node]))
        theirs = typical(lambda node=node: rustworkx.descendants(other, node))
        ratios.append((reached, ours / theirs))
        print(
            f"{node:>9} {len(result.down):>9} {len(result.degraded):>9}"
            f" {ours * 1000:>9.3f} {theirs * 1000:>9.3f} {ours / theirs:>7.2f}"
        )
    return ratios


def main() -> None:
    """Measure and print the ratios beside their targets."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--nodes", type=int, default=1_000_000)
    options.add_argument("--queries", type=int, default=24)
    options.add_argument("--seed", type=int, default=7)
    chosen = options.parse_args()

    dependencies = estate(chosen.nodes, chosen.seed)
    print(f"{chosen.nodes:,} nodes, {len(dependencies.support):,} edges")
    graph, seconds = timed(lambda: build(dependencies))
    other, others = peer(dependencies)
    print(f"build: ours {seconds:.3f} s, rustworkx {others:.3f} s")
    even = np.linspace(0, chosen.nodes - 1, chosen.queries - 4).astype(int).tolist()
    small = [chosen.nodes - chosen.nodes // share for share in (50, 100, 200, 1_000)]
    queries = sorted(even + small)
    ratios = compared(graph, other, queries)
    report("build", seconds / others, 0.80)
    report("impact, geometric mean", geometric_mean(ratio for _, ratio in ratios), 0.75)
    large = [ratio for reached, ratio in ratios if reached >= LARGE]
    report(f"impact, worst of {len(large)} answers of {LARGE:,} nodes or more", max(large), 2.5)
    report("impact, worst of all", max(ratio for _, ratio in ratios), 2.5)


def report(name: str, figure: float, target: float) -> None:
    """Print one figure beside its target."""
    verdict = "met" if figure <= target else "missed"
    print(f"{name}: {figure:.2f} of rustworkx, target {target:.2f}: {verdict}")


if __name__ == "__main__":
    main()
