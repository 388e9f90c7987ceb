"""Which updates a baseline takes, and why others wait."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from fnmatch import fnmatchcase

from fullscore.domains.infrastructure.patching.facts import (
    Graded,
    Held,
    Pending,
    Update,
    Urgencies,
    Wanted,
)

RISK_OF_EXPLOITED = 30.0
RISK_OF_CERTAIN = 9.0
LEAST_URGENT = 4  # the criticality nobody notices


def pending(
    updates: Iterable[Update],
    wanted: Wanted,
    *,
    now: datetime,
    cut_off: datetime | None = None,
    urgencies: Urgencies | None = None,
) -> Iterator[Pending]:
    """Return each update with the reason for which it waits; an empty one: it is taken now."""
    for one in updates:
        urgency = (urgencies or {}).get((one.package, one.candidate), Graded())
        yield _judged(one, wanted, now, cut_off, urgency)


def _judged(
    one: Update, wanted: Wanted, now: datetime, cut_off: datetime | None, urgency: Graded
) -> Pending:
    if not _is_wanted(one, wanted):
        told = "no security update" if wanted.take == "security" else "not among the listed"
        return Pending(one, told)
    if hold := held(one, wanted.holds, now.date()):
        return Pending(one, f"held until {hold.until:%-d %b %Y}: {hold.reason}", hold.until)
    since = one.since or now
    free_at = since + timedelta(days=wanted.age_days)
    if free_at > now and not urgency.is_exploited:
        told = f"known for less than {wanted.age_days} days: waits until {free_at:%-d %b}"
        return Pending(one, told, free_at.date())
    if cut_off and since > cut_off:
        return Pending(one, f"came after the cut-off of {cut_off:%-d %b %H:%M}")
    return Pending(one, "")


def _is_wanted(one: Update, wanted: Wanted) -> bool:
    if wanted.take == "listed":
        return any(fnmatchcase(one.package, pattern) for pattern in wanted.listed)
    return wanted.take == "all" or one.is_security


def held(one: Update, holds: Iterable[Held], today: date) -> Held | None:
    """Return the hold that keeps an update back longest."""
    found = [
        hold
        for hold in holds
        if hold.until >= today
        and fnmatchcase(one.package, hold.package)
        and (not hold.candidates or fnmatchcase(one.candidate, hold.candidates))
    ]
    return max(found, key=lambda hold: hold.until, default=None)


def worst(updates: Iterable[Update], urgencies: Urgencies) -> Graded:
    """Return how urgent some updates are together: the gravest of each figure."""
    found = [urgencies[key] for u in updates if (key := (u.package, u.candidate)) in urgencies]
    return Graded(
        max((one.probability for one in found), default=0.0),
        any(one.is_exploited for one in found),
        min((one.due_on for one in found if one.due_on), default=None),
    )


def risk(urgency: Graded, criticality: int) -> float:
    """Return what each wave of waiting costs: 1 to 40, times 1 to 4 for what hangs on it.

    The weights are our judgement: what is known to be exploited outweighs any probability.
    """
    presses = 1 + RISK_OF_CERTAIN * urgency.probability
    presses += RISK_OF_EXPLOITED if urgency.is_exploited else 0.0
    return presses * (LEAST_URGENT + 1 - min(criticality, LEAST_URGENT))
