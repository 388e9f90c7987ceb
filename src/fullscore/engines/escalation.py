"""Which step of an escalation comes next, and when. No people, no clock: places in a plan.

A plan is a row of steps. A condition that does not hold passes over the step after it. After the
last step the plan begins anew, a given number of times; then comes the last resort, without end.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from fullscore.engines.rota.hours import is_within

ROUND_LASTS = timedelta(seconds=60)  # at least: a plan without a wait must not spin
LAST_RESORT_EVERY = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Step:
    """What the engine must know of one step."""

    kind: str
    minutes: int = 0
    severity: int = 0
    hours: str = ""
    zone: str = "UTC"
    count: int = 0  # of alerts within `minutes`


@dataclass(frozen=True, slots=True)
class Place:
    """A step (its number in the plan; the plan's length is the last resort) of a round."""

    step: int
    round: int


def following(
    place: Place,
    plan: Sequence[Step],
    *,
    now: datetime,
    severity: int,
    last_round: int,
    round_began: datetime,
    found_nobody: bool = False,
    alerts: Sequence[float] = (),
) -> tuple[Place, datetime]:
    """Return the place after this one, which was taken just now, and when it is due.

    `found_nobody`: the step had nobody to call, so that a wait after it is passed over. There is
    always a place that follows: an escalation ends by an answer only.
    """
    if place.step >= len(plan):
        return Place(len(plan), place.round + 1), now + LAST_RESORT_EVERY
    step, due, ahead = plan[place.step], now, place.step + 1
    if step.kind == "wait":
        due = now + timedelta(minutes=step.minutes)
    waits_for_nobody = found_nobody and ahead < len(plan) and plan[ahead].kind == "wait"
    if waits_for_nobody or not holds(step, severity=severity, at=now, alerts=alerts):
        ahead += 1
    if ahead < len(plan):
        return Place(ahead, place.round), due
    due = max(due, round_began + ROUND_LASTS)
    if place.round < last_round and plan:
        return Place(0, place.round + 1), due
    return Place(len(plan), place.round), due


def holds(step: Step, *, severity: int, at: datetime, alerts: Sequence[float] = ()) -> bool:
    """Say whether a condition holds; what is no condition always does.

    `alerts`: when each began, in Unix seconds.
    """
    if step.kind == "alerts":
        since = at.timestamp() - 60 * step.minutes
        return sum(since < began <= at.timestamp() for began in alerts) >= step.count
    if step.kind == "severity":
        return severity >= step.severity
    if step.kind == "hours":
        return is_within(step.hours, step.zone or "UTC", at)
    return True
