"""The figures of incidents and changes as pages, programs and files show them."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from fullscore.domains.foundation.changes.queries.suggesting import suggested
from fullscore.domains.foundation.directory.models import Team
from fullscore.domains.foundation.estate.models import Item
from fullscore.domains.response.incidents import queries
from fullscore.domains.response.incidents.models import Incident
from fullscore.domains.response.incidents.queries import Asked, runbooks_for
from fullscore.kit import time
from fullscore.kit.errors import Invalid
from fullscore.kit.models import User
from fullscore.kit.perform import find, require

DAYS, MOST_DAYS = 90, 730


def asked_of(
    by: User, *, days: int = DAYS, service: int | None = None, team: int | None = None,
    priority: int | None = None,
) -> Asked:  # fmt: skip
    """Return what is asked; the time ends now, service and team are ones the person may see."""
    require("incidents.view_incident", by=by)
    require("changes.view_change", by=by)
    if not 1 <= days <= MOST_DAYS:
        raise Invalid(f"Ask for 1 to {MOST_DAYS} days.", {"days": [f"1 to {MOST_DAYS}."]})
    if priority is not None and not 1 <= priority <= 4:
        raise Invalid("A priority is 1, 2, 3 or 4.", {"priority": ["1 to 4."]})
    now = time.now()
    return Asked(
        now - timedelta(days=days), now,
        find(Item, service, by=by) if service is not None else None,
        find(Team, team, by=by) if team is not None else None,
        priority,
    )  # fmt: skip


def figures(
    by: User, *, days: int = DAYS, service: int | None = None, team: int | None = None,
    priority: int | None = None,
) -> Mapping[str, Any]:  # fmt: skip
    """Return how fast incidents are noticed, taken and resolved, and the five figures of DORA.

    Of the last `days` (90), of one `service` with what it needs up to three steps away, of one
    `team`, of one `priority` (1 to 4; incidents only). Lengths are seconds, rates 0 to 1. Merged
    incidents are left out. Beside each mean stand the median and the 90th percentile.
    """
    asked = asked_of(by, days=days, service=service, team=team, priority=priority)
    made = queries.delivery_of(asked, by)
    return {
        "since": asked.since, "until": asked.until,
        "incidents": queries.incidents_in(asked, by).count(),
        "times": asdict(queries.times_of(asked, by)), "delivery": asdict(made),
        "weeks": [asdict(week) for week in queries.weeks_of(asked, by)],
    }  # fmt: skip


def rows_of(told: Mapping[str, Any]) -> Iterator[tuple[str, str, Any, Any, Any, Any]]:
    """Yield figures as rows: name, unit, how many, mean, median, 90th percentile."""
    names = {"detect": "time to notice (MTTD)", "acknowledge": "time to take (MTTA)",
             "resolve": "time to resolve (MTTR)"}  # fmt: skip
    for name, words in names.items():
        yield _row(words, told["times"][name])
    made = told["delivery"]
    count = made["carried_out"]
    yield _row("change lead time", made["lead"])
    yield "deployment frequency", "per week", count, made["per_week"], None, None
    yield "change fail rate", "ratio", count, made["fail_rate"], None, None
    yield _row("failed deployment recovery time", made["recovery"])
    yield "rework rate", "ratio", count, made["rework_rate"], None, None


def _row(words: str, spread: Mapping[str, Any]) -> tuple[str, str, Any, Any, Any, Any]:
    return words, "s", spread["count"], spread["mean"], spread["median"], spread["p90"]


def runbooks(by: User, *, incident: int | None = None, item: int | None = None) -> dict[str, Any]:
    """Return the runbooks that fit an incident, or an item, the best first, each with its reasons.

    `helped` of `runs` were good: they came to their end and nobody said that they did not help.
    """
    require("changes.view_runbook", by=by)
    if (incident is None) == (item is None):
        raise Invalid("Name either an incident or an item.")
    if incident is not None:
        require("incidents.view_incident", by=by)
        found = runbooks_for(find(Incident, incident, by=by), by)
    else:
        found = suggested(by, items=[find(Item, item, by=by).pk])
    return {
        "rows": [
            {
                "runbook": {"id": one.runbook.pk, "title": one.runbook.title},
                "item": {"id": one.item.pk, "name": one.item.name} if one.item else None,
                "why": list(one.reasons), "helped": one.rate.good, "runs": one.rate.runs,
                "score": round(one.score, 3), "url": f"/runbooks/{one.runbook.pk}",
            }
            for one in found
        ]
    }  # fmt: skip
