"""One box over all nouns.

`config` says by which fields each noun is found; `recorded` keeps the words.

Words are matched anywhere inside (trigrams: FTS5 on SQLite, pg_trgm on PostgreSQL); a misspelt word
is tried again by its pieces. What a person may not see is never among the answers.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.db import models, transaction

from fullscore.kit import bulk
from fullscore.kit.access import Actor
from fullscore.kit.models.search import ROOM, IsAmong, SearchEntry, first_id, holding, holds

SHORTEST = 3  # letters: the indexes know nothing shorter
CANDIDATES = 50  # of each noun, among which the best are chosen
NAMED = 5000  # matches of a list that are named one by one; more are looked for row by row
_fields: dict[str, tuple[type[models.Model], Sequence[str]]] = {}


@dataclass(frozen=True, slots=True)
class Hit:
    """One record found."""

    noun: str
    record_id: int
    title: str


def find_by(fields: Mapping[type[models.Model], Sequence[str]]) -> None:
    """Say by which fields each noun is found; called once, by `config`."""
    if len({first_id(model._meta.label_lower) for model in fields}) < len(fields):
        raise ImproperlyConfigured("Two nouns fall on one place of the search: rename a model.")
    _fields.clear()
    _fields.update({model._meta.label_lower: (model, names) for model, names in fields.items()})


def refresh(record: models.Model) -> None:
    """Store the words of one record, if its noun can be searched."""
    refresh_many(type(record), [record.pk])


def refresh_many(model: type[models.Model], ids: Iterable[int]) -> None:
    """Store the words of many records of one noun, set at a time."""
    noun = model._meta.label_lower
    if noun not in _fields:
        return
    paths, first = _fields[noun][1], first_id(noun)
    rows = model._base_manager.filter(IsAmong(list(ids))).order_by().values_list("pk", *paths)
    told: dict[int, tuple[str, str]] = {}
    for pk, *values in rows:
        words = [str(v) for v in values if v not in (None, "")]
        told[first + pk] = ((words or [""])[0][:200], " ".join(words)[:2000].lower())
    with transaction.atomic(savepoint=False):
        kept = SearchEntry.objects.filter(IsAmong(list(told)))
        known = {pk: words for pk, *words in kept.values_list("pk", "title", "words")}
        fresh = {pk: words for pk, words in told.items() if known.get(pk) != [*words]}
        if stale := [pk for pk in fresh if pk in known]:
            SearchEntry.objects.filter(IsAmong(stale)).delete()
        bulk.insert(
            SearchEntry,
            ["id", "noun", "title", "words"],
            ((pk, noun, *words) for pk, words in fresh.items()),
        )


def forget(record: models.Model) -> None:
    """Take one record out of the answers."""
    forget_many(type(record), [record.pk])


def forget_many(model: type[models.Model], ids: Iterable[Any]) -> None:
    """Take records of one noun out of the answers."""
    first = first_id(model._meta.label_lower)
    SearchEntry.objects.filter(IsAmong([first + pk for pk in ids])).delete()


def narrowed(rows: models.QuerySet[Any], text: str) -> models.QuerySet[Any] | None:
    """Return those of the rows of one noun that hold every word; None: too short to ask.

    Few matches are read by their keys. What more than `NAMED` records hold is looked for in the
    order of the list instead, where a page of it is soon found: neither reads the whole noun.
    """
    noun, words = rows.model._meta.label_lower, _words(text)
    if not words or noun not in _fields:
        return None
    found = holding([noun], words, most=NAMED + 1)
    if len(found) > NAMED:
        return rows.filter(holds(noun, words))
    return rows.filter(IsAmong([entry % ROOM for entry in found]))


def find(text: str, *, by: Actor, nouns: Iterable[str] | None = None, limit: int = 20) -> list[Hit]:
    """Return the best records of all nouns that `by` may see, best first."""
    words = _words(text)
    if not words:
        return _beginning(text.strip(), by=by, nouns=nouns, limit=limit)
    found = _visible(_candidates(words, nouns), by=by)
    if not found and (pieces := _pieces(words)):
        found = _visible(_candidates(pieces, nouns), by=by)
    wanted = text.strip().lower()
    return sorted(found, key=lambda hit: _rank(hit, wanted))[:limit]


def _beginning(text: str, *, by: Actor, nouns: Iterable[str] | None, limit: int) -> list[Hit]:
    """Return the records whose title begins with a text too short for the index."""
    if not text:
        return []
    rows = SearchEntry.objects.filter(title__istartswith=text)
    if nouns is not None:
        rows = rows.filter(noun__in=list(nouns))
    hits = _hits(rows[:200])
    return sorted(_visible(hits, by=by), key=lambda hit: _rank(hit, text.lower()))[:limit]


def _candidates(words: Sequence[str], nouns: Iterable[str] | None) -> list[Hit]:
    ids = holding(_fields if nouns is None else nouns, words, most=CANDIDATES)
    return _hits(SearchEntry.objects.filter(pk__in=ids))


def _hits(entries: models.QuerySet[SearchEntry]) -> list[Hit]:
    return [Hit(entry.noun, entry.record_id, entry.title) for entry in entries]


def _visible(hits: Iterable[Hit], *, by: Actor) -> list[Hit]:
    """Keep what the person may see: one question per noun."""
    per_noun: dict[str, list[Hit]] = defaultdict(list)
    for hit in hits:
        per_noun[hit.noun].append(hit)
    seen = []
    for noun, of_noun in per_noun.items():
        if noun not in _fields:
            continue
        rows = _fields[noun][0]._default_manager.visible_to(by)  # type: ignore[attr-defined]
        ids = set(rows.filter(pk__in=[h.record_id for h in of_noun]).values_list("pk", flat=True))
        seen += [hit for hit in of_noun if hit.record_id in ids]
    return seen


def _rank(hit: Hit, wanted: str) -> tuple[int, int, str]:
    """Exact first, then beginning with, then a word beginning with, then shorter titles."""
    title = hit.title.lower()
    if title == wanted:
        return (0, 0, title)
    if title.startswith(wanted):
        return (1, len(title), title)
    return (2 if f" {wanted}" in title else 3, len(title), title)


def _words(text: str) -> list[str]:
    return [word for word in text.lower().split()[:8] if len(word) >= SHORTEST]


def _pieces(words: Sequence[str]) -> list[str]:
    """Return the longest half of each long word: a typo in the other half is then forgiven."""
    halves = []
    for word in words:
        middle = (len(word) + 1) // 2
        halves.append(word[:middle] if middle >= SHORTEST else word)
    return halves if halves != list(words) else []
