"""Questions to the sample store, by name and item."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Literal

import numpy as np
from django.conf import settings
from django.db.models import Count, Min, Q, Sum

from fullscore.connectors.samples import (
    Function,
    Retention,
    Samples,
    SampleStore,
    open_store,
)
from fullscore.domains.foundation.estate.models import Item
from fullscore.domains.foundation.telemetry.facts import Targeted, Unowned
from fullscore.domains.foundation.telemetry.models import (
    Collector,
    Metric,
    PushKey,
    Refusal,
    ScrapeTarget,
    Series,
    StorageRule,
)
from fullscore.engines.counters import Total
from fullscore.kit.checks import Scope

STEPS = (15, 30, 60, 120, 300, 900, 1800, 3600, 7200, 21_600, 86_400)  # seconds
MOST_POINTS = 1500
LOOKBACK_MS = 300_000
LATELY_MS, DAY_MS = 30 * 60_000, 86_400_000
ALIVE = timedelta(seconds=15)  # a collector silent for longer is gone


@cache
def store() -> SampleStore:
    """Return this process's door to the sample store."""
    return open_store(_url())


def keeper() -> SampleStore:
    """Return a door of its own for upkeep, which drops by the rules as they are now."""
    return open_store(_url(), retention=retention())


def _url() -> str:
    return settings.OPTIONS.samples_url or f"parquet://{settings.OPTIONS.home / 'samples'}"


def retention() -> Retention:
    """Return how long samples are kept: of all rules the longest, for the store drops by time.

    Without a rule for everything that is what ships.
    """
    days = ("raw_days", "five_minute_days", "hourly_days")
    rules = {row[0]: row[1:] for row in StorageRule.objects.values_list("selector", *days)}
    kept = Retention()
    whole = rules.setdefault("", (kept.raw_days, kept.five_minute_days, kept.hourly_days))
    return Retention(*(max(some) for some in zip(whole, *rules.values(), strict=True)))


def milliseconds(moment: datetime) -> int:
    """Return an instant as the store counts time."""
    return int(moment.timestamp() * 1000)


def series_of(item: Item, name: str, **labels: str) -> list[Series]:
    """Return an item's series of one metric whose labels hold these values, each told once."""
    rows = Series.objects.told_once().filter(item=item, metric__name=name)
    return [s for s in rows if all(s.labels.get(k) == v for k, v in labels.items())]


def first_sample_at(item: Item) -> datetime | None:
    """Return since when anything of an item is measured; None while nothing is."""
    first: datetime | None = Series.objects.filter(item=item).aggregate(at=Min("first_at"))["at"]
    return first


def of_items(name: str, items: Sequence[int] | None = None) -> dict[int, list[Series]]:
    """Return the series of one metric by item; two statements whatever their number."""
    rows = Series.objects.told_once().filter(metric__name=name, item__isnull=False)
    found: dict[int, list[Series]] = {}
    for one in rows if items is None else rows.filter(item__in=items):
        found.setdefault(one.item_id or 0, []).append(one)
    return found


def means(
    series: Sequence[Series], *, now: datetime, seconds: float, function: Function = "avg"
) -> dict[int, float]:
    """Return one figure per series over the last seconds; series without samples are absent."""
    if not series:
        return {}
    end = milliseconds(now)
    span = int(seconds * 1000)
    found = store().aggregate(
        [s.pk for s in series], start_ms=end - span, end_ms=end, step_ms=span, function=function,
        lookback_ms=LOOKBACK_MS,
    )  # fmt: skip
    return dict(zip(found.series.tolist(), found.values.tolist(), strict=True))


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a chart: a metric of an item, and what is made of its samples."""

    metric: str
    name: str = ""  # a label whose value names the line; empty: the metric's title
    function: Function = "avg"
    where: Mapping[str, str] | None = None
    scale: float = 1.0
    merge: Literal["", "sum"] = ""  # one line out of all series


@dataclass(frozen=True, slots=True)
class Drawn:
    """The points of one line: instants in ms, values or None where there is a gap."""

    name: str
    points: list[tuple[int, float | None]]


def step_for(start: datetime, end: datetime) -> int:
    """Return the step in seconds that keeps a chart under 1,500 points."""
    span = (end - start).total_seconds()
    return next((s for s in STEPS if span / s <= MOST_POINTS // 4), STEPS[-1])


def draw(
    item: Item, line: Line, *, start: datetime, end: datetime, step_seconds: int
) -> list[Drawn]:
    """Return the points of a line for a span; missing steps are gaps."""
    series = series_of(item, line.metric, **(line.where or {}))
    if not series:
        return []
    step = step_seconds * 1000
    begin = milliseconds(start) // step * step
    found = store().aggregate(
        [s.pk for s in series], start_ms=begin, end_ms=milliseconds(end), step_ms=step,
        function=line.function, lookback_ms=max(LOOKBACK_MS, 2 * step),
    )  # fmt: skip
    grid = np.arange(begin, milliseconds(end), step)
    rows = {s.pk: _on_grid(found, s.pk, grid, begin, step) * line.scale for s in series}
    if line.merge == "sum":
        together = np.vstack(list(rows.values()))
        total = np.where(np.isnan(together).all(axis=0), np.nan, np.nansum(together, axis=0))
        return [_drawn(line.name or line.metric, grid, total)]
    return [_drawn(_called(s, line), grid, rows[s.pk]) for s in series]


def _called(series: Series, line: Line) -> str:
    return str(series.labels.get(line.name, "")) or line.name or line.metric


def _on_grid(found: Samples, pk: int, grid: Any, begin: int, step: int) -> Any:
    mine = found.series == pk
    values = np.full(len(grid), np.nan)
    places = (found.ts_ms[mine] - begin) // step
    inside = (places >= 0) & (places < len(grid))
    values[places[inside]] = found.values[mine][inside]
    return values


def _drawn(name: str, grid: Any, values: Any) -> Drawn:
    told = [None if np.isnan(v) else float(v) for v in values]
    return Drawn(name, list(zip(grid.tolist(), told, strict=True)))


def titles() -> Mapping[str, str]:
    """Return the title of every metric by its name."""
    return dict(Metric.objects.values_list("name", "title"))


def refused_by_reason() -> dict[str, int]:
    """Return how many samples were not taken so far, by reason."""
    rows = Refusal.objects.order_by().values_list("reason").annotate(total=Sum("count"))
    return dict(rows)


def last_totals(series: Collection[int], *, at_ms: int) -> dict[int, Total]:
    """Return where counters stand; one that was silent for a day is absent, and begins anew."""
    found: dict[int, Total] = {}
    for lookback_ms in (LATELY_MS, DAY_MS):  # most came lately, and that is read in a moment
        missing = [one for one in series if one not in found]
        if not missing:
            break
        last = store().latest(missing, at_ms=at_ms, lookback_ms=lookback_ms)
        rows = zip(last.series.tolist(), last.ts_ms.tolist(), last.values.tolist(), strict=True)
        found |= {pk: Total(ts_ms, value) for pk, ts_ms, value in rows}
    return found


def senders_without_owner(scope: Scope) -> list[Unowned]:
    """Return every sender that tells of many, with how many of its series are nobody's."""
    keys = PushKey.objects.filter(revoked_at=None).filter(Q(item=None) | Q(item__kind="site"))
    if scope.items is not None:
        keys = keys.filter(item__in=scope.items)
    counted = keys.annotate(
        all=Count("series"), nobodys=Count("series", filter=Q(series__item=None))
    )
    return [
        Unowned(key.pk, key.name, key.item_id, key.all, key.nobodys, _examples(key))
        for key in counted
    ]


def _examples(key: PushKey) -> tuple[dict[str, str], ...]:
    rows = Series.objects.unowned().filter(key=key).order_by("-last_at")
    found = rows.values_list("metric__name", "labels__instance", "binding")[:5]
    return tuple({"metric": m, "instance": str(i or ""), "why": why} for m, i, why in found)


def live_collectors(now: datetime, site: Item | None = None) -> dict[str, float]:
    """Return the collectors that live at a site, or beside the database, with their weights."""
    rows = Collector.objects.filter(seen_at__gt=now - ALIVE, site=site)
    return dict(rows.values_list("name", "capacity"))


def target_keys(site: Item | None = None) -> list[int]:
    """Return every target read from a site, or from here; paused ones too: they may be tried."""
    rows = ScrapeTarget.objects.filter(read_from=site).order_by()
    return list(rows.values_list("pk", flat=True))


def targets_read_from(site: int | None) -> dict[int, ScrapeTarget]:
    """Return what the collectors of a site read."""
    rows = ScrapeTarget.objects.filter(read_from=site)
    return {target.pk: target for target in rows.select_related("credential")}


def held_targets(collector: str, now: datetime) -> dict[int, ScrapeTarget]:
    """Return the targets a collector may read now."""
    rows = ScrapeTarget.objects.filter(holder=collector, held_until__gt=now)
    return {target.pk: target for target in rows.select_related("credential")}


def wanted_targets() -> list[int]:
    """Return the targets somebody wants to be read at once."""
    return list(ScrapeTarget.objects.exclude(wanted_at=None).values_list("pk", flat=True))


def targeted(scope: Scope) -> list[Targeted]:
    """Return how the last scrapes of each target went."""
    rows = ScrapeTarget.objects.exclude(state=ScrapeTarget.State.PAUSED).select_related("item")
    if scope.items is not None:
        rows = rows.filter(item__in=scope.items)
    return [Targeted(t.pk, t.item_id, str(t.item), t.url, t.failures, t.last_error) for t in rows]
