"""The words by which records are found, and the lookup that finds them on either database."""

from typing import Any

from django.db import models
from django.db.models import Lookup


class SearchEntry(models.Model):
    """What one record answers to. Kept by `kit.search`; an index of trigrams makes it fast."""

    noun = models.CharField(max_length=60)
    record_id = models.BigIntegerField()
    title = models.CharField(max_length=200)
    words = models.TextField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["noun", "record_id"], name="search_entry_one_per_record"
            )
        ]

    def __str__(self) -> str:
        return self.title


@models.TextField.register_lookup
class Matches(Lookup[Any]):
    """Rows holding every given word, anywhere inside a word, whatever its case."""

    lookup_name = "matches"

    def as_sqlite(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:
        """Ask the FTS5 index made by the migration.

        Words under three letters cannot be asked of it.
        """
        table = compiler.quote_name_unless_alias(self.lhs.alias)  # U0 inside another question
        wanted = " ".join('"' + word.replace('"', '""') + '"' for word in self.rhs.split())
        inner = "SELECT rowid FROM kit_search WHERE kit_search MATCH %s"
        return f"{table}.id IN ({inner})", [wanted]

    def as_postgresql(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:
        """Ask the trigram index: every word somewhere, in any order."""
        left, params = self.process_lhs(compiler, connection)
        words = [f"%{word}%" for word in self.rhs.split()]
        return " AND ".join(f"{left} ILIKE %s" for _ in words), [
            p for word in words for p in (*params, word)
        ]
