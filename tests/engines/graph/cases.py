"""Graphs for tests: built from plain lists, and slow restatements of the definitions."""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from hypothesis import strategies as st

from fullscore.engines.graph import Dependencies


@dataclass(frozen=True)
class Requirement:
    dependent: int
    needed: int
    supports: tuple[int, ...]


def dependencies(node_count: int, requirements: Collection[Requirement]) -> Dependencies:
    return Dependencies(
        node_count=node_count,
        dependent=np.array([r.dependent for r in requirements], np.int32),
        needed=np.array([r.needed for r in requirements], np.int32),
        requirement=np.array([i for i, r in enumerate(requirements) for _ in r.supports], np.int32),
        support=np.array([s for r in requirements for s in r.supports], np.int32),
    )


@st.composite
def estates(draw, most=9):
    """A node count, some requirements (loops and cycles included) and some failed nodes."""
    count = draw(st.integers(1, most))
    node = st.integers(0, count - 1)
    rows = draw(
        st.lists(st.tuples(node, st.lists(node, max_size=4), st.integers(0, 4)), max_size=16)
    )
    requirements = [Requirement(d, min(n, len(s)), tuple(s)) for d, s, n in rows]
    return count, requirements, draw(st.lists(node, max_size=4))


def oracle_down(requirements: Collection[Requirement], failed: Collection[int]) -> set[int]:
    down = set(failed)
    while more := {r.dependent for r in requirements if is_broken(r, down)} - down:
        down |= more
    return down


def is_broken(requirement: Requirement, down: Collection[int]) -> bool:
    up = sum(support not in down for support in requirement.supports)
    return up < requirement.needed


def oracle_reached(requirements: Collection[Requirement], failed: Collection[int]) -> set[int]:
    reached = set(failed)
    while more := {r.dependent for r in requirements if reached & set(r.supports)} - reached:
        reached |= more
    return reached
