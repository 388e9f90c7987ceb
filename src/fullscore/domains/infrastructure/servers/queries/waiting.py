"""What makes a host wait that its own load does not explain: a stolen processor, a slow disk."""

from collections import defaultdict
from collections.abc import Iterator
from statistics import fmean
from typing import NamedTuple

from fullscore.domains.foundation.estate.models import Item
from fullscore.domains.foundation.telemetry import queries as telemetry
from fullscore.domains.infrastructure.servers.models import Disk
from fullscore.kit.checks import Scope

MODES = "node_cpu_seconds_total"
TIMES = ("node_disk_read_time_seconds_total", "node_disk_write_time_seconds_total")
COUNTS = ("node_disk_reads_completed_total", "node_disk_writes_completed_total")
LEAST = 1.0  # requests a second: the wait of fewer says nothing


class Stolen(NamedTuple):
    """The share of a host's processors that its hypervisor gave to others; None: no samples."""

    item: int
    name: str
    percent: float | None


class Slow(NamedTuple):
    """How long requests to a disk take on average; 0: hardly any are made, None: no samples."""

    item: int
    name: str
    device: str
    is_rotational: bool
    await_ms: float | None


def stolen(scope: Scope) -> Iterator[Stolen]:
    """Return how much of each host's processors was stolen in 15 minutes, on average."""
    by_item = {
        item: [one for one in many if one.labels.get("mode") == "steal"]
        for item, many in telemetry.of_items(MODES, _listed(scope)).items()
    }
    rates = _rates([one for many in by_item.values() for one in many], scope, minutes=15)
    names = _names(by_item)
    for item, many in by_item.items():
        told = [rates[one.pk] for one in many if one.pk in rates]
        if many and item in names:
            yield Stolen(item, names[item], 100 * fmean(told) if told else None)


def slow(scope: Scope) -> Iterator[Slow]:
    """Return how long requests to each disk took in 10 minutes, on average."""
    totals: dict[tuple[int, str], list[float]] = defaultdict(lambda: [0.0, 0.0])
    known: set[int] = set()
    for place, metrics in enumerate((TIMES, COUNTS)):
        for metric in metrics:
            by_item = telemetry.of_items(metric, _listed(scope))
            rates = _rates([one for many in by_item.values() for one in many], scope, minutes=10)
            known |= by_item.keys()
            for item, many in by_item.items():
                for one in many:
                    if one.pk in rates:
                        totals[item, str(one.labels.get("device", ""))][place] += rates[one.pk]
    names = _names(known)
    rows = Disk.objects.filter(server__item__in=names).values_list("server__item", "name")
    turning = set(rows.filter(is_rotational=True))
    for (item, device), (seconds, requests) in sorted(totals.items()):
        wait = 1000 * seconds / requests if requests >= LEAST else 0.0
        if item in names:
            yield Slow(item, names[item], device, (item, device) in turning, wait)
    for item in sorted(names.keys() - {item for item, _ in totals}):
        yield Slow(item, names[item], "", False, None)


def _rates(series: list[telemetry.Series], scope: Scope, *, minutes: int) -> dict[int, float]:
    told: dict[int, float] = telemetry.means(
        series, now=scope.now, seconds=minutes * 60, function="rate"
    )
    return told


def _names(items: object) -> dict[int, str]:
    rows = Item.objects.live().filter(pk__in=list(items))  # type: ignore[call-overload]
    return dict(rows.values_list("pk", "name"))


def _listed(scope: Scope) -> list[int] | None:
    return None if scope.items is None else list(scope.items)
