"""How much of what may go wrong with services has gone wrong."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import Q

from fullscore.domains.foundation.telemetry import queries as telemetry
from fullscore.domains.response.incidents.models import Alert, ServiceObjective
from fullscore.domains.response.incidents.queries.standing import needs
from fullscore.engines.aftermath import Outage, budget_left, seconds_down

GRAVE = 4  # severity from which a service counts as not up


def left_of(objectives: Iterable[ServiceObjective], *, now: datetime) -> dict[int, float | None]:
    """Return what is left of each budget: 1 all of it, below 0 overspent; None: not measured."""
    told: dict[int, float | None] = {}
    up: dict[int, list[ServiceObjective]] = {}
    for one in objectives:
        if one.kind == ServiceObjective.Kind.UP:
            up.setdefault(one.window_days, []).append(one)
        else:
            told[one.pk] = _of_ratio(one, now)
    edges = needs() if up else []
    for days, some in up.items():
        span = timedelta(days=days)
        down = seconds_down(_outages(now - span, now), edges, {one.service_id for one in some})
        for one in some:
            share = down.get(one.service_id, 0.0) / span.total_seconds()
            told[one.pk] = budget_left(share, one.target)
    return told


def _outages(since: datetime, until: datetime) -> list[Outage]:
    rows = Alert.objects.filter(
        Q(ends_at__isnull=True) | Q(ends_at__gt=since), item__isnull=False, severity__gte=GRAVE,
        incident__isnull=False, starts_at__lt=until,
    )  # fmt: skip
    return [
        Outage(item, max(starts, since).timestamp(), min(ends or until, until).timestamp())
        for item, starts, ends in rows.values_list("item", "starts_at", "ends_at")
    ]


def _of_ratio(one: ServiceObjective, now: datetime) -> float | None:
    good, total = (_grew(one, name, now) for name in (one.good, one.total))
    if good is None or not total:
        return None
    return budget_left(max(0.0, 1 - good / total), one.target)


def _grew(one: ServiceObjective, metric: str, now: datetime) -> float | None:
    """Return by how much the counters of a service grew within the window."""
    series = telemetry.series_of(one.service, metric)
    seconds = one.window_days * 86_400
    found = telemetry.means(series, now=now, seconds=seconds, function="increase")
    return sum(found.values()) if found else None
