"""What reviews are filled from, what incidents resemble, and what of it is late."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from django.db.models import Prefetch, Q

from fullscore.domains.foundation.estate.models import Item
from fullscore.domains.response.incidents.facts import Late, Owed
from fullscore.domains.response.incidents.models import Alert, Incident, Review, ReviewAction
from fullscore.domains.response.incidents.queries.standing import needs
from fullscore.engines.aftermath import Outage, Traits, likeness, seconds_down, working_days_after
from fullscore.kit.access import Actor
from fullscore.kit.checks import Scope

REVIEWED = (1, 2)  # priorities whose review is obligatory
WORKING_DAYS = 5
OWED_FOR = timedelta(days=400)
COMPARED = 500
MOST_SIMILAR = 8
LEAST_LIKENESS = 0.15  # our judgement: below it, what two incidents share is chance


def due_on(incident: Incident) -> date:
    """Return until which day the review of an incident that is over is owed."""
    over = incident.resolved_at or incident.detected_at
    return working_days_after(over.date(), WORKING_DAYS)


def impact_of(incident: Incident, *, now: datetime) -> list[dict[str, int]]:
    """Return for how many seconds each service was touched, worst first."""
    until = incident.resolved_at or now
    rows = incident.alerts.filter(item__isnull=False)
    outages = [
        Outage(item, starts.timestamp(), min(ends or until, until).timestamp())
        for item, starts, ends in rows.values_list("item", "starts_at", "ends_at")
    ]
    if not outages and incident.root_item_id is not None:  # a person told of it, no alert
        span = incident.starts_at.timestamp(), until.timestamp()
        outages = [Outage(incident.root_item_id, *span)]
    if not outages:
        return []
    services = Item.objects.live().filter(kind="service").values_list("pk", flat=True)
    told = seconds_down(outages, needs(), set(services))
    worst = sorted(told.items(), key=lambda one: (-one[1], one[0]))
    return [{"item": item, "seconds": round(seconds)} for item, seconds in worst]


def similar_to(incident: Incident, user: Actor) -> list[tuple[Incident, float, tuple[str, ...]]]:
    """Return the earlier and later incidents that are most like one, with what they share."""
    own = _traits(incident)
    near = Q(root_item=own.root) if own.root else Q()
    near |= Q(alerts__item__in=own.items) | Q(alerts__title__in=own.names)
    rows = Incident.objects.visible_to(user).filter(near, merged_into__isnull=True)
    rows = rows.exclude(pk=incident.pk).order_by("-detected_at").distinct()
    alerts = Prefetch("alerts", queryset=Alert.objects.only("incident", "item", "title"))
    told = []
    for other in rows.prefetch_related(alerts)[:COMPARED]:
        score, why = likeness(own, _traits(other))
        if score >= LEAST_LIKENESS:
            told.append((other, score, why))
    return sorted(told, key=lambda one: (-one[1], -one[0].pk))[:MOST_SIMILAR]


def _traits(incident: Incident) -> Traits:
    alerts = list(incident.alerts.all())
    items = frozenset(alert.item_id for alert in alerts if alert.item_id)
    return Traits(incident.root_item_id, items, frozenset(alert.title for alert in alerts))


def owed(scope: Scope) -> Iterator[Owed]:
    """Return the incidents of P1 and P2 that are over, and whether each was reviewed."""
    if scope.items is not None:
        return
    rows = Incident.objects.filter(
        state=Incident.State.RESOLVED, priority__in=REVIEWED, merged_into__isnull=True,
        resolved_at__gte=scope.now - OWED_FOR,
    )  # fmt: skip
    for one in rows.select_related("review"):
        review = getattr(one, "review", None)
        is_closed = review is not None and review.state == Review.State.CLOSED
        yield Owed(one.pk, one.priority, due_on(one), is_closed)


def late(scope: Scope) -> Iterator[Late]:
    """Return what reviews want done, and until when."""
    if scope.items is None:
        rows = ReviewAction.objects.values_list("pk", "review__incident", "due_on", "done_at")
        for pk, incident, due, done_at in rows:
            yield Late(pk, incident, due, done_at is not None)
