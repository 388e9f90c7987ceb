"""For sources that know which item they speak of: its words.

Whoever tells of many things at once, or of things that are no items yet, calls `record_batch`.
"""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from fullscore.domains.foundation.estate.models import Item
from fullscore.domains.foundation.estate.queries import identity as known
from fullscore.domains.foundation.estate.services.differences import differ
from fullscore.domains.foundation.estate.services.words import learn
from fullscore.engines import identity
from fullscore.engines.identity import Evidence, Word
from fullscore.kit.models import User


def known_as(words: Iterable[tuple[str, str]]) -> Item | None:
    """Return the one live item that these words are surely of; None where there is doubt."""
    return known.known_as(Word(kind, value) for kind, value in words)


@transaction.atomic
def identify(
    item: Item, words: Iterable[tuple[str, str]], *, by: User, source: str, now: datetime
) -> None:
    """Keep the words an item is recognised by.

    A strong word of another live item is not taken: one thing or two? A person decides.
    """
    cleaned = identity.cleaned(Word(kind, value) for kind, value in words)
    index = known.index_of(cleaned)
    told = [one for one in _against(item, cleaned, index) if one.thing in index.things]
    names = dict(Item.objects.filter(pk__in=[t.thing for t in told]).values_list("pk", "name"))
    because = [f"{one.says} ({names[one.thing]})" for one in told if one.thing in names]
    actual = {"seen as": item.name, "because": because} if because else None
    differ(item, "identity", None, actual, by=by, source=source, now=now)
    learn(item, cleaned, index, by=by)


def _against(item: Item, words: frozenset[Word], index: identity.Index) -> list[Evidence]:
    """Return which strong words are those of other items."""
    return [
        Evidence(f"{word.kind.replace('_', ' ')} {word.value}", thing)
        for word in sorted(words)
        if identity.is_strong(word)
        for thing in index.holders(word)
        if thing != item.pk
    ]
