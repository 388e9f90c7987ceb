"""The best plan and bound HiGHS finds in time."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .budget import Budget
from .kinds import Kind
from .problem import Problem
from .programme import Floats, Programme, programme

Counts = tuple[tuple[int, int, int], ...]  # (number of the kind, wave, servers)

RELATIVE_GAP = 1e-6  # the solver stops here; far below what a plan can show
WHOLE = 1e-6  # a count this near a whole number is one: HiGHS's own tolerance
# HiGHS lets reduced costs be wrong by 1e-7, so its bound may be too high by as much.
DOUBT = 1e-7
OPTIMAL = 0  # scipy's status of a finished answer


@dataclass(frozen=True, slots=True)
class Solved:
    """What the solver knows: the counts of its best plan, perhaps none, and a proven bound."""

    counts: Counts = ()
    bound: float = -math.inf


def solve(problem: Problem, alike: Sequence[Kind], budget: Budget) -> Solved:
    """Return the best plan and bound found before the budget is spent.

    First the counts may be fractions: that proves a bound within 0.5 % of the optimum as a rule,
    and leaves few kinds in fractions. Then those few are planned in whole servers with the rest
    held still, which takes a moment. Last the whole problem, when time for it is left.
    """
    asked = programme(problem, alike)
    nothing, everything = np.zeros(len(asked.cost)), asked.columns.most.astype(float)
    before = budget.left()
    if before <= 0:
        return Solved()
    relaxed = _answer(asked, nothing, everything, seconds=before, in_whole=False)
    took = before - budget.left()
    if relaxed.x is None or relaxed.status != OPTIMAL:
        return Solved()
    least, most = _around(relaxed.x, asked, alike)
    near = _answer(asked, least, most, seconds=budget.left() / 3)
    best = relaxed if near.x is None else near
    bound = relaxed.fun
    is_proven = near.x is not None and near.fun <= bound * (1 + RELATIVE_GAP)
    # The solver looks at its clock between steps; one of them is about as long as relaxing took.
    if not is_proven and budget.left() > took:
        whole = _answer(asked, nothing, everything, seconds=budget.left())
        if whole.x is not None and (near.x is None or whole.fun < near.fun):
            best = whole
        bound = max(bound, whole.mip_dual_bound or bound)
    return Solved(_counts(best.x, asked), bound / asked.scale * (1 - DOUBT))


def _answer(
    asked: Programme, least: Floats, most: Floats, *, seconds: float, in_whole: bool = True
) -> Any:
    """Return scipy's answer for counts from `least` to `most`; its `x` is None if it has none."""
    # Imported when asked: half a second that a start of the program need not wait for.
    from scipy.optimize import Bounds, LinearConstraint, milp

    return milp(
        asked.cost,
        integrality=np.full(len(asked.cost), int(in_whole)),
        bounds=Bounds(least, most),
        constraints=[
            LinearConstraint(asked.kinds, asked.servers, asked.servers),
            LinearConstraint(asked.rows, -np.inf, asked.limits),
        ],
        options={"time_limit": max(0.0, seconds), "mip_rel_gap": RELATIVE_GAP},
    )


def _around(relaxed: Floats, asked: Programme, alike: Sequence[Kind]) -> tuple[Floats, Floats]:
    """Return least and most counts that hold still what the relaxed plan has in whole servers.

    Kinds that wait, or of which some are left out, stay free: so a plan always remains.
    """
    nearest = np.rint(relaxed)
    is_free = np.array([bool(kind.after) for kind in alike])
    is_free |= nearest[asked.columns.start[-1] :] > 0
    is_free[asked.columns.kind[np.abs(relaxed - nearest) > WHOLE]] = True
    still = ~is_free[asked.columns.kind]
    return np.where(still, nearest, 0), np.where(still, nearest, asked.columns.most)


def _counts(x: Floats, asked: Programme) -> Counts:
    """Return the counts of whole servers in a plan; fractions are left for who fills it up."""
    columns = asked.columns
    count = np.floor(x[: columns.start[-1]] + WHOLE).astype(int)
    used = np.flatnonzero(count)
    found = (columns.kind[used], columns.wave[used], count[used])
    return tuple(zip(*(each.tolist() for each in found), strict=True))
