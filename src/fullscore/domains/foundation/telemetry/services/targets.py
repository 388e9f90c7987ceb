"""Scrape targets: paused, tried, given a credential; and which collector holds which."""

import base64
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import Q

from fullscore.domains.foundation.estate.models import Item
from fullscore.domains.foundation.telemetry import queries
from fullscore.domains.foundation.telemetry.models import Collector, ScrapeTarget
from fullscore.engines import rendezvous
from fullscore.kit import secrets, time
from fullscore.kit.audit import recorded
from fullscore.kit.errors import Conflict
from fullscore.kit.models import User
from fullscore.kit.models.secret import Secret

LEASE = timedelta(seconds=20)  # who holds a target scrapes it; the others wait for this to end
State = ScrapeTarget.State


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


def authorization(target: ScrapeTarget) -> dict[str, str]:
    """Return the header by which a target's credential is shown to it."""
    if target.credential is None:
        return {}
    with target.credential.open() as value:
        if not target.username:
            return {"Authorization": f"Bearer {value}"}
        pair = base64.b64encode(f"{target.username}:{value}".encode()).decode()
        return {"Authorization": f"Basic {pair}"}


def beat(
    name: str, *, now: datetime, site: Item | None = None, waiting: int = 0, dropped: int = 0
) -> dict[int, ScrapeTarget]:
    """Say that a collector lives, and return the targets it holds from now on.

    Raises Conflict when another site has a collector of this name.
    """
    known = Collector.objects.filter(name=name).first()
    if known is not None and known.site_id != (site.pk if site else None):
        raise Conflict(f"A collector “{name}” stands elsewhere: start this one with another name.")
    told = {"seen_at": now, "site": site, "waiting": waiting, "dropped": dropped}
    Collector.objects.update_or_create(name=name, defaults=told)
    workers = queries.live_collectors(now, site)
    pks = queries.target_keys(site)
    hold([pk for pk in pks if rendezvous.holder(str(pk), workers) == name], name, now=now)
    return queries.held_targets(name, now)


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
