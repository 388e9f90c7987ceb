"""What comes from elsewhere: changes that were made outside, and troubles told by incidents."""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from django.db import transaction

from fullscore.domains.foundation.changes.models import Change, Trouble
from fullscore.domains.foundation.changes.services.telling import happened
from fullscore.domains.foundation.estate import queries as estate
from fullscore.domains.foundation.estate.models import Item
from fullscore.kit import time
from fullscore.kit.audit import recorded
from fullscore.kit.models import User

SAME_WITHIN = timedelta(minutes=10)  # an equal message sooner than this is the same one again
SHORTEST = timedelta(minutes=1)


@transaction.atomic
def record(
    *,
    by: User,
    title: str,
    items: Iterable[Item],
    at: datetime,
    ended_at: datetime | None = None,
    description: str = "",
    reference: str = "",
) -> Change:
    """Take note of a change that was made outside: a deployment, a tag, an event.

    The same title and reference within ten minutes are the same change, told twice.
    """
    told = Change.objects.filter(is_recorded=True, title=title[:160], external_ref=reference[:200])
    near = told.filter(starts_at__gt=at - SAME_WITHIN, starts_at__lt=at + SAME_WITHIN)
    if known := near.first():
        return known
    touched = list(items)
    owners = estate.owners_of(item.pk for item in touched)
    change = Change(
        title=title[:160],
        description=description,
        requested_by=by,
        starts_at=at,
        ends_at=max(ended_at or at, at + SHORTEST),
        is_recorded=True,
        state=Change.State.DONE,
        started_at=at,
        ended_at=ended_at or at,
        rollback="none",
        verification="none",
        external_ref=reference[:200],
        owner_id=next((o for o in owners.values() if o), None),
        outcome="Made outside, and told of.",
    )
    with recorded(change, "record", by=by, note=reference):
        pass
    change.items.set(touched)
    happened(change, "recorded", by=by, text=description)
    return change


@transaction.atomic
def tell_trouble(
    reference: str,
    *,
    by: User,
    items: Collection[int],
    title: str,
    since: datetime,
    commander: User | None = None,
    url: str = "",
) -> None:
    """Let exactly these items be in a trouble; on what no longer is, it ends."""
    now = time.now()
    held = {
        row.item_id: row for row in Trouble.objects.filter(reference=reference, until__isnull=True)
    }
    told = {"title": title[:300], "url": url, "commander": commander}
    for item in sorted(set(items) | set(held)):
        row = held.get(item) or Trouble(item_id=item, reference=reference, since=min(since, now))
        is_same = row.pk and all(getattr(row, name) == value for name, value in told.items())
        if is_same and item in items:
            continue  # incidents say the same again with every alert that joins them
        with recorded(row, "tell", by=by):
            for name, value in told.items():
                setattr(row, name, value)
            row.until = None if item in items else max(now, row.since)


def end_trouble(reference: str, *, by: User) -> None:
    """Let a trouble be over on every item."""
    rows = Trouble.objects.filter(reference=reference, until__isnull=True)
    if row := rows.first():
        tell_trouble(reference, by=by, items=(), title=row.title, since=row.since, url=row.url)
