"""Ninety days of what each of Brightwater's servers used, as its courses have it."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta

import numpy as np

from fullscore.domains.foundation.estate.models import Item
from fullscore.domains.foundation.telemetry.metrics import (
    CPU_DAY,
    FILESYSTEM_DAY,
    MEMORY_DAY,
    NETWORK_DAY,
)
from fullscore.domains.infrastructure.servers import services as servers
from fullscore.domains.infrastructure.servers.queries.capacity import Key
from fullscore.domains.overview.demo.company import Computer
from fullscore.domains.overview.demo.courses import DAY, Course, Floats
from fullscore.kit.models.user import system

DAYS, PARTS_OF_DAY = 90, 12  # as fine as a daily percentile needs, and quick
STEP = DAY / PARTS_OF_DAY
PARTS = (0.5, 0.95, 1.0)
WORKS = ("user", "system")


def found(
    made: Sequence[tuple[Computer, Course]], items: Mapping[str, Item], *, now: datetime
) -> None:
    """Keep what each server used on each of ninety days, and say when what runs out."""
    until = (now.astimezone(UTC) - timedelta(days=1)).date()
    days = [until - timedelta(days=DAYS - 1 - n) for n in range(DAYS)]
    by_host: dict[str, list[Course]] = {}
    computers = {computer.name: computer for computer, _ in made}
    for computer, course in made:
        by_host.setdefault(computer.name, []).append(course)
    first = datetime(days[0].year, days[0].month, days[0].day, tzinfo=UTC).timestamp()
    hours = np.asarray(first + np.arange(DAYS * PARTS_OF_DAY + 1) * STEP, dtype=np.float64)
    figures = {
        key: list(zip(days, values.tolist(), strict=True))
        for name, courses in by_host.items()
        for key, values in _used(computers[name], items[name].pk, courses, hours)
    }
    servers.keep_figures(figures, now=now)
    servers.judge_capacity(until, by=system())


def _used(
    computer: Computer, item: int, courses: Sequence[Course], hours: Floats
) -> Iterator[tuple[Key, Floats]]:
    """Yield each figure of a host, one value a day."""
    of = {(one.metric, *sorted(one.labels.values())): one.value for one in courses}
    work = sum(
        one.value(hours)
        for one in courses
        if one.metric == "node_cpu_seconds_total" and one.labels["mode"] in WORKS
    )
    busy = np.diff(work) / STEP / computer.cpus
    yield from _parts(item, CPU_DAY, busy)
    ends = hours[1:]
    left = of["node_memory_MemAvailable_bytes",](ends) / computer.memory_bytes
    yield from _parts(item, MEMORY_DAY, 1 - left)
    days = hours[::PARTS_OF_DAY]
    traffic = sum(one.value(days) for one in courses if one.metric.startswith("node_network"))
    yield Key(item, NETWORK_DAY), np.diff(traffic) / DAY
    for one in courses:
        if one.metric == "node_filesystem_avail_bytes":
            size = of["node_filesystem_size_bytes", *sorted(one.labels.values())](days)
            share = np.clip(1 - one.value(days) / size, 0, 1)
            mount = one.labels["mountpoint"]
            yield Key(item, FILESYSTEM_DAY, mount), np.maximum(share[1:], share[:-1])


def _parts(item: int, names: Sequence[str], hourly: Floats) -> Iterator[tuple[Key, Floats]]:
    told = np.quantile(np.clip(hourly, 0, 1).reshape(DAYS, PARTS_OF_DAY), PARTS, axis=1)
    yield from ((Key(item, name), row) for name, row in zip(names, told, strict=True))
