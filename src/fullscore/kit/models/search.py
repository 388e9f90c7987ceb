"""The words by which records are found, and how either database is asked for them."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection, models
from django.db.models import F, OuterRef, Q, Subquery, Value
from django.db.models.functions import StrIndex
from django.db.models.lookups import GreaterThan

ROOM = 1 << 40  # records that one noun may have


def first_id(noun: str) -> int:
    """Return the id under which a noun's record 0 would be kept; its others follow in order.

    One range of ids is one noun, so the index of trigrams answers for a noun without reading an
    entry. 22 bits of a hash are the noun, 40 the record; `kit.search.find_by` refuses two nouns
    that fall together.
    """
    digest = hashlib.blake2b(noun.encode(), digest_size=8).digest()
    return (int.from_bytes(digest, "big") >> 42) * ROOM


class SearchEntry(models.Model):
    """What one record answers to. Kept by `kit.search`; an index of trigrams makes it fast."""

    noun = models.CharField(max_length=60)
    title = models.CharField(max_length=200)
    words = models.TextField()  # in small letters, so that either database compares them alike

    def __str__(self) -> str:
        return self.title

    @property
    def record_id(self) -> int:
        """Return the id of the record within its noun."""
        return int(self.pk % ROOM)


def holding(nouns: Iterable[str], words: Sequence[str], *, most: int) -> list[int]:
    """Return the ids of at most `most` entries of each noun that hold every word, in one question.

    Words have three letters or more: the indexes know nothing shorter.
    """
    part = _on_postgresql if connection.vendor == "postgresql" else _on_sqlite
    parts = [part(first_id(noun), words, most) for noun in nouns]
    if not parts:
        return []
    sql = " UNION ALL ".join(
        f"SELECT id FROM ({told}) AS n{place}"  # noqa: S608
        for place, (told, _) in enumerate(parts)
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, [value for _, values in parts for value in values])
        return [row[0] for row in cursor.fetchall()]


def _on_sqlite(first: int, words: Sequence[str], most: int) -> tuple[str, list[Any]]:
    wanted = " ".join('"' + word.replace('"', '""') + '"' for word in words)
    sql = (
        "SELECT rowid AS id FROM kit_search"
        " WHERE kit_search MATCH %s AND rowid >= %s AND rowid < %s LIMIT %s"
    )
    return sql, [wanted, first, first + ROOM, most]


def _on_postgresql(first: int, words: Sequence[str], most: int) -> tuple[str, list[Any]]:
    held = " AND ".join("words LIKE %s" for _ in words)
    sql = f"SELECT id FROM kit_searchentry WHERE {held} AND id >= %s AND id < %s LIMIT %s"  # noqa: S608
    return sql, [*(f"%{connection.ops.prep_for_like_query(w)}%" for w in words), first,
                 first + ROOM, most]  # fmt: skip


class IsAmong(models.Func):
    """True of the rows whose key is one of many, told as one value: thousands cost no more."""

    output_field = models.BooleanField()

    def __init__(self, keys: Sequence[int]) -> None:
        self.keys = keys
        super().__init__(F("pk"), Value(json.dumps(keys)))

    def as_sqlite(self, compiler: Any, connection: Any, **more: Any) -> tuple[str, Any]:
        """Unfold the keys from JSON."""
        return super().as_sql(
            compiler, connection, arg_joiner=" IN (SELECT value FROM json_each(",
            template="%(expressions)s))",
        )  # fmt: skip

    def as_postgresql(self, compiler: Any, connection: Any, **more: Any) -> tuple[str, Any]:
        """Unfold the keys from an array, whose length the planner sees."""
        key, params = compiler.compile(self.source_expressions[0])
        told = "{" + ",".join(map(str, self.keys)) + "}"
        return f"{key} = ANY(%s::bigint[])", [*params, told]


def holds(noun: str, words: Sequence[str]) -> Q:
    """Return the condition that a row's own entry holds every word, looked up by its key.

    By the place of a word rather than LIKE: of a LIKE PostgreSQL expects one row in ten thousand,
    so it would read and sort them all instead of following the list's order to the end of a page.
    """
    entry = SearchEntry.objects.filter(pk=OuterRef("pk") + first_id(noun)).values("words")
    told = Subquery(entry, output_field=models.TextField())
    return Q(*(GreaterThan(StrIndex(told, Value(word)), 0) for word in words))
