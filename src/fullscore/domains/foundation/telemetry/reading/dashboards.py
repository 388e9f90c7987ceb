"""Dashboards nobody has to build: made of the metrics that an item, or a kind of items, has."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import inf

from django.db.models import Count, QuerySet

from fullscore.domains.foundation.estate.models import Item
from fullscore.domains.foundation.telemetry import queries
from fullscore.domains.foundation.telemetry.models import Metric, Series
from fullscore.domains.foundation.telemetry.queries import LOOKBACK_MS, milliseconds
from fullscore.domains.foundation.telemetry.reading import asking
from fullscore.kit.access import Actor

LIVING = timedelta(days=1)
DRAWN = 6  # series that one chart tells apart
WEIGHED = 20_000  # series of which the highest are looked for: a second
SYSTEM = ("Processor", "Memory", "Disks", "Network", "Services")
MACHINES = frozenset({"host", "vm", "hypervisor", "container"})

# What belongs into one picture: its group, its title, and its metrics in the order of the legend.
TOGETHER: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("Processor", "CPU time", ("node_cpu_seconds_total",)),
    ("Processor", "Load", ("node_load1", "node_load5", "node_load15")),
    ("Processor", "Work that waits", (
        "node_pressure_cpu_waiting_seconds_total", "node_pressure_memory_stalled_seconds_total",
        "node_pressure_io_stalled_seconds_total",
    )),
    ("Memory", "Memory", (
        "node_memory_MemTotal_bytes", "node_memory_MemAvailable_bytes", "node_memory_MemFree_bytes",
    )),
    ("Memory", "Swap", ("node_memory_SwapTotal_bytes", "node_memory_SwapFree_bytes")),
    ("Memory", "Swapping", ("node_vmstat_pswpin", "node_vmstat_pswpout")),
    ("Disks", "Space left", ("node_filesystem_avail_bytes",)),
    ("Disks", "Read and written", ("node_disk_read_bytes_total", "node_disk_written_bytes_total")),
    ("Network", "Traffic", (
        "node_network_receive_bytes_total", "node_network_transmit_bytes_total",
    )),
    ("Network", "Errors", (
        "node_network_receive_errs_total", "node_network_transmit_errs_total",
    )),
)  # fmt: skip
# The groups of all other metrics, by how their names begin.
BEGINNINGS = (
    ("node_cpu", "Processor"), ("node_load", "Processor"), ("node_pressure", "Processor"),
    ("node_memory", "Memory"), ("node_vmstat", "Memory"), ("node_filesystem", "Disks"),
    ("node_disk", "Disks"), ("node_network", "Network"), ("unit_", "Services"),
    ("node_", "System"), ("up", "Scraping"), ("scrape_", "Scraping"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Chart:
    """One picture: metrics of one unit."""

    title: str
    metrics: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """Pictures that belong together."""

    title: str
    charts: tuple[Chart, ...]


def kinds(by: Actor) -> dict[str, int]:
    """Return the kinds of items that are measured, with how many items there are of each."""
    rows = Series.objects.visible_to(by).filter(item__isnull=False)
    found = rows.order_by().values_list("item__kind").annotate(many=Count("item", distinct=True))
    return dict(sorted(found, key=lambda pair: (-pair[1], pair[0])))


def series_of(
    by: Actor, *, now: datetime, item: Item | None = None, kind: str = ""
) -> QuerySet[Series]:
    """Return the living series of an item, or of all items of a kind, that somebody may see."""
    rows = Series.objects.visible_to(by).told_once().filter(last_at__gte=now - LIVING)
    rows = rows.exclude(bound_by=Series.BoundBy.OURS)  # one figure a day: capacity's own page
    return rows.filter(item=item) if item is not None else rows.filter(item__kind=kind)


def groups(rows: QuerySet[Series], *, kind: str, is_together: bool) -> list[Group]:
    """Return the charts of what is measured, grouped; of machines the machine itself first.

    Of one item, metrics that belong together share a chart; of many, each has its own.
    """
    metrics = Metric.objects.filter(pk__in=rows.order_by().values("metric").distinct())
    known = {metric.name: metric for metric in metrics}
    charts: dict[str, list[Chart]] = defaultdict(list)
    for group, title, names in TOGETHER:
        there = [known.pop(name) for name in names if name in known]
        shared = _split(title, there) if is_together else _apart(there)
        charts[group] += list(shared)
    for name, metric in sorted(known.items(), key=lambda pair: str(pair[1]).lower()):
        charts[_group(name)].append(Chart(str(metric), (name,)))
    order = sorted(charts, key=lambda title: _place(title, kind))
    return [Group(title, tuple(charts[title])) for title in order if charts[title]]


def _split(title: str, metrics: Iterable[Metric]) -> Iterable[Chart]:
    """Return one chart for each unit among metrics that are drawn together."""
    by_unit: dict[str, list[str]] = defaultdict(list)
    for metric in metrics:
        is_counter = metric.kind == Metric.Kind.COUNTER
        unit, _ = asking.shown_in(metric, "rate" if is_counter else "avg")
        by_unit[unit].append(metric.name)
    return [Chart(title, tuple(names)) for names in by_unit.values()]


def _apart(metrics: Iterable[Metric]) -> Iterable[Chart]:
    return [Chart(str(metric), (metric.name,)) for metric in metrics]


def _group(name: str) -> str:
    found = next((title for start, title in BEGINNINGS if name.startswith(start)), "")
    return found or name.partition("_")[0].capitalize()


def _place(title: str, kind: str) -> tuple[bool, int, str]:
    is_system = title in SYSTEM
    place = SYSTEM.index(title) if is_system else len(SYSTEM) + (title in ("System", "Scraping"))
    return is_system != (kind in MACHINES), place, title


def is_less_worse(metric: str) -> bool:
    """Say whether the lowest of a metric deserve a look: what is free, left, available."""
    return any(word in metric.lower() for word in ("avail", "free", "left", "remaining"))


def outstanding(
    rows: QuerySet[Series], metrics: Sequence[str], span: asking.Span
) -> tuple[list[Series], int]:
    """Return the series that stand out over a span, at most six, and of how many.

    Those that are highest; of what is free the lowest. Few are not weighed; many cost one
    question with one figure for each.
    """
    wanted = rows.filter(metric__name__in=metrics).order_by("pk")
    some = list(wanted.select_related("metric", "item")[: DRAWN + 1])
    if len(some) <= DRAWN:
        places = {name: place for place, name in enumerate(metrics)}
        return sorted(some, key=lambda one: (places[one.metric.name], one.pk)), len(some)
    function = asking.function_for(some[0])
    pks = list(wanted.values_list("pk", flat=True)[:WEIGHED])
    start, end = milliseconds(span.start), milliseconds(span.end)
    seen = queries.store().aggregate(
        pks, start_ms=start, end_ms=end, step_ms=end - start,
        function=function,  # type: ignore[arg-type]
        lookback_ms=max(LOOKBACK_MS, 2000 * span.step_seconds),
    )  # fmt: skip
    weights = dict(zip(seen.series.tolist(), seen.values.tolist(), strict=True))
    sign = 1 if all(map(is_less_worse, metrics)) else -1
    best = sorted(pks, key=lambda pk: (sign * weights.get(pk, sign * inf), pk))[:DRAWN]
    found = wanted.select_related("metric", "item").in_bulk(best)
    return [found[pk] for pk in best], len(pks)


def told_apart(series: Sequence[Series]) -> dict[int, str]:
    """Return the shortest names that tell series apart: only what differs between them."""
    has_metrics = len({one.metric_id for one in series}) > 1
    has_items = len({one.item_id for one in series}) > 1
    values: dict[str, set[str]] = defaultdict(set)
    for one in series:
        for key in {key for other in series for key in other.labels}:
            values[key].add(str(one.labels.get(key, "")))
    differing = sorted(key for key, some in values.items() if len(some) > 1)
    names = {}
    for one in series:
        parts = [str(one.metric)] if has_metrics else []
        parts += [str(one.item or "nobody's")] if has_items else []
        parts += [str(one.labels[key]) for key in differing if key in one.labels]
        names[one.pk] = " · ".join(parts) or str(one.metric)
    return names
