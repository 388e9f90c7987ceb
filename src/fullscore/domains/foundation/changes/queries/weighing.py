"""What the risk engine is told of a change."""

from collections.abc import Iterator, Set
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q

from fullscore.domains.foundation.changes.facts import Draft
from fullscore.domains.foundation.changes.models import Change, Trouble
from fullscore.domains.foundation.changes.queries.blast import Blast
from fullscore.domains.foundation.changes.queries.overlaps import InTheWay
from fullscore.domains.foundation.estate.kinds import CRITICALITY_WEIGHT
from fullscore.domains.foundation.estate.models import Item
from fullscore.domains.foundation.telemetry import queries as telemetry
from fullscore.engines import risk, servicehours
from fullscore.kit import time

USUAL_FAILURE_RATE = 0.05  # our judgement, until 20 changes of one's own are closed
ENOUGH = 20
STANDBY_SHARE = 0.5  # of its weight, what only loses redundancy
BUSINESS_HOURS = servicehours.read("Mon-Fri 08:00-18:00")
BUDGET = "service_error_budget_ratio"
BUDGET_SECONDS = 3600
LOOKED_AT = timedelta(minutes=30)
LONGEST = timedelta(days=7)  # what lasts longer holds business hours in any case


def draft_of(change: Change) -> Draft:
    """Return what is weighed of a stored change."""
    return Draft(
        change.kind,
        tuple(change.items.values_list("pk", flat=True)),
        change.starts_at,
        change.ends_at,
        change.rollback,
        change.verification,
        change.standard_id,
        change.executor_id,
        change.pk or 0,
    )


def facts(draft: Draft, reached: Blast, way: InTheWay) -> risk.Facts:
    """Return the facts that the risk engine weighs."""
    failed, closed = _record(draft)
    within = reached.within(draft.items)
    return risk.Facts(
        kind=draft.kind,
        dependents=(*_served(draft), *_felt(reached)),
        failed=failed,
        closed=closed,
        usual_failure_rate=usual_failure_rate(),
        nearby_changes=len(way.conflicts),
        open_incidents=open_troubles(within),
        rollback=draft.rollback,
        verification=draft.verification,
        budget_left=_budget_left(within),
        in_freeze=bool(way.freezes),
        in_business_hours=in_business_hours(draft.starts_at, draft.ends_at),
        keeps_redundancy=reached.keeps_redundancy,
    )


def _felt(reached: Blast) -> Iterator[risk.Dependent]:
    for one in reached.touched:
        share = 1 if one.is_down else STANDBY_SHARE
        yield risk.Dependent(CRITICALITY_WEIGHT[one.criticality] * share, max(1, one.hops))


def _served(draft: Draft) -> Iterator[risk.Dependent]:
    """Yield the services that are changed themselves: who uses them stands for a direct dependent.

    What people use is the end of the graph: nothing recorded depends on it.
    """
    services = Item.objects.filter(pk__in=draft.items, kind="service")
    for criticality in services.values_list("criticality", flat=True):
        yield risk.Dependent(CRITICALITY_WEIGHT[criticality], 1)


def usual_failure_rate() -> float:
    """Return which share of all closed changes failed; our judgement while there are few."""
    closed = Change.objects.filter(state__in=Change.CLOSED)
    count = closed.count()
    if count < ENOUGH:
        return USUAL_FAILURE_RATE
    return closed.filter(state__in=Change.WENT_WRONG).count() / count


def open_troubles(items: Set[int]) -> int:
    """Return how many different troubles are open on some items."""
    # The open ones are few, what a change can reach is not.
    rows = Trouble.objects.filter(until__isnull=True).values_list("item_id", "reference")
    return len({reference for item, reference in rows if item in items})


def in_business_hours(start: datetime, end: datetime) -> bool:
    """Say whether any of a window falls into business hours, by the installation's clock."""
    if end - start >= LONGEST:
        return True
    zone, at = time.zone(settings.OPTIONS.time_zone), start
    while at < end:
        if at.astimezone(zone) in BUSINESS_HOURS:
            return True
        at += LOOKED_AT
    return False


def _record(draft: Draft) -> tuple[int, int]:
    """Return how many changes of the sort failed, and how many are closed.

    Of the sort are those of the same template, else those of the same kind on the same items.
    """
    rows = Change.objects.filter(state__in=Change.CLOSED).exclude(pk=draft.change)
    if draft.standard is not None:
        rows = rows.filter(standard=draft.standard)
    else:
        touched = Change.items.through.objects.filter(item__in=draft.items)
        rows = rows.filter(Q(kind=draft.kind), pk__in=touched.values("change"))
    return rows.filter(state__in=Change.WENT_WRONG).count(), rows.count()


def _budget_left(items: Set[int]) -> float | None:
    """Return the least error budget left of the services reached; None where none is kept."""
    kept = telemetry.of_items(BUDGET)
    series = [one for item in sorted(kept.keys() & items) for one in kept[item]]
    left = telemetry.means(series, now=time.now(), seconds=BUDGET_SECONDS, function="last")
    return min(left.values(), default=None)
