"""Taking samples in: every road ends here."""

import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence, Set
from datetime import datetime, timedelta
from functools import cache
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
from django.db import IntegrityError, transaction
from django.db.models import F
from numpy.typing import NDArray

from fullscore.connectors.base import Refused
from fullscore.connectors.samples import Full, Grouped, Samples
from fullscore.domains.foundation.estate.models import Item
from fullscore.domains.foundation.telemetry import queries
from fullscore.domains.foundation.telemetry.metrics import LEAD
from fullscore.domains.foundation.telemetry.models import Refusal
from fullscore.domains.foundation.telemetry.services import totals
from fullscore.domains.foundation.telemetry.services.memory import Memory
from fullscore.domains.foundation.telemetry.services.senders import Sender, of_item
from fullscore.domains.foundation.telemetry.services.series import (
    Called,
    Measured,
    fingerprint,
    objection,
    refresh,
    resolve,
)
from fullscore.domains.foundation.telemetry.services.totals import Increments, dropped_until
from fullscore.engines.counters import Delta
from fullscore.kit.errors import Invalid

FUTURE = timedelta(minutes=10)  # further ahead is a wrong clock, not a sample
REFRESHED = timedelta(minutes=10)  # how exactly `last_at` is known
MINUTE = timedelta(minutes=1)
Reason = Refusal.Reason
AHEAD = "Samples are dated more than 10 minutes ahead: check the sender's clock."
WHY = {
    Reason.TOO_OLD: "Samples are older than what is kept here.",
    Reason.ORDER: "Increments came after later ones of their series: send each series in order.",
}
_NONE = np.empty(0, np.int64)

memory = Memory()
_alive: dict[str, set[int]] = defaultdict(set)  # by sender: what came since `last_at` was written
_refreshed: dict[str, datetime] = {}
_leads: dict[str, float] = {}  # by sender: how far its newest stamp was ahead of us, in seconds
_told: dict[str, datetime] = {}  # when that was last written down
_lock = threading.Lock()


class Batch(NamedTuple):
    """Samples as a connector reads them; `series` are places in `keys`, `named` says what one is.

    `left_out` counts by reason what came beside them and has no place in the store, and `why` is
    an example in words. Where `starts_ms` is not negative a value is what was added since then, or
    since nobody knows when (0).
    """

    keys: Sequence[bytes]
    series: NDArray[np.int64]
    ts_ms: NDArray[np.int64]
    values: NDArray[np.float64]
    named: Callable[[bytes], Called]
    left_out: Mapping[str, int] = MappingProxyType({})
    why: str = ""
    starts_ms: NDArray[np.int64] | None = None


class Taken(NamedTuple):
    """Which samples are durable now, how many are not by reason, and an example in words."""

    is_kept: NDArray[np.bool_]
    refused: Mapping[str, int]
    why: str

    @property
    def stored(self) -> int:
        """Return how many samples are durable now."""
        return int(np.count_nonzero(self.is_kept))


@cache
def _door() -> Grouped:
    """Return this process's one way to the disk: the appends of all senders are joined there."""
    return Grouped(queries.store().append)


def known_keys(sender: Sender) -> Mapping[bytes, int]:
    """Return the keys of a sender that came lately: a reader need not check those again."""
    return memory.of(sender.name)


def take(batch: Batch, sender: Sender, *, now: datetime) -> Taken:
    """Store samples; on return they are durable.

    What cannot be kept is counted and the rest is taken. Raises `Full` and `Refused` when nothing
    can be taken now.
    """
    series, refused, why = _series(batch, sender, now)
    series = series[batch.series]
    is_ahead = batch.ts_ms > queries.milliseconds(now + FUTURE)
    is_dated = (batch.ts_ms >= 0) & ~is_ahead
    good = (series > 0) & is_dated
    # The clock of a sender is the commonest fault, so its sentence comes first.
    faults = {Reason.FUTURE: int(np.count_nonzero((series > 0) & ~is_dated))}
    why = AHEAD if faults[Reason.FUTURE] else why
    is_kept = good.copy()
    try:
        stored = _stored(batch, series, good, now)
    except Full:  # senders are asked to wait a few seconds
        raise
    except Refused as error:  # until somebody acts: pages and a check say it
        turned: dict[str, int] = {Reason.NO_ROOM: int(np.count_nonzero(good))}
        note_refused(sender, turned, str(error), now=now)
        raise
    for reason, lost in stored.items():
        is_kept[lost] = False
        faults[reason] = len(lost)
        why = why or (WHY[reason] if len(lost) else "")
    _note_alive(sender, series[good], now)
    refused = +(refused + Counter(faults) + Counter(batch.left_out))
    why = why or batch.why
    note_refused(sender, refused, why, now=now)
    _note_lead(sender, batch.ts_ms, now)
    return Taken(is_kept, refused, why)


def _stored(
    batch: Batch, series: NDArray[np.int64], good: NDArray[np.bool_], now: datetime
) -> dict[Reason, NDArray[np.int64]]:
    """Store what is good; return the places of what the store does not take, by reason."""
    is_delta = np.zeros(len(good), bool) if batch.starts_ms is None else batch.starts_ms >= 0
    plain, added = np.flatnonzero(good & ~is_delta), np.flatnonzero(good & is_delta)
    samples = Samples(series[plain], batch.ts_ms[plain], batch.values[plain])
    dropped = len(samples) - _door().append(samples) if len(samples) else 0
    too_old = plain[samples.ts_ms <= dropped_until(samples.ts_ms, dropped)] if dropped else _NONE
    late = _NONE
    if batch.starts_ms is not None and len(added):
        told = [array[added].tolist() for array in (series, batch.starts_ms, batch.ts_ms)]
        deltas = list(map(Delta, *told, batch.values[added].tolist()))
        increments = Increments(deltas, queries.milliseconds(now + FUTURE), _door().append)
        totals.add(increments)
        late = added[increments.is_late]
        too_old = np.concatenate([too_old, added[increments.is_too_old]])
    return {Reason.TOO_OLD: too_old, Reason.ORDER: late}


def _series(
    batch: Batch, sender: Sender, now: datetime
) -> tuple[NDArray[np.int64], Counter[str], str]:
    """Return the series of each key, 0 where there is none; why not, by samples and in words."""
    known = memory.of(sender.name)
    ids = [known.get(key, 0) for key in batch.keys]
    if all(ids):
        return np.array(ids, np.int64), Counter(), ""
    missing = {key for key, pk in zip(batch.keys, ids, strict=True) if not pk}
    found = memory.recall(sender.name, missing)
    new, lost, why = _learnt(batch, missing - found.keys(), sender, now)
    found |= new
    ids = [pk or found.get(key, 0) for key, pk in zip(batch.keys, ids, strict=True)]
    return np.array(ids, np.int64), _by_sample(batch, lost), why


def _learnt(
    batch: Batch, keys: Set[bytes], sender: Sender, now: datetime
) -> tuple[dict[bytes, int], dict[bytes, str], str]:
    """Return the series of keys that were not known, the reasons of those without, and words."""
    why, lost = "", dict[bytes, str]()
    prints: dict[bytes, bytes] = {}  # several keys may mean one series
    called: dict[bytes, Called] = {}
    for key in keys:
        one = batch.named(key)
        if words := objection(one.name, one.labels):
            why, lost[key] = words, Reason.LABELS
            continue
        prints[key] = fingerprint(sender.scope, one.name, one.labels)
        called[prints[key]] = one
    resolved = resolve(called, sender, now=now)
    new = {key: resolved.ids[p] for key, p in prints.items() if p in resolved.ids}
    memory.learn(sender.name, new)
    if resolved.refused:
        most = sender.new_series_per_hour
        why = f"More than {most} new series in an hour: find the label, or make another key."
    return new, lost | dict.fromkeys(prints.keys() - new.keys(), Reason.NEW_SERIES), why


def _by_sample(batch: Batch, lost: Mapping[bytes, str]) -> Counter[str]:
    """Return how many samples the lost keys stand for, by reason."""
    refused: Counter[str] = Counter()
    if lost:
        samples = np.bincount(batch.series, minlength=len(batch.keys))
        for key, count in zip(batch.keys, samples.tolist(), strict=True):
            if key in lost:
                refused[lost[key]] += count
    return refused


def _note_alive(sender: Sender, series: NDArray[np.int64], now: datetime) -> None:
    """Note which series came, and at most every ten minutes write down that they are alive."""
    with _lock:
        alive = _alive[sender.name]
        alive.update(series.tolist())
        if now - _refreshed.setdefault(sender.name, now) <= REFRESHED:
            return
        _refreshed[sender.name], _alive[sender.name] = now, set()
    if refresh(alive, now=now) < len(alive):
        memory.forget(sender.name)  # some are gone: those keys lead to new ones


def _note_lead(sender: Sender, ts_ms: NDArray[np.int64], now: datetime) -> None:
    """Once a minute, keep how far a sender's newest stamp was ahead of our clock at most.

    The most: what was sent late or again lies behind whatever the sender's clock says.
    """
    if sender.key is None or not len(ts_ms):
        return
    lead = (int(ts_ms.max()) - queries.milliseconds(now)) / 1000
    with _lock:
        _leads[sender.name] = max(lead, _leads.get(sender.name, lead))
        if now - _told.setdefault(sender.name, now) < MINUTE:
            return
        most, _told[sender.name] = _leads.pop(sender.name), now
    told = Measured(LEAD, {"key": str(sender.key)}, most, queries.milliseconds(now))
    ingest([told], item=None, now=now)


def note_refused(sender: Sender, refused: Mapping[str, int], why: str, *, now: datetime) -> None:
    """Add to the counts of what was not taken."""
    for reason, count in refused.items():
        values = {"count": F("count") + count, "last_at": now, "example": why[:300]}
        mine = Refusal.objects.filter(key=sender.key, reason=reason)
        if mine.update(**values):
            continue
        try:
            with transaction.atomic():
                Refusal.objects.create(
                    key_id=sender.key, reason=reason, count=count, example=why[:300],
                    first_at=now, last_at=now,
                )  # fmt: skip
        except IntegrityError:  # another process was first
            mine.update(**values)


def ingest(samples: Sequence[Measured], *, item: Item | None, now: datetime) -> int:
    """Store what an item tells of itself; on return it is durable. Returns how many were taken.

    Raises Invalid, and takes nothing, when a sample lies more than ten minutes ahead or has too
    many labels: a probe's samples are of one clock and one program, so one fault is everywhere.
    """
    if not samples:
        return 0
    limit = queries.milliseconds(now + FUTURE)
    if ahead := next((s for s in samples if s.ts_ms > limit), None):
        raise Invalid(
            f"{ahead.name} is dated more than 10 minutes ahead: check the sender's clock."
        )
    sender = of_item(item)
    called = {fingerprint(sender.scope, s.name, s.labels): s for s in samples}
    for one in called.values():
        if why := objection(one.name, one.labels):
            raise Invalid(why)
    places = {print_: place for place, print_ in enumerate(called)}
    batch = Batch(
        list(called),
        np.array([places[fingerprint(sender.scope, s.name, s.labels)] for s in samples], np.int64),
        np.array([s.ts_ms for s in samples], np.int64),
        np.array([s.value for s in samples], np.float64),
        lambda print_: Called(called[print_].name, called[print_].labels),
    )
    return take(batch, sender, now=now).stored
