"""What scrapes brought: their samples stored, and how each went written down."""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

import numpy as np
from django.db import transaction

from fullscore.connectors.output import readable
from fullscore.connectors.prometheus.text import Exposition
from fullscore.domains.foundation.telemetry import queries
from fullscore.domains.foundation.telemetry.models import ScrapeTarget
from fullscore.domains.foundation.telemetry.services.intake import Batch, take
from fullscore.domains.foundation.telemetry.services.senders import of_target
from fullscore.domains.foundation.telemetry.services.series import Called
from fullscore.kit import live, time
from fullscore.kit.errors import Problem

STALE = np.array([0x7FF0000000000002], np.uint64).view(np.float64)  # "ended here", bit for bit
State = ScrapeTarget.State
SHOWN = 20  # of the first metrics, on the target's page
AHEAD = timedelta(minutes=1)  # so far the clock of a site may run before ours


class Scraped(NamedTuple):
    """What a scrape found; `error` is a sentence, empty when all is well."""

    target: int
    at: datetime
    took_ms: int
    samples: int
    first: str
    error: str


def store_scrape(
    target: ScrapeTarget,
    found: Exposition,
    *,
    at: datetime,
    took_ms: int,
    error: str = "",
    gone: Collection[bytes] = (),
) -> Scraped:
    """Store what a scrape brought, and return how it went; of a paused target nothing is kept.

    `gone` are the keys of the scrape before that were not found again: their series end.
    """
    shown = zip(found.keys[:SHOWN], found.values[:SHOWN], strict=True)
    first = "\n".join(f"{readable(key)[:120]} {v:g}" for key, v in shown)
    told = Scraped(target.pk, at, took_ms, len(found.keys), first, error)
    if target.state != State.PAUSED:
        _store(target, found, told, gone)
    return told


def unopened(target: ScrapeTarget, problem: Problem, *, now: datetime) -> Scraped:
    """Return how it went with a target whose credential cannot be opened: it was not asked."""
    return Scraped(target.pk, now, 0, 0, "", str(problem))


def _store(target: ScrapeTarget, found: Exposition, told: Scraped, gone: Collection[bytes]) -> None:
    at_ms = queries.milliseconds(told.at)
    for name, value in (
        ("up", float(not told.error)),
        ("scrape_duration_seconds", told.took_ms / 1000),
        ("scrape_samples_scraped", float(told.samples)),
    ):
        found.named[name.encode()] = (name, {})
        found.add(name.encode(), value, at_ms)
    ts_ms, values = found.arrays()
    keys = [*found.keys, *gone]
    batch = Batch(
        keys,
        np.arange(len(keys)),
        np.append(ts_ms, np.full(len(gone), at_ms, np.int64)),
        np.append(values, np.repeat(STALE, len(gone))),
        lambda key: _called(target, found, key),
    )
    take(batch, of_target(target), now=time.now())


def _called(target: ScrapeTarget, found: Exposition, key: bytes) -> Called:
    name, labels = found.named.get(key, (key.decode(errors="replace"), {}))
    kind = "counter" if name in found.counters else ""
    return Called(name, {**labels, "instance": target.instance}, kind)


def note_scraped(found: Iterable[Scraped]) -> None:
    """Write down how scrapes went; who watches is told when a state changes."""
    told, soon = {one.target: one for one in found}, time.now() + AHEAD
    with transaction.atomic():
        rows = ScrapeTarget.objects.select_for_update().in_bulk(told)
        changed = []
        for pk, target in rows.items():
            if target.last_at is not None and told[pk].at < target.last_at <= soon:
                continue  # from a spool: what is known is newer
            state = State.FAILING if told[pk].error else State.OK
            if target.state not in (State.PAUSED, state):
                target.state = state
                changed.append(pk)
            _take_over(target, told[pk], min(told[pk].at, soon))
        ScrapeTarget.objects.bulk_update(
            rows.values(),
            [
                "state",
                "failures",
                "last_error",
                "last_at",
                "last_took_ms",
                "last_samples",
                "first_metrics",
                "wanted_at",
            ],
        )
        for pk in changed:
            live.publish("telemetry.scrapetarget", pk)


def _take_over(target: ScrapeTarget, found: Scraped, at: datetime) -> None:
    target.failures = target.failures + 1 if found.error else 0
    target.last_error, target.last_at = found.error[:300], at
    target.last_took_ms, target.last_samples = found.took_ms, found.samples
    target.first_metrics = found.first or target.first_metrics
    if target.wanted_at and target.wanted_at <= found.at:
        target.wanted_at = None
