"""What is expected to be odd: breaches on items that somebody works on are marked as such."""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from fullscore.domains.foundation.telemetry.models import Breach, Expectation, Series


@transaction.atomic
def expect(items: Collection[int], *, words: str, now: datetime) -> None:
    """Let breaches on some items carry these words: those open now, and those still to begin."""
    Expectation.objects.bulk_create(
        [Expectation(item_id=item, words=words, since=now) for item in items],
        ignore_conflicts=True,
    )
    Breach.objects.open().filter(series__item__in=items).update(expected=words)


def expect_no_more(words: str, *, now: datetime) -> None:
    """Let breaches that begin from now on be unexpected again; what was marked stays so."""
    Expectation.objects.filter(words=words, until__isnull=True).update(until=now)


def mark(began: Collection[Breach]) -> None:
    """Put on new breaches what is expected of their items; the caller stores them."""
    words = dict(Expectation.objects.filter(until__isnull=True).values_list("item_id", "words"))
    if not words or not began:
        return
    rows = Series.objects.filter(pk__in={b.series_id for b in began}, item__in=words)
    items = dict(rows.values_list("pk", "item_id"))
    for breach in began:
        breach.expected = words.get(items.get(breach.series_id, 0), "")
