"""Which runbooks fit a situation, and how often each helped."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase

from fullscore.domains.foundation.changes.models import Runbook, RunbookRun
from fullscore.domains.foundation.estate import queries as estate
from fullscore.domains.foundation.estate.models import Item
from fullscore.kit.access import Actor
from fullscore.kit.errors import Invalid

MOST = 8
# Our judgement: an alert it names says most, then that it resolved the like, then its kind of item.
NAMED, RESOLVED, FITS = 3.0, 2.0, 1.0


@dataclass(frozen=True, slots=True)
class Rate:
    """How often a runbook was run to an end, and how often that was good."""

    good: int = 0
    runs: int = 0

    @property
    def share(self) -> float | None:
        """Return the share that went well; None while it has never been run."""
        return self.good / self.runs if self.runs else None

    def __str__(self) -> str:
        return f"{self.good} of {self.runs} runs helped" if self.runs else "never run yet"


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A runbook that fits, why, and for which item."""

    runbook: Runbook
    item: Item | None
    reasons: tuple[str, ...]
    rate: Rate
    score: float


def rates(runbooks: Iterable[int]) -> dict[int, Rate]:
    """Return how often each helped: it came to its end and nobody said that it did not help.

    What was stopped counts only where somebody said whether it had helped.
    """
    told: dict[int, Rate] = {}
    rows = RunbookRun.objects.filter(runbook__in=list(runbooks), is_dry=False)
    over = rows.exclude(state__in=RunbookRun.LIVE).values_list("runbook", "state", "helped")
    for runbook, state, helped in over:
        if state == RunbookRun.State.STOPPED and helped is None:
            continue
        is_good = helped if helped is not None else state == RunbookRun.State.DONE
        before = told.get(runbook, Rate())
        told[runbook] = Rate(before.good + bool(is_good), before.runs + 1)
    return told


def suggested(
    user: Actor,
    *,
    items: Collection[int],
    names: Collection[str] = (),
    references: Collection[str] = (),
) -> list[Suggestion]:
    """Return the runbooks that fit some items and the names of what alerts, the best first.

    `references` are troubles that were alike: what ended those well fits too.
    """
    offered = list(Runbook.objects.visible_to(user).filter(is_offered=True))
    known = rates(one.pk for one in offered)
    seen = list(Item.objects.visible_to(user).filter(pk__in=items))
    order = {pk: place for place, pk in enumerate(items)}
    seen.sort(key=lambda item: order[item.pk])
    resolved = _resolved(references)
    found = [
        one
        for runbook in offered
        if (one := _fit(runbook, seen, names, resolved, known.get(runbook.pk, Rate())))
    ]
    return sorted(found, key=lambda one: (-one.score, one.runbook.title))[:MOST]


def _resolved(references: Collection[str]) -> dict[int, int]:
    """Return how many of some troubles each runbook ended well."""
    rows = RunbookRun.objects.filter(
        reference__in=[one for one in references if one], state="done", is_dry=False, is_back=False
    ).exclude(helped=False)
    told: dict[int, set[str]] = {}
    for runbook, reference in rows.values_list("runbook", "reference"):
        told.setdefault(runbook, set()).add(reference)
    return {runbook: len(some) for runbook, some in told.items()}


def _fit(
    runbook: Runbook, items: list[Item], names: Collection[str], resolved: dict[int, int],
    rate: Rate,
) -> Suggestion | None:  # fmt: skip
    reasons, score = [], 0.0
    fitting = _fitting(runbook, items)
    if runbook.selector and not fitting:
        return None
    if runbook.selector:
        score += FITS
        reasons.append(f"is for {runbook.selector}")
    if name := _named(runbook, names):
        score += NAMED
        reasons.append(f"answers “{name}”")
    if count := resolved.get(runbook.pk, 0):
        score += RESOLVED
        reasons.append(f"ended {count} like it" if count > 1 else "ended one like it")
    if not reasons:
        return None
    score += rate.share or 0.0
    return Suggestion(runbook, fitting[0] if fitting else None, tuple(reasons), rate, score)


def _fitting(runbook: Runbook, items: list[Item]) -> list[Item]:
    try:
        rows = estate.selected(runbook.selector).filter(pk__in=[item.pk for item in items])
    except Invalid:  # a word that was a field once
        return []
    kept = set(rows.values_list("pk", flat=True))
    return [item for item in items if item.pk in kept]


def _named(runbook: Runbook, names: Collection[str]) -> str:
    patterns = [line.strip().lower() for line in runbook.alerts.splitlines() if line.strip()]
    return next(
        (name for name in names if any(fnmatchcase(name.lower(), one) for one in patterns)), ""
    )
