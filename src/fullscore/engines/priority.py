"""How urgently an incident needs people: P1 to P4, from impact × urgency, with the reason in words.

impact   Σ over the services that suffer of the weight of their criticality (1 → 1, 2 → 0.5,
         3 → 0.25, 4 → 0.1); half of it while a redundant sibling carries the service, or while it
         is only impaired.
urgency  1, and 0.5 more for each of: still growing (new items within ten minutes, or an error
         budget that burns), redundancy of a critical service lost, business hours.

The first line that fits gives the priority:

P1  a critical service (criticality 1) is down, or an error budget burns more than 14.4 times
    faster than even spending: at that rate a budget of 28 days is gone in two;
    or it is a matter of security of severity 5 (critical).
P2  a critical or important service (1, 2) is down, impaired or without its redundancy,
    or impact × urgency is 1 or more: as much as one critical service;
    or it is a matter of security of severity 4 (high).
P3  any other service suffers, or it is any other matter of security.
P4  the rest.

Lines and weights are those of the design; our judgement are that a sum of small services is raised
to P2 at 1, and the lines of security: what an intruder reads or takes need not make anything fail.
14.4 is the fast burn of the Site Reliability Workbook, chapter 5 (2 % of a 30-day budget
in one hour).
"""

from collections.abc import Sequence
from dataclasses import dataclass

WEIGHT = {1: 1.0, 2: 0.5, 3: 0.25, 4: 0.1}
FAST_BURN = 14.4  # times even spending
SLOW_BURN = 1.0  # above it a budget does not last its window
AS_ONE_CRITICAL = 1.0
CRITICAL, IMPORTANT = 1, 2
SECURITY_CRITICAL, SECURITY_HIGH = 5, 4
NAMED = 3  # services in a reason
HALVES = {"down": 1.0, "alone": 0.5, "impaired": 0.5}
SAID = {"down": "down", "alone": "without redundancy", "impaired": "impaired"}


@dataclass(frozen=True, slots=True)
class Service:
    """A service that suffers: `down`, `alone` (a sibling carries it), or `impaired`."""

    name: str
    criticality: int  # 1 … 4
    state: str


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of an incident."""

    services: Sequence[Service]
    is_growing: bool  # new items alert within the last ten minutes
    in_business_hours: bool
    burn: float | None = None  # times even spending of the error budget; None: none is kept
    security: int | None = None  # severity, 1 … 5, of a matter of security; None: it is none


@dataclass(frozen=True, slots=True)
class Judgement:
    """The priority, 1 to 4, and why, worst reason first."""

    priority: int
    reason: str
    impact: float
    urgency: float


def judge(facts: Facts) -> Judgement:
    """Return the priority of an incident. Worse facts never give a lower one."""
    impact = sum(WEIGHT[s.criticality] * HALVES[s.state] for s in facts.services)
    lost = [s for s in facts.services if s.criticality == CRITICAL and s.state == "alone"]
    burn = facts.burn or 0.0
    is_growing = facts.is_growing or burn > SLOW_BURN
    urgency = 1 + 0.5 * sum((is_growing, bool(lost), facts.in_business_hours))
    priority, reason = _line(facts, burn, impact * urgency)
    more = _more(is_growing, facts.in_business_hours)
    said = f"P{priority} because {reason}{f'; {more}' if more else ''}."
    return Judgement(priority, said, round(impact, 4), urgency)


def _line(facts: Facts, burn: float, product: float) -> tuple[int, str]:
    down = [s for s in facts.services if s.criticality == CRITICAL and s.state == "down"]
    if down:
        return 1, _suffer(down)
    if burn > FAST_BURN:
        return 1, f"an error budget burns {burn:.0f} times faster than it may"
    if facts.security == SECURITY_CRITICAL:
        return 1, "it is a critical matter of security"
    if grave := [s for s in facts.services if s.criticality <= IMPORTANT]:
        return 2, _suffer(grave)
    if product >= AS_ONE_CRITICAL:
        return 2, f"{len(facts.services)} services together weigh as much as a critical one"
    if facts.security == SECURITY_HIGH:
        return 2, "it is a grave matter of security"
    if facts.services:
        return 3, _suffer(facts.services)
    if facts.security is not None:
        return 3, "it is a matter of security"
    return 4, "no service is known to suffer"


def _suffer(services: Sequence[Service]) -> str:
    """Say which services suffer how, the worst first."""
    order = list(HALVES)
    told = sorted(services, key=lambda s: (s.criticality, order.index(s.state), s.name))
    words = [f"{s.name} ({_rank(s.criticality)}) is {SAID[s.state]}" for s in told[:NAMED]]
    rest = len(told) - NAMED
    return " and ".join([*words, f"{rest} more suffer"] if rest > 0 else words)


def _rank(criticality: int) -> str:
    return {1: "critical", 2: "important", 3: "internal"}.get(criticality, "minor")


def _more(is_growing: bool, in_business_hours: bool) -> str:
    told = ["it still grows"] * is_growing + ["it is business hours"] * in_business_hours
    return " and ".join(told)


def burn(left: Sequence[tuple[float, float]], *, window_days: float = 28.0) -> float | None:
    """Return how fast an error budget falls, in times of even spending; None: not known.

    `left` are (Unix seconds, share of the budget left), oldest first; what was given back is no
    spending. Even spending uses the whole budget in `window_days`.
    """
    if len(left) < 2 or left[-1][0] <= left[0][0]:
        return None
    even = (left[-1][0] - left[0][0]) / (window_days * 86400)
    return max(0.0, left[0][1] - left[-1][1]) / even
