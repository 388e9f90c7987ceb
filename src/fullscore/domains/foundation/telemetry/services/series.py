"""Series by their labels: found, made when they are new, muted."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import NamedTuple

from django.db import transaction

from fullscore.domains.foundation.estate.models import Item
from fullscore.domains.foundation.telemetry.metrics import described
from fullscore.domains.foundation.telemetry.models import Metric, Series
from fullscore.kit.audit import recorded
from fullscore.kit.errors import Conflict, Invalid
from fullscore.kit.models import User

REFRESHED = timedelta(minutes=10)  # how exactly `last_at` is known
LABELS, LABEL_LENGTH = 64, 1024


class Measured(NamedTuple):
    """One sample as it comes in."""

    name: str
    labels: Mapping[str, str]
    value: float
    ts_ms: int


_known: dict[tuple[int, bytes], tuple[int, datetime]] = {}  # (item, fingerprint) → series, last_at
KNOWN_AT_MOST = 200_000


def fingerprint_of(sample: Measured, item: Item | None) -> bytes:
    """Return what tells one series from every other: owner, metric and sorted labels."""
    told = [str(item.pk if item else ""), sample.name]
    told += [f"{k}\x1e{v}" for k, v in sorted(sample.labels.items())]
    return blake2b("\x1f".join(told).encode(), digest_size=16).digest()


def resolve(
    samples: Sequence[Measured], prints: Sequence[bytes], item: Item | None, now: datetime
) -> dict[bytes, int]:
    """Return the series of each fingerprint, making those that are new: get or create in batch."""
    owner = item.pk if item else 0
    ids = {p: _known[owner, p][0] for p in prints if (owner, p) in _known}
    missing = {p: s for p, s in zip(prints, samples, strict=True) if p not in ids}
    if missing:
        with transaction.atomic():
            _create(missing, item, now)
        wanted = list(missing)
        for start in range(0, len(wanted), 900):
            rows = Series.objects.filter(fingerprint__in=wanted[start : start + 900])
            for pk, fingerprint, last_at in rows.values_list("pk", "fingerprint", "last_at"):
                ids[bytes(fingerprint)] = pk
                _known[owner, bytes(fingerprint)] = (pk, last_at)
    _refresh({(owner, p) for p in prints}, now)
    if len(_known) > KNOWN_AT_MOST:
        _known.clear()
    return ids


def _create(missing: Mapping[bytes, Measured], item: Item | None, now: datetime) -> None:
    metrics = metrics_named({s.name for s in missing.values()})
    rows = []
    for fingerprint, sample in missing.items():
        if len(sample.labels) > LABELS or any(
            len(v) > LABEL_LENGTH for v in sample.labels.values()
        ):
            raise Invalid(f"{sample.name} has too many or too long labels: at most {LABELS}.")
        rows.append(
            Series(
                metric=metrics[sample.name], item=item, labels=dict(sample.labels),
                fingerprint=fingerprint, first_at=now, last_at=now,
            )
        )  # fmt: skip
    Series.objects.bulk_create(rows, batch_size=500, ignore_conflicts=True)


def metrics_named(names: Iterable[str]) -> dict[str, Metric]:
    """Return the metrics of these names, making those that are new."""
    fresh = []
    for name in names:
        known = described(name)
        fresh.append(Metric(name=name[:200], title=known.title, unit=known.unit, kind=known.kind))
    Metric.objects.bulk_create(fresh, ignore_conflicts=True)
    return {m.name: m for m in Metric.objects.filter(name__in=list(names))}


def _refresh(keys: set[tuple[int, bytes]], now: datetime) -> None:
    """Note that series are alive, at most every ten minutes."""
    old = [k for k in keys if k in _known and now - _known[k][1] > REFRESHED]
    if not old:
        return
    pks = [_known[k][0] for k in old]
    for start in range(0, len(pks), 900):
        Series.objects.filter(pk__in=pks[start : start + 900]).update(last_at=now)
    _known.update({k: (_known[k][0], now) for k in old})


def mute(series: Series, *, by: User) -> Series:
    """Keep a series out of checks; its samples are still taken."""
    if series.is_muted:
        raise Conflict("This series is muted already.")
    with recorded(series, "mute", by=by):
        series.is_muted = True
    return series


def unmute(series: Series, *, by: User) -> Series:
    """Let checks look at a series again."""
    if not series.is_muted:
        raise Conflict("This series is not muted.")
    with recorded(series, "unmute", by=by):
        series.is_muted = False
    return series
