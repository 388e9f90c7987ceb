"""Which items words are known of, as the engine of identity reads them."""

from collections.abc import Iterable, Sequence

from django.db.models import QuerySet

from fullscore.domains.foundation.estate.models import Identifier, Item
from fullscore.engines import identity
from fullscore.engines.identity import Known, Word

NAMED = 5000  # values in one statement


def index_of(words: Iterable[Word]) -> identity.Index:
    """Return the live items that have any of these words, with all words they have."""
    wanted: dict[str, set[str]] = {}
    for word in words:
        wanted.setdefault(word.kind, set()).update(identity.forms(word))
    items: set[int] = set()
    for kind, values in wanted.items():
        listed = sorted(values)
        for start in range(0, len(listed), NAMED):
            rows = Identifier.objects.filter(kind=kind, value__in=listed[start : start + NAMED])
            items.update(_live(rows).values_list("item_id", flat=True))
    return identity.Index.of(known_by(sorted(items)))


def known_by(items: Sequence[int]) -> list[Known]:
    """Return what is known of these items, in their order."""
    words: dict[int, set[Word]] = {pk: set() for pk in items}
    shared: dict[int, set[tuple[str, str]]] = {pk: set() for pk in items}
    sites: dict[int, int | None] = {}
    for start in range(0, len(items), NAMED):
        some = items[start : start + NAMED]
        sites.update(Item.objects.filter(pk__in=some).values_list("pk", "site_id"))
        rows = Identifier.objects.filter(item__in=some).order_by()
        for pk, kind, value, vendor, is_shared in rows.values_list(
            "item_id", "kind", "value", "vendor", "is_shared"
        ):
            words[pk].add(Word(kind, value, vendor))
            if is_shared:
                shared[pk].add((kind, value))
    return [Known(pk, frozenset(words[pk]), sites.get(pk), frozenset(shared[pk])) for pk in items]


def known_as(words: Iterable[Word]) -> Item | None:
    """Return the one live item that these words are surely of; None where there is doubt."""
    cleaned = identity.cleaned(words)
    decision = identity.decide(identity.Seen(cleaned), index_of(cleaned))
    if decision.outcome != identity.Outcome.MATCHED:
        return None
    return Item.objects.get(pk=decision.things[0])


def _live(rows: QuerySet[Identifier]) -> QuerySet[Identifier]:
    return rows.exclude(item__state=Item.State.RETIRED)
