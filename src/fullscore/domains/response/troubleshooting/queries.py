"""Questions about suspects, causes and what is watched that more than one place asks."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.db.models import F, OuterRef, Q, QuerySet, Subquery

from fullscore.domains.foundation.estate import queries as estate
from fullscore.domains.foundation.estate.models import Item
from fullscore.domains.foundation.telemetry.models import Series
from fullscore.domains.response.incidents.models import Incident
from fullscore.domains.response.troubleshooting.facts import KINDS
from fullscore.domains.response.troubleshooting.models import (
    Anomaly,
    Cause,
    Ranking,
    Suspect,
    Watch,
)
from fullscore.domains.response.troubleshooting.models.causes import SuspectQuerySet
from fullscore.engines import happenings

RANKED_AFTER = (timedelta(0), timedelta(minutes=5), timedelta(minutes=15))
REMEMBERED = timedelta(days=400)
MOST_CAUSES = 1000
MOST_WATCHED = 5000  # series; the first named are watched
SHOWN = timedelta(days=30)  # anomalies on the page of an item


def newest_ranking(incident: Incident) -> Ranking | None:
    """Return the last look at an incident."""
    found: Ranking | None = incident.rankings.order_by("-at", "-pk").first()
    return found


def suspects_now(incident: Incident) -> SuspectQuerySet:
    """Return the suspects of the last look at an incident."""
    newest = newest_ranking(incident)
    rows: SuspectQuerySet = Suspect.objects.filter(ranking=newest)
    return rows if newest else Suspect.objects.none()


def due_for_ranking(now: datetime) -> list[int]:
    """Return the live incidents that have grown by 0, 5 or 15 minutes since they were ranked."""
    newest = Ranking.objects.filter(incident=OuterRef("pk")).order_by("-at").values("at")[:1]
    rows = Incident.objects.live().annotate(ranked_at=Subquery(newest))
    due = Q(pk__in=[])
    for after in RANKED_AFTER:
        is_unranked = Q(ranked_at__isnull=True) | Q(ranked_at__lt=F("detected_at") + after)
        due |= Q(detected_at__lte=now - after) & is_unranked
    young = rows.filter(due, detected_at__gt=now - timedelta(hours=1))
    return list(young.order_by("pk").values_list("pk", flat=True))


def failure_rates(now: datetime) -> dict[str, float]:
    """Return for each kind of happening how often it was to blame where it had come before.

    An occasion is an incident whose cause was named, with such a happening in the day before it.
    """
    named = Cause.objects.filter(at__gt=now - REMEMBERED).order_by("-at")
    causes = dict(named.values_list("incident", "kind")[:MOST_CAUSES])
    seen: Counter[str] = Counter()
    rankings = Ranking.objects.filter(incident__in=causes).order_by("at", "pk")
    for kinds in dict(rankings.values_list("incident", "happened")).values():
        seen.update(set(kinds))
    blamed = Counter(causes.values())
    return {
        kind.name: happenings.failure_rate(
            min(blamed[kind.name], seen[kind.name]), seen[kind.name], usual=kind.usual_rate
        )
        for kind in KINDS.values()
    }


def names_for(pks: Iterable[int], by: object) -> dict[int, str]:
    """Return the names of those items somebody may see."""
    seen = Item.objects.visible_to(by).filter(pk__in=set(pks))  # type: ignore[arg-type]
    return dict(seen.values_list("pk", "name"))


def anomalies_of(item: Item) -> QuerySet[Anomaly]:
    """Return what was unusual on an item lately."""
    rows: QuerySet[Anomaly] = Anomaly.objects.filter(series__item=item)
    return rows


def wanted() -> dict[int, bool]:
    """Return every series that is watched, and whether the unusual pages; at most 5,000."""
    told: dict[int, bool] = {}
    for watch in Watch.objects.order_by("pk"):
        for pk in _series_of(watch).values_list("pk", flat=True)[: MOST_WATCHED - len(told)]:
            told[pk] = told.get(pk, False) or watch.is_paging
    return told


def _series_of(watch: Watch) -> QuerySet[Series]:
    rows: QuerySet[Series] = Series.objects.told_once().filter(is_muted=False).order_by("pk")
    if watch.series_id is not None:
        return rows.filter(pk=watch.series_id)
    rows = rows.filter(metric=watch.metric)
    return rows.filter(item__in=estate.selected(watch.selector)) if watch.selector else rows


def series_named(pks: Sequence[int]) -> list[Series]:
    """Return series by their keys, each with metric and item."""
    found = Series.objects.select_related("metric", "item").in_bulk(list(pks))
    return [found[pk] for pk in pks if pk in found]
