"""How often series come, and which of them no longer do."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fullscore.domains.foundation.estate.models import Item
from fullscore.domains.foundation.telemetry import queries
from fullscore.domains.foundation.telemetry.facts import Lateness
from fullscore.domains.foundation.telemetry.models import PushKey, Series
from fullscore.domains.foundation.telemetry.queries import milliseconds
from fullscore.domains.foundation.telemetry.reading.judged import (
    GONE_AFTER,
    LATE_AT_LEAST,
    LATE_WINDOWS,
    Ints,
)
from fullscore.interfaces.web.figures import duration
from fullscore.kit.checks import Scope

Floats = NDArray[np.float64]
HOUR_MS, BUCKET_MS = 3_600_000, 300_000
LOOKBACKS = (LATE_AT_LEAST, 600, 1800, 3600, LATE_WINDOWS * 3600)  # seconds; nothing is slower
NEAR_MS = 660_000  # `last_at` is known to ten minutes; stamps may be dated ten minutes ahead
AT_ONCE = 5000  # series whose last hour is read in one go
NAMED = 5  # examples of one item


# ── how often they come ────────────────────────────────────────────────────────────────────────


def intervals(series: Sequence[int], *, now: datetime) -> dict[int, int]:
    """Return how many seconds lie between the samples of each series in the last hour.

    The median over the five-minute parts in which it came, so neither a gap nor a part that is cut
    off counts; of what comes less often, an hour over how often it came.
    """
    end = milliseconds(now) // BUCKET_MS * BUCKET_MS
    seen = queries.store().aggregate(
        series, start_ms=end - HOUR_MS, end_ms=end, step_ms=BUCKET_MS, function="count"
    )
    order = np.lexsort((seen.values, seen.series))
    counts = seen.values[order]
    known, first, many = np.unique(seen.series[order], return_index=True, return_counts=True)
    middle = counts[first + many // 2]
    fast, slow = BUCKET_MS / np.maximum(middle, 1), HOUR_MS / np.maximum(many, 1)
    every = np.rint(np.where(middle > 1, fast, slow) / 1000).astype(int)
    return dict(zip(known.tolist(), np.maximum(every, 1).tolist(), strict=True))


# ── which of them no longer come ───────────────────────────────────────────────────────────────


Owner = tuple[int, int]  # item and sender; 0 for none


class Missed(NamedTuple):
    """A series that is late: its place among the living, and when it came last."""

    place: int
    last_ms: int


class _Living(NamedTuple):
    """Series that came within a day, as arrays of one length."""

    series: Ints
    item: Ints  # 0: nobody's
    key: Ints  # 0: no sender that shows one
    allowed: Ints  # seconds
    last_ms: Ints  # about when it came last

    def owner(self, place: int) -> Owner:
        """Return whose a series is."""
        return int(self.item[place]), int(self.key[place])


def lateness(scope: Scope) -> list[Lateness]:
    """Return for each item, and each sender of what is nobody's, how many series are late.

    Late is what stayed away for three of its intervals, at least three minutes, and did not say
    that it ends. Cost: of 100,000 series that come, one question over three minutes; only what is
    late or slow is looked at further.
    """
    living = _living(scope)
    late = _late(living, milliseconds(scope.now))
    by_owner: dict[Owner, list[Missed]] = defaultdict(list)
    for one in late:
        by_owner[living.owner(one.place)].append(one)
    owners = list(zip(living.item.tolist(), living.key.tolist(), strict=True))
    names = _names_of(set(owners))
    named = _named([one for some in by_owner.values() for one in some[:NAMED]], living)
    return [
        _told(owner, count, names[owner], by_owner.get(owner, []), living, named)
        for owner, count in Counter(owners).items()
    ]


def _living(scope: Scope) -> _Living:
    rows = Series.objects.filter(
        last_at__gte=scope.now - GONE_AFTER, is_muted=False, every_seconds__isnull=False
    ).exclude(bound_by=Series.BoundBy.OURS)
    if scope.items is not None:
        rows = rows.filter(item__in=scope.items)
    found = rows.order_by("pk").values_list("pk", "item_id", "key_id", "every_seconds", "last_at")
    told = np.array(
        [
            (pk, item or 0, 0 if item else key or 0, every, int(at.timestamp() * 1000))
            for pk, item, key, every, at in found
        ],
        dtype=np.int64,
    ).reshape(-1, 5)
    allowed = np.maximum(told[:, 3] * LATE_WINDOWS, LATE_AT_LEAST)
    return _Living(told[:, 0], told[:, 1], told[:, 2], allowed, told[:, 4])


def _late(living: _Living, now_ms: int) -> list[Missed]:
    """Return what stayed away too long without an end, longest first."""
    late = []
    for places in _by_hour(living, _absent(living, now_ms)):
        last_ms, has_ended = _ends(living, places, now_ms)
        is_late = ~has_ended & (now_ms - last_ms > living.allowed[places] * 1000)
        pairs = zip(places[is_late].tolist(), last_ms[is_late].tolist(), strict=True)
        late += [Missed(*pair) for pair in pairs]
    return sorted(late, key=lambda one: one.last_ms)


def _absent(living: _Living, now_ms: int) -> Ints:
    """Return the places of what has no sample within the time it is allowed."""
    waiting, absent = np.arange(len(living.series)), [np.empty(0, np.int64)]
    for lookback in LOOKBACKS:
        if not len(waiting):
            break
        series, allowed = living.series[waiting], living.allowed[waiting]
        came = queries.store().latest(series, at_ms=now_ms, lookback_ms=lookback * 1000)
        newest = np.zeros(len(series), dtype=np.int64)
        newest[np.searchsorted(series, came.series)] = came.ts_ms
        is_here = now_ms - newest <= allowed * 1000
        is_absent = ~is_here & (allowed <= lookback)
        absent.append(waiting[is_absent])
        waiting = waiting[~is_here & ~is_absent]
    return np.sort(np.concatenate(absent))


def _by_hour(living: _Living, places: Ints) -> Iterator[Ints]:
    """Yield places that came last in the same hour, so many at once as may be read together."""
    hours = living.last_ms[places] // HOUR_MS
    for hour in np.unique(hours).tolist():
        some = places[hours == hour]
        for start in range(0, len(some), AT_ONCE):
            yield some[start : start + AT_ONCE]


def _ends(living: _Living, places: Ints, now_ms: int) -> tuple[Ints, NDArray[np.bool_]]:
    """Return when each came last, and whether its last sample says that it ends there."""
    series, last_ms = living.series[places], living.last_ms[places].copy()
    has_ended = np.zeros(len(places), dtype=bool)
    seen = queries.store().read(
        series, start_ms=int(last_ms.min()) - NEAR_MS, end_ms=now_ms + NEAR_MS
    )
    newest = np.flatnonzero(np.append(seen.series[1:] != seen.series[:-1], True)[: len(seen)])
    at = np.searchsorted(series, seen.series[newest])
    last_ms[at], has_ended[at] = seen.ts_ms[newest], np.isnan(seen.values[newest])
    return last_ms, has_ended


# ── in words ───────────────────────────────────────────────────────────────────────────────────


def _told(
    owner: Owner,
    count: int,
    name: str,
    late: Sequence[Missed],
    living: _Living,
    named: Mapping[int, str],
) -> Lateness:
    item, key = owner[0] or None, owner[1] or None
    if not late:
        return Lateness(item, key, name, count)
    examples = tuple(
        {
            "series": named.get(int(living.series[one.place]), ""),
            "last": f"{_instant(one.last_ms):%F %T} UTC",
            "allowed": duration(float(living.allowed[one.place])),
        }
        for one in late[:NAMED]
    )
    allowed = float(living.allowed[late[0].place])
    return Lateness(item, key, name, count, len(late), _instant(late[0].last_ms), allowed, examples)


def _named(late: Sequence[Missed], living: _Living) -> dict[int, str]:
    names: dict[int, str] = {}
    for start in range(0, len(late), AT_ONCE):
        pks = [int(living.series[one.place]) for one in late[start : start + AT_ONCE]]
        rows = Series.objects.filter(pk__in=pks).select_related("metric")
        names |= {one.pk: str(one) for one in rows}
    return names


def _names_of(owners: Collection[Owner]) -> dict[Owner, str]:
    items = Item.objects.filter(pk__in={item for item, _ in owners}).values_list("pk", "name")
    keys = PushKey.objects.filter(pk__in={key for _, key in owners}).values_list("pk", "name")
    by_item, by_key = dict(items), dict(keys)
    return {
        (item, key): by_item.get(item, "") if item else by_key.get(key, "nobody")
        for item, key in owners
    }


def _instant(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)
