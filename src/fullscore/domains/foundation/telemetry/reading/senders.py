"""What senders send amiss: stamps of a wrong clock, too many new series, metrics without a unit."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db.models import Count, Exists, OuterRef, QuerySet

from fullscore.domains.foundation.estate.models import Item
from fullscore.domains.foundation.telemetry import queries
from fullscore.domains.foundation.telemetry.facts import Churn, Lead, Unitless
from fullscore.domains.foundation.telemetry.metrics import LEAD
from fullscore.domains.foundation.telemetry.models import Metric, PushKey, Series
from fullscore.domains.foundation.telemetry.queries import milliseconds
from fullscore.domains.foundation.telemetry.reading.judged import GONE_AFTER
from fullscore.kit.checks import Scope

HOUR = timedelta(hours=1)
LEAST_TOLD = 3  # minutes in which something came: fewer say nothing of a clock
MANY_NEW = 500  # of fewer, nobody asks which label made them
LOOKED_AT = 2000  # of the newest series of a source, for the label that makes them
NAMED = 20

Source = tuple[int | None, int | None]  # a key, or without one an item


# ── clocks ─────────────────────────────────────────────────────────────────────────────────────


def leads(scope: Scope) -> list[Lead]:
    """Return how far the clock of each sender that shows a key is ahead. Two questions."""
    keys = PushKey.objects.filter(revoked_at=None)
    if scope.items is not None:
        keys = keys.filter(item__in=scope.items)
    series = {int(s.labels["key"]): s.pk for s in Series.objects.filter(metric__name=LEAD)}
    most = _in_the_last_hour(list(series.values()), scope.now, "max")
    told = _in_the_last_hour(list(series.values()), scope.now, "count")
    return [
        Lead(
            key.pk,
            key.name,
            key.item_id,
            most.get(series[key.pk]) if told.get(series[key.pk], 0) >= LEAST_TOLD else None,
        )
        for key in keys
        if key.pk in series
    ]


def _in_the_last_hour(series: list[int], now: datetime, function: str) -> dict[int, float]:
    end = milliseconds(now)
    span = int(HOUR.total_seconds() * 1000)
    found = queries.store().aggregate(
        series,
        start_ms=end - span,
        end_ms=end,
        step_ms=span,
        function=function,  # type: ignore[arg-type]
    )
    return dict(zip(found.series.tolist(), found.values.tolist(), strict=True))


# ── new series ─────────────────────────────────────────────────────────────────────────────────


def churning(scope: Scope) -> list[Churn]:
    """Return how many series each source made in the last hour.

    A source that is itself no older than an hour is left out: all of its series are new.
    """
    since = scope.now - HOUR
    new = _counted(_of(scope).filter(first_at__gte=since))
    old = _counted(_of(scope).filter(first_at__lt=since)) if new else {}
    names = _names(new)
    return [
        Churn(*source, names[source], count, *(_label(source, since) if count >= MANY_NEW else ()))
        for source, count in new.items()
        if source in old
    ]


def _of(scope: Scope) -> QuerySet[Series]:
    rows = Series.objects.exclude(bound_by=Series.BoundBy.OURS)
    return rows if scope.items is None else rows.filter(item__in=scope.items)


def _counted(rows: QuerySet[Series]) -> dict[Source, int]:
    counts: Counter[Source] = Counter()
    grouped = rows.order_by().values_list("key_id", "item_id").annotate(many=Count("pk"))
    for key, item, many in grouped:
        counts[(key, None) if key else (None, item)] += many
    return dict(counts)


def _names(sources: Mapping[Source, int]) -> dict[Source, str]:
    keys = PushKey.objects.in_bulk([key for key, _ in sources if key])
    items = Item.objects.in_bulk([item for _, item in sources if item])
    return {
        source: str(keys[source[0]].name if source[0] else items.get(source[1] or 0, "nobody"))
        for source in sources
    }


def _label(source: Source, since: datetime) -> tuple[str, int, tuple[str, ...]]:
    """Return the label with the most values among the newest series, how many, and some."""
    key, item = source
    rows = Series.objects.filter(first_at__gte=since, key=key)
    rows = rows if key else rows.filter(item=item)
    values: dict[str, set[str]] = defaultdict(set)
    for labels in rows.order_by("-pk").values_list("labels", flat=True)[:LOOKED_AT]:
        for name, value in labels.items():
            values[name].add(str(value))
    if not values:
        return "", 0, ()
    worst = max(values, key=lambda name: (len(values[name]), name))
    return worst, len(values[worst]), tuple(sorted(values[worst])[:NAMED])


# ── units ──────────────────────────────────────────────────────────────────────────────────────


def unitless(scope: Scope) -> list[Unitless]:
    """Return the metrics that live and have no unit, by the first word of their names.

    They are no item's, so a run over some items says nothing of them.
    """
    if scope.items is not None:
        return []
    living = Series.objects.filter(metric=OuterRef("pk"), last_at__gte=scope.now - GONE_AFTER)
    rows = Metric.objects.filter(Exists(living), unit="").order_by("name")
    families: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for name, judged in rows.annotate(judged=Count("thresholds")).values_list("name", "judged"):
        families[name.partition("_")[0]].append((name, judged))
    return [
        Unitless(
            family,
            len(some),
            sum(judged > 0 for _, judged in some),
            tuple(name for name, _ in some[:NAMED]),
        )
        for family, some in families.items()
    ]
