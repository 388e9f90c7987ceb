"""Each night: what every server used on the days that are over, and when that runs out."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
from django.db import transaction

from fullscore.domains.foundation.estate.models import Item
from fullscore.domains.foundation.telemetry import services as telemetry
from fullscore.domains.foundation.telemetry.metrics import (
    CPU_DAY,
    FILESYSTEM_DAY,
    MEMORY_DAY,
    NETWORK_DAY,
)
from fullscore.domains.foundation.telemetry.services import Made
from fullscore.domains.infrastructure.servers.models import Capacity, Server
from fullscore.domains.infrastructure.servers.queries import capacity as queries
from fullscore.domains.infrastructure.servers.queries import daily
from fullscore.domains.infrastructure.servers.queries.capacity import History, Key
from fullscore.domains.infrastructure.servers.rules import outlook as rules
from fullscore.domains.infrastructure.servers.rules.outlook import Outlook
from fullscore.kit.audit import bulk
from fullscore.kit.models import User

AGAIN = 2  # days made again each time: what a collector spooled comes late
QUIET_DAYS = 30
SATURATED, FULL = 0.8, 1.0  # of CPU and memory by p95; of a filesystem
CPU, MEMORY = CPU_DAY[1], MEMORY_DAY[1]
DAY_SECONDS = 86_400
Limit = Capacity.Limit
WRITTEN = [
    field.name for field in Capacity._meta.concrete_fields if field.name not in ("id", "server")
]


def measure_capacity(*, by: User, now: datetime) -> int:
    """Make the figures of the days that are over, then say when what runs out; returns for how
    many servers."""
    yesterday = (now.astimezone(UTC) - timedelta(days=1)).date()
    known = queries.known_until()
    if known is None:
        first = daily.first_day(now, at_most=queries.HISTORY_DAYS)
    else:
        first = known - timedelta(days=AGAIN - 1)
    for number in range((yesterday - first).days + 1):
        day = first + timedelta(days=number)
        keep_figures({key: [(day, value)] for key, value in daily.of_day(day)}, now=now)
    return judge_capacity(yesterday, by=by)


def keep_figures(figures: Mapping[Key, Sequence[tuple[date, float]]], *, now: datetime) -> int:
    """Keep what servers used on some days; it replaces what was known of these."""
    made = [
        Made(
            key.item, key.name, {"mountpoint": key.mount} if key.mount else {},
            [(queries.starts_ms(day), value) for day, value in points],
        )
        for key, points in figures.items()
    ]  # fmt: skip
    return telemetry.keep_made(made, every_seconds=DAY_SECONDS, now=now)


def judge_capacity(until: date, *, by: User) -> int:
    """Write for each server what is used of it, and when that runs out; returns for how many."""
    told = queries.history(until)
    found = _outlooks(told)
    servers = dict(Server.objects.filter(item__in=Item.objects.live()).values_list("item_id", "pk"))
    by_item: dict[int, list[Key]] = {}
    for key in told.keys:
        by_item.setdefault(key.item, []).append(key)
    rows = [
        Capacity(server_id=servers[item], **_said(keys, told, found, until))
        for item, keys in sorted(by_item.items())
        if item in servers and any(told.is_known(key) for key in keys)
    ]
    gone = Capacity.objects.exclude(server__in=servers.values())
    if not rows and not gone.exists():
        return 0
    with transaction.atomic():
        gone.delete()
        Capacity.objects.bulk_create(
            rows, batch_size=500, update_conflicts=True, unique_fields=["server"],
            update_fields=WRITTEN,
        )  # fmt: skip
        bulk(
            "servers.capacity", "measure", by=by, counts={"servers": len(rows)},
            rows=[[row.server_id, row.runs_out_of, row.cpu_p95, row.memory_p95] for row in rows],
        )  # fmt: skip
    return len(rows)


def _outlooks(told: History) -> Mapping[Key, Outlook]:
    keys = [key for key in told.keys if key.name in (CPU, MEMORY, FILESYSTEM_DAY)]
    places = [told.keys[key] for key in keys]
    limits = np.array([FULL if key.name == FILESYSTEM_DAY else SATURATED for key in keys])
    found = rules.outlooks(told.days, told.table[places], limits)
    return dict(zip(keys, found, strict=True))


def _said(
    keys: Sequence[Key], told: History, found: Mapping[Key, Outlook], until: date
) -> dict[str, Any]:
    item = keys[0].item
    cpu, memory = (found.get(Key(item, name), Outlook(0)) for name in (CPU, MEMORY))
    worst = min(
        (key for key in keys if key.name == FILESYSTEM_DAY), key=_worst(found), default=None
    )
    disk = found[worst] if worst else Outlook(0)
    first = rules.soonest_of([(Limit.CPU, cpu), (Limit.MEMORY, memory), (Limit.DISK, disk)])
    own = [found[key] for key in keys if key in found]
    last = max(one.last for one in own) if own else 0.0
    return {
        "until": rules.day_of(last) if last else until,
        "days": max(one.days for one in own) if own else 0,
        **_course("cpu", "cpu_p95", cpu), **_course("memory", "memory_p95", memory),
        **_course("disk", "disk_used", disk), "mount": worst.mount if worst else "",
        "runs_out_of": first[0] if first else Limit.NOTHING,
        "runs_out_on": first[1] if first else None,
        "urgency": _urgency(first[1], until) if first else 0,
        "tried": sum(one.tried for one in own), "inside": sum(one.inside for one in own),
        **_quiet(item, told),
    }  # fmt: skip


def _urgency(day: date, until: date) -> int:
    """Return what sorts what is sooner before what is later."""
    return max(0, rules.HORIZON_DAYS + 1 - max(0, (day - until).days))


def _worst(found: Mapping[Key, Outlook]) -> Any:
    """Return how filesystems are told from better ones: full sooner, then fuller."""

    def rank(key: Key) -> tuple[float, float, str]:
        one = found[key]
        days = np.inf if one.likely is None else one.likely
        return float(days), -(one.level or 0.0), key.mount

    return rank


def _course(name: str, level: str, one: Outlook) -> dict[str, Any]:
    return {
        level: _percent(one.level), f"{name}_trend": _percent(one.trend),
        f"{name}_days": one.likely, f"{name}_reaches": rules.interval(one),
    }  # fmt: skip


def _percent(share: float | None) -> float | None:
    return None if share is None else round(100 * share, 2)


def _quiet(item: int, told: History) -> dict[str, Any]:
    """Return the busiest day of the last thirty, and of how many both figures are known."""
    recent = [told.row(Key(item, name)) for name in (CPU, NETWORK_DAY)]
    if any(row is None for row in recent):
        return {"cpu_most": None, "network_most": None, "quiet_days": 0}
    cpu, network = (row[-QUIET_DAYS:] for row in recent if row is not None)
    both = np.isfinite(cpu) & np.isfinite(network)
    if not both.any():
        return {"cpu_most": None, "network_most": None, "quiet_days": 0}
    return {
        "cpu_most": _percent(float(cpu[both].max())), "network_most": float(network[both].max()),
        "quiet_days": int(both.sum()),
    }  # fmt: skip
