"""What the samples of one day say of each server: one store question per kind and some servers."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fullscore.connectors.samples import Samples
from fullscore.connectors.samples.contract import Function
from fullscore.domains.foundation.estate.models import Item
from fullscore.domains.foundation.telemetry import queries as telemetry
from fullscore.domains.foundation.telemetry.metrics import (
    CPU_DAY,
    FILESYSTEM_DAY,
    MEMORY_DAY,
    NETWORK_DAY,
)
from fullscore.domains.foundation.telemetry.models import Series
from fullscore.domains.infrastructure.servers.models import Server
from fullscore.domains.infrastructure.servers.queries.capacity import Key, starts_ms

Floats = NDArray[np.float64]
Figure = tuple[Key, float]
STEP_MS, DAY_MS = 300_000, 86_400_000
BUCKETS = DAY_MS // STEP_MS
LEAST_BUCKETS = BUCKETS // 4  # six hours: of less a percentile is not the day's
LOOKBACK_MS = 2 * STEP_MS
AT_ONCE = 200  # servers
IDLE, BUSY = ("idle", "iowait"), ("user", "nice", "system", "irq", "softirq", "steal")
NO_DISKS = frozenset({"tmpfs", "devtmpfs", "ramfs", "squashfs", "iso9660", "overlay", "efivarfs"})
NO_WIRES = ("lo", "veth", "docker", "br-", "virbr", "vnet", "cni", "flannel")
CPU = "node_cpu_seconds_total"
TOTAL, AVAILABLE = "node_memory_MemTotal_bytes", "node_memory_MemAvailable_bytes"
SIZE, LEFT = "node_filesystem_size_bytes", "node_filesystem_avail_bytes"
TRAFFIC = ("node_network_receive_bytes_total", "node_network_transmit_bytes_total")


class Told(NamedTuple):
    """One series of a server: what of the day's figures it takes part in."""

    pk: int
    item: int
    metric: str
    part: str  # the mode of a processor, a mount point, a device


def of_day(day: date) -> Iterator[Figure]:
    """Yield what each live server used on a day of UTC, so far as it was measured."""
    servers = Server.objects.filter(item__in=Item.objects.live()).order_by("item_id")
    cores = dict(servers.values_list("item_id", "cpu_count"))
    start = starts_ms(day)
    items = list(cores)
    for first in range(0, len(items), AT_ONCE):
        some = items[first : first + AT_ONCE]
        yield from _cpu(some, cores, start)
        yield from _memory(some, start)
        yield from _disks(some, start)
        yield from _network(some, start)


def first_day(now: datetime, *, at_most: int) -> date:
    """Return the first day the store knows anything of, but no earlier than so many days ago."""
    oldest = telemetry.store().stats().oldest_ms
    known = now if oldest is None else datetime.fromtimestamp(oldest / 1000, UTC)
    return max(known, now - timedelta(days=at_most)).astimezone(UTC).date()


def _cpu(items: Sequence[int], cores: dict[int, int | None], start: int) -> Iterator[Figure]:
    """Yield the share of all processors that worked; of idle time where that is told."""
    told = _series(items, [CPU], "mode", parts=IDLE + BUSY)
    has_idle = {one.item for one in told if one.part == "idle"}
    idle = [one for one in told if one.item in has_idle and one.part in IDLE]
    busy = [one for one in told if one.item not in has_idle and cores[one.item]]
    table, there = _summed(items, idle, start, counted="idle")
    used = 1 - table / np.where(there > 0, there, np.nan)
    worked, seen = _summed(items, busy, start, counted="user")
    share = np.array([cores[item] or np.nan for item in items])[:, None]
    used = np.where(there > 0, used, np.where(seen > 0, worked / share, np.nan))
    yield from _percentiles(items, np.clip(used, 0, 1), CPU_DAY)


def _memory(items: Sequence[int], start: int) -> Iterator[Figure]:
    told = _series(items, [TOTAL, AVAILABLE], "")
    whole, has_all = _summed(items, [t for t in told if t.metric == TOTAL], start, function="avg")
    left, has_left = _summed(
        items, [t for t in told if t.metric == AVAILABLE], start, function="avg"
    )
    is_known = (has_all > 0) & (has_left > 0) & (whole > 0)
    used = np.where(is_known, 1 - left / np.where(is_known, whole, 1), np.nan)
    yield from _percentiles(items, np.clip(used, 0, 1), MEMORY_DAY)


def _percentiles(items: Sequence[int], used: Floats, names: Sequence[str]) -> Iterator[Figure]:
    counts = np.isfinite(used).sum(axis=1)
    for place in np.flatnonzero(counts >= LEAST_BUCKETS).tolist():
        row = used[place][np.isfinite(used[place])]
        for name, value in zip(names, np.quantile(row, (0.5, 0.95, 1.0)), strict=True):
            yield Key(items[place], name), float(value)


def _disks(items: Sequence[int], start: int) -> Iterator[Figure]:
    """Yield the most that each filesystem was used on the day."""
    told = _series(items, [SIZE, LEFT], "mountpoint", without=("fstype", NO_DISKS))
    places = {one.pk: (one.item, one.part) for one in told}
    sizes = _whole_day([one.pk for one in told if one.metric == SIZE], start, "last")
    lefts = _whole_day([one.pk for one in told if one.metric == LEFT], start, "min")
    size_of = {places[pk]: value for pk, value in sizes.items()}
    for pk, left in lefts.items():
        item, mount = places[pk]
        size = size_of.get((item, mount), 0.0)
        if size > 0:
            yield Key(item, FILESYSTEM_DAY, mount), min(1.0, max(0.0, 1 - left / size))


def _network(items: Sequence[int], start: int) -> Iterator[Figure]:
    """Yield how much came and went a second, over the day and all real devices."""
    told = [one for one in _series(items, TRAFFIC, "device") if not one.part.startswith(NO_WIRES)]
    item_of = {one.pk: one.item for one in told}
    total: dict[int, float] = {}
    for pk, rate in _whole_day(list(item_of), start, "rate").items():
        total[item_of[pk]] = total.get(item_of[pk], 0.0) + rate
    for item, rate in total.items():
        yield Key(item, NETWORK_DAY), rate


def _series(
    items: Sequence[int], metrics: Sequence[str], label: str, *, parts: Sequence[str] = (),
    without: tuple[str, frozenset[str]] = ("", frozenset()),
) -> list[Told]:  # fmt: skip
    rows = Series.objects.told_once().filter(metric__name__in=metrics, item__in=items)
    if parts:
        rows = rows.filter(**{f"labels__{label}__in": list(parts)})
    key, barred = without
    return [
        Told(pk, item, metric, str(labels.get(label, "")))
        for pk, item, metric, labels in rows.order_by("pk").values_list(
            "pk", "item_id", "metric__name", "labels"
        )
        if not key or labels.get(key) not in barred
    ]


def _summed(
    items: Sequence[int], told: Sequence[Told], start: int, *, counted: str = "",
    function: Function = "rate",
) -> tuple[Floats, Floats]:  # fmt: skip
    """Return the sum of each server's series by five minutes, and how many of a part were there."""
    table, there = (np.zeros((len(items), BUCKETS)) for _ in range(2))
    if not told:
        return table, there
    found = _asked([one.pk for one in told], start, STEP_MS, function)
    pks = np.array([one.pk for one in told])
    place = {item: n for n, item in enumerate(items)}
    row_of = np.array([place[one.item] for one in told])
    counts = np.array([float(one.part == counted) for one in told])
    at = np.searchsorted(pks, found.series)
    columns = (found.ts_ms - start) // STEP_MS
    np.add.at(table, (row_of[at], columns), found.values)
    np.add.at(there, (row_of[at], columns), counts[at])
    return table, there


def _whole_day(pks: Sequence[int], start: int, function: Function) -> dict[int, float]:
    if not pks:
        return {}
    found = _asked(sorted(pks), start, DAY_MS, function)
    return dict(zip(found.series.tolist(), found.values.tolist(), strict=True))


def _asked(pks: Sequence[int], start: int, step: int, function: Function) -> Samples:
    return telemetry.store().aggregate(
        pks, start_ms=start, end_ms=start + DAY_MS, step_ms=step, function=function,
        lookback_ms=LOOKBACK_MS,
    )  # fmt: skip
