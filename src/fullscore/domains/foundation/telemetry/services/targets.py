"""Scrape targets: paused, tried, given a credential; and which collector holds which."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import transaction
from django.db.models import Q

from fullscore.domains.foundation.telemetry.models import Collector, ScrapeTarget
from fullscore.kit import live, secrets, time
from fullscore.kit.audit import recorded
from fullscore.kit.errors import Conflict
from fullscore.kit.models import User
from fullscore.kit.models.secret import Secret

LEASE = timedelta(seconds=20)  # who holds a target scrapes it; the others wait for this to end
State = ScrapeTarget.State


class Scraped(NamedTuple):
    """What a scrape found; `error` is a sentence, empty when all is well."""

    target: int
    at: datetime
    took_ms: int
    samples: int
    first: str
    error: str


def pause(target: ScrapeTarget, *, by: User, note: str = "") -> ScrapeTarget:
    """Scrape a target no longer, until it is resumed."""
    if target.state == State.PAUSED:
        raise Conflict("This target is paused already.")
    with recorded(target, "pause", by=by, note=note):
        target.state = State.PAUSED
    return target


def resume(target: ScrapeTarget, *, by: User) -> ScrapeTarget:
    """Scrape a paused target again."""
    if target.state != State.PAUSED:
        raise Conflict("This target is not paused.")
    with recorded(target, "resume", by=by):
        target.state = State.NEW
    target.failures = 0
    target.save(update_fields=["failures"])
    return target


def scrape_now(target: ScrapeTarget, *, by: User) -> ScrapeTarget:
    """Let a collector read the target at once; of a paused one nothing is kept but the preview.

    A collector and not this process: it alone may stand where the target can be reached.
    """
    ScrapeTarget.objects.filter(pk=target.pk).update(wanted_at=time.now())
    return target


def give_credential(
    target: ScrapeTarget, *, by: User, value: str, username: str = ""
) -> ScrapeTarget:
    """Store the token, or with a user name the password, that the target asks for."""
    with recorded(target, "give_credential", by=by):
        if target.credential is None:
            name, kind = f"scrape target {target.pk}", Secret.Kind.TOKEN
            target.credential = secrets.keep(name, value, by=by, kind=kind, scope=target.url[:120])
        else:
            secrets.replace(target.credential, value, by=by)
        target.username = username
    return target


def beat(name: str, *, now: datetime) -> None:
    """Say that a collector lives."""
    Collector.objects.update_or_create(name=name, defaults={"seen_at": now})


def leave(name: str) -> None:
    """Give back everything a collector holds."""
    ScrapeTarget.objects.filter(holder=name).update(holder="", held_until=None)
    Collector.objects.filter(name=name).delete()


def hold(targets: Iterable[int], name: str, *, now: datetime) -> None:
    """Take or renew the leases of those targets that nobody else holds."""
    pks = list(targets)
    free = Q(held_until=None) | Q(held_until__lt=now) | Q(holder=name)
    is_short = Q(held_until=None) | Q(held_until__lt=now + LEASE / 2)
    for start in range(0, len(pks), 900):
        rows = ScrapeTarget.objects.filter(free, is_short, pk__in=pks[start : start + 900])
        rows.update(holder=name, held_until=now + LEASE)


def note_scraped(found: Iterable[Scraped]) -> None:
    """Write down how scrapes went; who watches is told when a state changes."""
    told = {one.target: one for one in found}
    with transaction.atomic():
        rows = ScrapeTarget.objects.select_for_update().in_bulk(told)
        changed = []
        for pk, target in rows.items():
            state = State.FAILING if told[pk].error else State.OK
            if target.state not in (State.PAUSED, state):
                target.state = state
                changed.append(pk)
            _take_over(target, told[pk])
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


def _take_over(target: ScrapeTarget, found: Scraped) -> None:
    target.failures = target.failures + 1 if found.error else 0
    target.last_error, target.last_at = found.error[:300], found.at
    target.last_took_ms, target.last_samples = found.took_ms, found.samples
    target.first_metrics = found.first or target.first_metrics
    if target.wanted_at and target.wanted_at <= found.at:
        target.wanted_at = None
