"""Which updates a baseline takes, and why others wait."""

import re
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
from fullscore.engines import versions

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


COMPARED = {"<": (-1,), "<=": (-1, 0), "=": (0,), ">=": (0, 1), ">": (1,)}
# What a hold keeps back by version: < 3.0.11, or >= 17, < 18.
COMPARISON = r"(?:<=|>=|<|>|=) ?[A-Za-z0-9][A-Za-z0-9.+:~^_-]*"
RANGE = re.compile(rf"{COMPARISON}(?:, ?{COMPARISON})*")


def fits(version: str, wanted: str, manager: str) -> bool:
    """Say whether a version is within a range, or matches a pattern; empty: any does.

    Versions are compared as their package manager does; those of one we cannot compare fit every
    range, so that a hold keeps back rather too much.
    """
    if not RANGE.fullmatch(wanted):
        return not wanted or fnmatchcase(version, wanted)
    if manager not in versions.KEYS:
        return True
    parts = [re.match(r"([<>=]+) ?(.+)", part.strip()) for part in wanted.split(",")]
    return all(
        part is not None and versions.compare(manager, version, part[2]) in COMPARED[part[1]]
        for part in parts
    )


def is_below(one: Update, wanted: Wanted) -> bool:
    """Say whether a package is older than the least its baseline stands for."""
    least = dict(wanted.minimum).get(one.package)
    return (
        least is not None
        and one.manager in versions.KEYS
        and versions.compare(one.manager, one.version, least) < 0
    )


def _judged(
    one: Update, wanted: Wanted, now: datetime, cut_off: datetime | None, urgency: Graded
) -> Pending:
    must = is_below(one, wanted)
    if not must and not _is_wanted(one, wanted):
        told = "no security update" if wanted.take == "security" else "not among the listed"
        return Pending(one, told)
    if hold := held(one, wanted.holds, now.date()):
        return Pending(one, f"held until {hold.until:%-d %b %Y}: {hold.reason}", hold.until)
    since = one.since or now
    free_at = since + timedelta(days=wanted.age_days)
    if free_at > now and not urgency.is_exploited and not must:
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
        and fits(one.candidate, hold.candidates, one.manager)
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
