"""The plan: first fit, then the solver within the time allowed, and the better of the two."""

from . import exact
from .bounds import cheap_bound
from .budget import Budget
from .draft import Draft
from .kinds import Kind, kinds
from .problem import Plan, Problem, check


def plan(problem: Problem, *, seconds: float = 10.0) -> Plan:
    """Return in which wave each server is patched, at the lowest cost found in `seconds`.

    Every server is in exactly one map of the plan, and none left out would still fit. The plan is
    the optimal one when the solver finishes; else the best it found or, when it found none, the
    one of first fit (fewest permitted waves, then highest risk). No seconds: first fit alone.
    Equal input, in whatever order, gives an equal plan when the solver finishes.

    Method: integer counts of like servers per wave, solved by HiGHS (see `exact`).
    ValueError: unknown server or group, a wave outside the plan, servers waiting for each other,
    an id twice, a risk that is not above zero, a load of less than one unit.
    """
    budget = Budget(seconds)
    check(problem)
    alike = kinds(problem)
    quick = Draft(problem, alike)
    quick.fill()
    bound = cheap_bound(problem, alike)
    first = quick.plan(bound)
    if seconds <= 0 or first.cost <= bound:
        return first
    solved = exact.solve(problem, alike, budget)
    bound = max(bound, solved.bound)
    best = _followed(problem, alike, solved.counts).plan(bound)
    return best if best.cost < first.cost else quick.plan(bound)


def _followed(problem: Problem, alike: tuple[Kind, ...], counts: exact.Counts) -> Draft:
    """Return a draft that follows the solver's counts and uses what room they leave."""
    draft = Draft(problem, alike)
    for number, wave, count in counts:
        draft.put(number, wave, count)
    draft.fill()
    draft.pull_forward()
    draft.fill()
    return draft
