"""The risk scorecard of a change: points with their reasons, a band, and whether nobody need ask.

points = round(clamp(sum of the terms, 0 … 100)); nothing is rounded before, so that small worries
add up. The band follows from the rounded points: what a person reads and what counts is the same.
A term per row of the card, left out when it is zero:

kind          standard 0, normal 5, emergency 20
blast         30·B / (B + 3), B = Σ criticality·0.5^(hops − 1): half of the 30 at three direct ones
record        20·min(1, p / 0.20), p = (failed + 10·usual) / (closed + 10)
nearby        6 per change ≤ 12, and 8 per open incident ≤ 16
rollback      none 15, written 5, rehearsed 0
verification  none 8, manual 3, automated 0
budget        10·(1 − left); unknown 0
timing        in a freeze 20, and in business hours 5
redundancy    −8 when it is kept

The failure rate is the mean of a beta prior that weighs as much as ten changes: a young record says
little, an old one speaks for itself.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

KINDS = {"standard": 0.0, "normal": 5.0, "emergency": 20.0}
ROLLBACKS = {"none": 15.0, "written": 5.0, "rehearsed": 0.0}
VERIFICATIONS = {"none": 8.0, "manual": 3.0, "automated": 0.0}
PRIOR = 10  # closed changes the usual failure rate counts as
WORST_RATE = 0.20  # failures per change from which a record cannot be worse
MEDIUM, HIGH = 30, 60  # points from which a band begins


@dataclass(frozen=True, slots=True)
class Dependent:
    """Something that leans on what is changed."""

    criticality: float  # 0 … 1
    hops: int  # 1 = directly


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a change before it is approved."""

    kind: str  # standard, normal, emergency
    dependents: tuple[Dependent, ...]
    failed: int  # earlier changes of the sort
    closed: int  # earlier changes of the sort, the failed among them
    usual_failure_rate: float  # 0 … 1, over all sorts
    nearby_changes: int
    open_incidents: int
    rollback: str  # none, written, rehearsed
    verification: str  # none, manual, automated
    budget_left: float | None  # share of the error budget, clamped to 0 … 1; None: not kept
    in_freeze: bool
    in_business_hours: bool
    keeps_redundancy: bool


@dataclass(frozen=True, slots=True)
class Term:
    """One row of the card."""

    name: str
    points: float
    reason: str


@dataclass(frozen=True, slots=True)
class Assessment:
    """The card: points 0 … 100, their band low, medium or high, and how they came about."""

    points: int
    band: str
    terms: tuple[Term, ...]  # as on the card; they sum to the total before it is clamped
    may_auto_approve: bool


def assess(facts: Facts) -> Assessment:
    """Return the risk of a change. Worse facts never lower the points.

    Nobody need approve a change that is standard or of low risk, unless it is an emergency, has
    no way back, or falls into a freeze.

    ValueError: an unknown kind, rollback or verification, a negative count, hops below one, a rate
    or criticality outside 0 … 1, anything that is not a number.
    """
    _check(facts)
    rows = (
        Term("kind", KINDS[facts.kind], f"The change is of kind {facts.kind}."),
        _blast(facts),
        _record(facts),
        _nearby(facts),
        _rollback(facts),
        _verification(facts),
        _budget(facts),
        _timing(facts),
        _redundancy(facts),
    )
    terms = tuple(row for row in rows if row.points)
    points = round(min(100.0, max(0.0, sum(term.points for term in terms))))
    band = "low" if points < MEDIUM else "medium" if points < HIGH else "high"
    return Assessment(points, band, terms, _may_auto_approve(facts, band))


def _may_auto_approve(facts: Facts, band: str) -> bool:
    if facts.kind == "emergency" or facts.rollback == "none" or facts.in_freeze:
        return False
    return facts.kind == "standard" or band == "low"


def _blast(facts: Facts) -> Term:
    weight = math.fsum(each.criticality * 0.5 ** (each.hops - 1) for each in facts.dependents)
    direct = sum(each.hops == 1 for each in facts.dependents)
    reason = f"{_counted(len(facts.dependents), 'item')} would feel a failure, {direct} directly."
    return Term("blast", 30 * weight / (weight + 3), reason)


def _record(facts: Facts) -> Term:
    rate = (facts.failed + PRIOR * facts.usual_failure_rate) / (facts.closed + PRIOR)
    reason = (
        f"{facts.failed} of {_counted(facts.closed, 'change')} like it failed, "
        f"{facts.usual_failure_rate:.0%} is usual: {rate:.0%} expected."
    )
    return Term("record", 20 * min(1.0, rate / WORST_RATE), reason)


def _nearby(facts: Facts) -> Term:
    points = float(min(6 * facts.nearby_changes, 12) + min(8 * facts.open_incidents, 16))
    changes = _counted(facts.nearby_changes, "other change")
    incidents = _counted(facts.open_incidents, "open incident")
    return Term("nearby", points, f"{changes} and {incidents} nearby.")


def _rollback(facts: Facts) -> Term:
    said = {"none": "There is no way back.", "written": "The way back was never rehearsed."}
    return Term("rollback", ROLLBACKS[facts.rollback], said.get(facts.rollback, ""))


def _verification(facts: Facts) -> Term:
    said = {"none": "Nothing checks the result.", "manual": "The result is checked by hand."}
    return Term("verification", VERIFICATIONS[facts.verification], said.get(facts.verification, ""))


def _budget(facts: Facts) -> Term:
    left = 1.0 if facts.budget_left is None else min(1.0, max(0.0, facts.budget_left))
    return Term("budget", 10 * (1 - left), f"{left:.0%} of the error budget is left.")


def _timing(facts: Facts) -> Term:
    said = {
        (True, True): "It falls into a freeze and into business hours.",
        (True, False): "It falls into a freeze.",
        (False, True): "It falls into business hours.",
    }
    points = 20.0 * facts.in_freeze + 5.0 * facts.in_business_hours
    return Term("timing", points, said.get((facts.in_freeze, facts.in_business_hours), ""))


def _redundancy(facts: Facts) -> Term:
    return Term("redundancy", -8.0 * facts.keeps_redundancy, "A standby serves meanwhile.")


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _check(facts: Facts) -> None:
    _check_word("kind", facts.kind, KINDS)
    _check_word("rollback", facts.rollback, ROLLBACKS)
    _check_word("verification", facts.verification, VERIFICATIONS)
    for name in ("failed", "closed", "nearby_changes", "open_incidents"):
        if not 0 <= getattr(facts, name) < math.inf:
            raise ValueError(f"{name} must be a count, not {getattr(facts, name)}.")
    if not 0 <= facts.usual_failure_rate <= 1:
        raise ValueError(f"usual_failure_rate must be 0 … 1, not {facts.usual_failure_rate}.")
    if facts.budget_left is not None and math.isnan(facts.budget_left):
        raise ValueError("budget_left must be a number, or None where there is no budget.")
    for dependent in facts.dependents:
        if not 0 <= dependent.criticality <= 1:
            raise ValueError(f"criticality must be 0 … 1, not {dependent.criticality}.")
        if not 1 <= dependent.hops < math.inf:
            raise ValueError(f"hops must be 1 or more, not {dependent.hops}.")


def _check_word(name: str, word: str, known: Mapping[str, float]) -> None:
    if word not in known:
        raise ValueError(f"{name} must be one of {', '.join(known)}, not {word!r}.")
