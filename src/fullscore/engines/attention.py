"""Rank what waits by what waiting costs, and share it out fairly.

Cost of waiting, money per hour, at `now`:

cost = loss + chance·stake + (stake / R)·exp(−max(0, s) / R)   while now < due_at
    s    = hours(due_at − now) − lead − work

*loss* is lost each hour already; *chance* is the hazard per hour that the stake falls due. The
third term is the growth of the risk of missing the last start when the time until somebody gets to
it is exponential with mean R (`reach_hours`). After `due_at` the stake is gone: only *loss* counts.
"""

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

REACH_HOURS = 120.0
ROUNDING = 1e-9  # hours: three times 0.1 fits into 0.3


@dataclass(frozen=True, slots=True)
class Concern:
    """Something that waits. Money in one currency; hours of work and of lead time."""

    key: str
    source: str
    loss_per_hour: float = 0.0
    stake: float = 0.0
    due_at: datetime | None = None
    chance_per_hour: float = 0.0
    work_hours: float = 0.5
    lead_hours: float = 0.0
    part_of: str | None = None


@dataclass(frozen=True, slots=True)
class Snooze:
    """Until when somebody does not want to see it, and what it cost per hour when that was said."""

    until: datetime
    cost_per_hour: float


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of the queue: a cause with all that follows from it."""

    key: str
    members: tuple[str, ...]
    sources: tuple[str, ...]
    cost_per_hour: float
    latest_start: datetime | None
    is_late: bool
    work_hours: float


@dataclass(frozen=True, slots=True)
class Worker:
    """Somebody on duty: hours free, and duty of the last 28 days."""

    name: str
    free_hours: float
    recent_load: float = 0.0


def cost_per_hour(concern: Concern, *, now: datetime, reach_hours: float = REACH_HOURS) -> float:
    """Return what an hour of waiting costs now.

    ValueError: negative figure, naive time, reach ≤ 0.
    """
    _check(concern, now, reach_hours)
    return _cost(concern, now, reach_hours)


def ranked(
    concerns: Iterable[Concern],
    *,
    now: datetime,
    snoozes: Mapping[str, Snooze] = {},
    reach_hours: float = REACH_HOURS,
) -> tuple[Entry, ...]:
    """Return the queue: falling cost, then less work, then key; one cause is one row.

    `part_of` folds a concern under another; a group costs the maximum of its members, never the
    sum. Unknown or circular `part_of`: a row of its own. A repeated key is one member, the dearer.
    A snoozed row is left out until its time, its last start, or until its cost has doubled.
    """
    _check_moment(now)
    _check_reach(reach_hours)
    costs: dict[str, float] = {}
    known: dict[str, Concern] = {}
    for concern in concerns:
        _check(concern, now, reach_hours)
        cost = _cost(concern, now, reach_hours)
        if concern.key not in known or cost > costs[concern.key]:
            known[concern.key], costs[concern.key] = concern, cost
    groups: dict[str, list[Concern]] = {}
    for concern in known.values():
        groups.setdefault(_root(concern.key, known), []).append(concern)
    entries = [_entry(root, members, costs, known[root], now) for root, members in groups.items()]
    seen = [e for e in entries if not _is_asleep(e, snoozes.get(e.key), now)]
    return tuple(sorted(seen, key=lambda e: (-e.cost_per_hour, e.work_hours, e.key)))


def share_out(
    entries: Sequence[Entry], workers: Sequence[Worker], able: Mapping[str, Collection[str]]
) -> dict[str, str | None]:
    """Return who should take each entry, in order; None when nobody able has enough hours left.

    Among able workers with enough hours: the lowest (given + work) / free, then recent load, then
    name.
    """
    for worker in workers:
        if worker.free_hours < 0 or worker.recent_load < 0:
            raise ValueError(f"{worker.name} has a negative figure")
    given = {worker.name: 0.0 for worker in workers}
    shared: dict[str, str | None] = {}
    for entry in entries:
        fit = [
            worker
            for worker in workers
            if worker.name in able.get(entry.key, ())
            and given[worker.name] + entry.work_hours <= worker.free_hours + ROUNDING
        ]
        best = min(
            fit, key=lambda w: (_filled(w, given, entry), w.recent_load, w.name), default=None
        )
        shared[entry.key] = best.name if best else None
        if best:
            given[best.name] += entry.work_hours
    return shared


def _filled(worker: Worker, given: Mapping[str, float], entry: Entry) -> float:
    hours = given[worker.name] + entry.work_hours
    return hours / worker.free_hours if worker.free_hours > 0 else 0.0


def _cost(concern: Concern, now: datetime, reach_hours: float) -> float:
    if concern.due_at is None:
        return concern.loss_per_hour + concern.chance_per_hour * concern.stake
    if now >= concern.due_at:
        return concern.loss_per_hour
    left = (concern.due_at - now) / timedelta(hours=1)
    slack = max(0.0, left - concern.lead_hours - concern.work_hours)
    growth = concern.stake / reach_hours * math.exp(-slack / reach_hours)
    return concern.loss_per_hour + concern.chance_per_hour * concern.stake + growth


def _entry(
    root: str, members: Sequence[Concern], costs: Mapping[str, float], cause: Concern, now: datetime
) -> Entry:
    ordered = sorted(members, key=lambda c: (c.key != root, -costs[c.key], c.key))
    starts = [start for c in members if (start := _latest_start(c)) is not None]
    first = min(starts, default=None)
    return Entry(
        key=root,
        members=tuple(c.key for c in ordered),
        sources=tuple(sorted({c.source for c in members})),
        cost_per_hour=max(costs[c.key] for c in members),
        latest_start=first,
        is_late=first is not None and now > first,
        work_hours=cause.work_hours,
    )


def _latest_start(concern: Concern) -> datetime | None:
    if concern.due_at is None:
        return None
    return concern.due_at - timedelta(hours=concern.lead_hours + concern.work_hours)


def _root(key: str, known: Mapping[str, Concern]) -> str:
    """Return the cause a concern belongs to; itself when the way up is unknown or a circle."""
    at, seen = key, {key}
    while (above := known[at].part_of) is not None:
        if above in seen:
            return key
        if above not in known:
            return at
        seen.add(above)
        at = above
    return at


def _is_asleep(entry: Entry, snooze: Snooze | None, now: datetime) -> bool:
    if snooze is None or now >= snooze.until:
        return False
    has_doubled = entry.cost_per_hour >= 2 * snooze.cost_per_hour and entry.cost_per_hour > 0
    must_start = entry.latest_start is not None and now >= entry.latest_start
    return not (has_doubled or must_start)


def _check(concern: Concern, now: datetime, reach_hours: float) -> None:
    _check_moment(now)
    _check_reach(reach_hours)
    if concern.due_at is not None:
        _check_moment(concern.due_at)
    figures = (
        concern.loss_per_hour,
        concern.stake,
        concern.chance_per_hour,
        concern.work_hours,
        concern.lead_hours,
    )
    if any(figure < 0 or math.isnan(figure) for figure in figures):
        raise ValueError(f"{concern.key} has a negative figure")


def _check_moment(moment: datetime) -> None:
    if moment.tzinfo is None or moment.utcoffset() is None:
        raise ValueError("times must carry their time zone")


def _check_reach(reach_hours: float) -> None:
    if not reach_hours > 0:
        raise ValueError("reach_hours must be positive")
