"""What the priority of an incident follows from."""

from collections.abc import Collection
from datetime import datetime, timedelta

from fullscore.domains.foundation.changes.queries import weighing
from fullscore.domains.foundation.estate import queries as estate
from fullscore.domains.foundation.estate.models import Item
from fullscore.domains.foundation.telemetry import queries as telemetry
from fullscore.domains.response.incidents.models import Alert, Incident
from fullscore.engines import graph, priority

GROWS = timedelta(minutes=10)
FAILED, IMPAIRED = 5, 4  # severity from which an item counts as down, and as impaired
BUDGET = "service_error_budget_ratio"
BURNS_OVER = timedelta(hours=1)
STEP_MS = 60_000


def facts(incident: Incident, *, now: datetime) -> priority.Facts:
    """Return who suffers from an incident, and how urgent that is."""
    suffering = states(incident)
    rows = Item.objects.filter(pk__in=suffering, kind="service").order_by("pk")
    # Services are called “item 12”: who reads the reason may not see them all.
    services = [
        priority.Service(f"item {pk}", criticality, suffering[pk])
        for pk, criticality in rows.values_list("pk", "criticality")
    ]
    return priority.Facts(
        services,
        is_growing=_is_growing(incident, now),
        in_business_hours=weighing.in_business_hours(now, now + timedelta(minutes=1)),
        burn=_burn([pk for pk, _ in rows.values_list("pk", "criticality")], now),
        security=incident.severity if incident.is_security else None,
    )


def affected(incident: Incident) -> dict[int, str]:
    """Return the services that suffer from an incident, each with how."""
    suffering = states(incident)
    rows = Item.objects.filter(pk__in=suffering, kind="service")
    return {pk: suffering[pk] for pk in rows.values_list("pk", flat=True)}


def states(incident: Incident) -> dict[int, str]:
    """Return every item that suffers: down, alone (its redundancy is gone) or impaired."""
    live = Alert.objects.live().filter(incident=incident, item__isnull=False)
    told = list(live.order_by().values_list("item", "severity"))
    if not told and incident.root_item_id is not None:
        told = [(incident.root_item_id, incident.severity)]
    failed = {pk for pk, severity in told if severity >= FAILED}
    shaken = {pk for pk, severity in told if severity >= IMPAIRED} - failed
    return _spread(failed | shaken, "impaired", "impaired") | _spread(failed, "down", "alone")


def _spread(items: Collection[int], down: str, degraded: str) -> dict[int, str]:
    known = estate.dependencies()
    nodes = [known.node[pk] for pk in sorted(items) if pk in known.node]
    if not nodes:
        return {}
    effect = graph.impact(known.graph, nodes)
    told = {known.items[int(n)]: degraded for n in effect.degraded}
    return told | {known.items[n]: down for n in (*map(int, effect.down), *nodes)}


def _is_growing(incident: Incident, now: datetime) -> bool:
    """Say whether items alert that did not ten minutes ago, beside the one it began with."""
    rows = Alert.objects.filter(incident=incident, item__isnull=False).order_by("starts_at", "pk")
    first: dict[int, datetime] = {}
    for item, at in rows.values_list("item", "starts_at"):
        first.setdefault(item, at)
    return any(at > now - GROWS for at in list(first.values())[1:])


def _burn(items: Collection[int], now: datetime) -> float | None:
    """Return how fast the fastest error budget of some services falls; None: none is kept."""
    kept = telemetry.of_items(BUDGET, list(items)) if items else {}
    series = [one.pk for rows in kept.values() for one in rows]
    if not series:
        return None
    end = telemetry.milliseconds(now)
    found = telemetry.store().aggregate(
        series, start_ms=end - int(BURNS_OVER.total_seconds() * 1000), end_ms=end,
        step_ms=STEP_MS, function="last", lookback_ms=0,
    )  # fmt: skip
    left: dict[int, list[tuple[float, float]]] = {}
    rows = zip(found.series.tolist(), found.ts_ms.tolist(), found.values.tolist(), strict=True)
    for pk, at, value in rows:
        left.setdefault(pk, []).append((at / 1000, value))
    burns = [priority.burn(sorted(points)) for points in left.values()]
    return max((burn for burn in burns if burn is not None), default=None)
