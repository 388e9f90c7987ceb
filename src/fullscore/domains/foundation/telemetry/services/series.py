"""Series by their labels: found, made when they are new, given to an item, muted."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import NamedTuple

from django.db import transaction

from fullscore.domains.foundation.estate.models import Item
from fullscore.domains.foundation.telemetry.metrics import described
from fullscore.domains.foundation.telemetry.models import Metric, Series
from fullscore.domains.foundation.telemetry.reading.rhythm import intervals
from fullscore.domains.foundation.telemetry.services import binding
from fullscore.domains.foundation.telemetry.services.senders import Sender, of_item
from fullscore.kit import bulk, limits, time
from fullscore.kit.audit import recorded, removed
from fullscore.kit.errors import Conflict, Invalid
from fullscore.kit.models import User

LABELS, LABEL_LENGTH, NAME_LENGTH = 64, 1024, 200
AT_ONCE = 900  # parameters in one statement, whatever SQLite it is
HOUR = timedelta(hours=1)
NEW = (
    "metric", "labels", "fingerprint", "item", "bound_by", "binding", "key", "first_at", "last_at",
    "is_muted", "is_double",
)  # fmt: skip
Labels = Mapping[str, str]


class Measured(NamedTuple):
    """One sample as it comes in."""

    name: str
    labels: Labels
    value: float
    ts_ms: int


class Called(NamedTuple):
    """A series as its sender names it; `kind` and `unit` of its metric where the sender says it."""

    name: str
    labels: Labels
    kind: str = ""
    unit: str = ""


class Resolved(NamedTuple):
    """The series of fingerprints; those refused for being too many are absent, and counted."""

    ids: dict[bytes, int]
    refused: int = 0


def fingerprint_of(sample: Measured, item: Item | None) -> bytes:
    """Return what tells an item's series from every other."""
    return fingerprint(of_item(item).scope, sample.name, sample.labels)


def fingerprint(scope: str, name: str, labels: Labels) -> bytes:
    """Return what tells one series from every other: scope, metric and sorted labels."""
    told = [scope, name, *(f"{k}\x1e{v}" for k, v in sorted(labels.items()))]
    return blake2b("\x1f".join(told).encode(), digest_size=16).digest()


def objection(name: str, labels: Labels) -> str:
    """Return why a series cannot be kept; empty when it can."""
    if len(name) > NAME_LENGTH:
        return f"The name {name[:40]}… is longer than {NAME_LENGTH} letters."
    if len(labels) > LABELS:
        return f"{name} has {len(labels)} labels; at most {LABELS} are kept."
    for key, value in labels.items():
        if len(key) > LABEL_LENGTH or len(value) > LABEL_LENGTH:
            return f"{name} has the label {key[:40]} of more than {LABEL_LENGTH} letters."
        if "\0" in key or "\0" in value:
            return f"{name} has the label {key[:40]} with a zero byte."
    return f"The name {name[:40]!r} has a zero byte." if "\0" in name else ""


def resolve(wanted: Mapping[bytes, Called], sender: Sender, *, now: datetime) -> Resolved:
    """Return the series of each fingerprint, making those that are new: get or create in batch."""
    ids = known_ids(list(wanted))
    new = sorted(wanted.keys() - ids.keys())  # sorted: two at once lock rows in one order
    room = _room(sender, len(new))
    if new[:room]:
        with transaction.atomic():
            _create({print_: wanted[print_] for print_ in new[:room]}, sender, now)
        ids |= known_ids(new[:room])
    return Resolved(ids, len(new) - min(room, len(new)))


def _room(sender: Sender, wanted: int) -> int:
    """Return how many new series may come from a sender now."""
    if sender.new_series_per_hour is None or not wanted:
        return wanted
    return limits.room(
        f"new-series:{sender.name}", per=HOUR, count=sender.new_series_per_hour, wanted=wanted
    )


def known_ids(prints: Sequence[bytes]) -> dict[bytes, int]:
    """Return the series of those fingerprints that have one."""
    ids: dict[bytes, int] = {}
    for start in range(0, len(prints), AT_ONCE):
        rows = Series.objects.filter(fingerprint__in=prints[start : start + AT_ONCE])
        ids |= {bytes(print_): pk for print_, pk in rows.values_list("fingerprint", "pk")}
    return ids


def _create(wanted: Mapping[bytes, Called], sender: Sender, now: datetime) -> None:
    called = list(wanted.values())
    metrics = metrics_named({c.name for c in called}, told={c.name: c for c in called})
    rows = (
        (metrics[one.name].pk, dict(one.labels), print_, owner.item, owner.by, owner.why[:200],
         sender.key, now, now, False, False)
        for (print_, one), owner in zip(wanted.items(), _owners(called, sender), strict=True)
    )  # fmt: skip
    bulk.insert(Series, NEW, rows, passes_over=True)


def _owners(called: Sequence[Called], sender: Sender) -> list[binding.Owner]:
    if sender.bound_by:
        return [binding.Owner(sender.item, sender.bound_by)] * len(called)
    return binding.owners([one.labels for one in called], site=sender.site)


def metrics_named(
    names: Iterable[str], *, told: Mapping[str, Called] | None = None
) -> dict[str, Metric]:
    """Return the metrics of these names, making those that are new as their sender `told`."""
    names = sorted(names)
    found = _metrics(names)
    fresh = []
    for name in (n for n in names if n not in found):
        known, own = described(name), (told or {}).get(name, Called(name, {}))
        kind, unit = own.kind or known.kind, own.unit or known.unit
        fresh.append(Metric(name=name, title=known.title, unit=unit, kind=kind))
    if fresh:
        Metric.objects.bulk_create(fresh, ignore_conflicts=True)
        found |= _metrics([metric.name for metric in fresh])
    return found


def _metrics(names: Sequence[str]) -> dict[str, Metric]:
    found = {}
    for start in range(0, len(names), AT_ONCE):
        rows = Metric.objects.filter(name__in=names[start : start + AT_ONCE])
        found.update({metric.name: metric for metric in rows})
    return found


def refresh(series: Iterable[int], *, now: datetime) -> int:
    """Note that series are alive; returns how many of them there are."""
    pks, count = list(series), 0
    for start in range(0, len(pks), AT_ONCE):
        count += Series.objects.filter(pk__in=pks[start : start + AT_ONCE]).update(last_at=now)
    return count


def bind(series: Series, *, item: Item, by: User) -> Series:
    """Give a series to an item by hand; no rule takes it back."""
    with recorded(series, "bind", by=by):
        series.item, series.bound_by, series.binding = item, Series.BoundBy.HAND, ""
    return series


def bind_unowned(*, at_most: int = 20_000) -> int:
    """Try the rules again on what is nobody's, for items come later; returns how many found one."""
    rows = Series.objects.unowned().exclude(bound_by=Series.BoundBy.HAND)
    waiting = list(rows.select_related("key__item").order_by("-last_at")[:at_most])
    sites: dict[int | None, list[Series]] = {}
    for one in waiting:
        sites.setdefault(one.key.site if one.key else None, []).append(one)
    for site, some in sites.items():
        for one, owner in zip(
            some, binding.owners([s.labels for s in some], site=site), strict=True
        ):
            one.item_id, one.bound_by, one.binding = owner.item, owner.by, owner.why[:200]
    bound = [one for one in waiting if one.item_id]
    Series.objects.bulk_update(bound, ["item", "bound_by", "binding"], batch_size=500)
    return len(bound)


def learn_intervals(*, now: datetime) -> int:
    """Write down how often each series came in its last hour; returns how many are known anew.

    One that is younger than an hour is not known yet; a quarter more or less is no news.
    """
    rows = Series.objects.filter(last_at__gte=now - 2 * HOUR, first_at__lte=now - HOUR)
    known = dict(rows.order_by("pk").values_list("pk", "every_seconds"))
    news: dict[int, list[int]] = defaultdict(list)
    for pk, every in intervals(list(known), now=now).items():
        before = known[pk]
        if before is None or abs(every - before) * 4 > before:
            news[every].append(pk)
    for every, pks in news.items():
        for start in range(0, len(pks), AT_ONCE):
            some = Series.objects.filter(pk__in=pks[start : start + AT_ONCE])
            some.update(every_seconds=every)
    return sum(map(len, news.values()))


def mute(series: Series, *, by: User, until: datetime | None = None) -> Series:
    """Keep a series out of checks, until a moment or for good; its samples are still taken."""
    if series.is_muted:
        raise Conflict("This series is muted already.")
    if until is not None and until <= time.now():
        raise Invalid("That moment has passed: choose one to come.")
    with recorded(series, "mute", by=by):
        series.is_muted, series.muted_until = True, until
    return series


def unmute(series: Series, *, by: User) -> Series:
    """Let checks look at a series again."""
    if not series.is_muted:
        raise Conflict("This series is not muted.")
    with recorded(series, "unmute", by=by):
        series.is_muted, series.muted_until = False, None
    return series


def end_mutes(*, now: datetime, by: User) -> int:
    """Let checks look again at what was muted until now; returns at how many series."""
    over = list(Series.objects.filter(is_muted=True, muted_until__lte=now))
    for series in over:
        unmute(series, by=by)
    return len(over)


def forget(series: Series, *, by: User) -> None:
    """Strike a series: no page and no check knows it any more, and its samples age out unread.

    Should it be sent again, it begins anew.
    """
    with removed(series, by=by):
        pass
