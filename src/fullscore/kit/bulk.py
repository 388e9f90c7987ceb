"""Write many records of one model at once: one statement, however many they are.

Django's `bulk_create` takes some 33 findings a statement on SQLite (999 values) and prepares each
value anew; that was most of a large settling. These write columns as they stand in the instances:
no `auto_now`, no inheritance.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import cache, partial
from typing import Any

from django.db import connection, models, transaction

AS_THEY_ARE = (
    models.IntegerField, models.FloatField, models.CharField, models.TextField,
    models.BooleanField, models.ForeignKey,
)  # fmt: skip


def insert(records: Sequence[models.Model]) -> None:
    """Insert new records in one statement; those without a key are given one, in order."""
    if not records:
        return
    model = type(records[0])
    fields = list(model._meta.concrete_fields)
    with transaction.atomic():
        keyless = [r for r in records if r.pk is None]
        for record, key in zip(keyless, _keys(model, len(keyless)), strict=True):
            record.pk = key
        names = ", ".join(_quoted(f) for f in fields)
        rows = _rows(records, fields)
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                with (
                    connection.wrap_database_errors,
                    cursor.copy(f"COPY {_table(model)} ({names}) FROM STDIN") as copy,
                ):
                    for row in rows:
                        copy.write_row(row)
            else:
                marks = ", ".join(["%s"] * len(fields))
                told = f"INSERT INTO {_table(model)} ({names}) VALUES ({marks})"  # noqa: S608
                cursor.executemany(told, rows)
    for record in records:
        record._state.adding, record._state.db = False, "default"


def update(records: Sequence[models.Model], names: Sequence[str]) -> None:
    """Store the named fields of records that exist, in one statement."""
    if not records:
        return
    model = type(records[0])
    fields = [model._meta.get_field(name) for name in names]
    told = ", ".join(f"{_quoted(f)} = %s" for f in fields)
    key = model._meta.pk
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.executemany(
            f"UPDATE {_table(model)} SET {told} WHERE {_quoted(key)} = %s",  # noqa: S608
            _rows(records, [*fields, key]),
        )


def _rows(records: Sequence[models.Model], fields: Sequence[Any]) -> Iterator[list[Any]]:
    """Yield each record's values as the database takes them."""
    told = [(f.attname, _told(f)) for f in fields]
    for record in records:
        values = record.__dict__
        yield [tell(values[name]) if tell else values[name] for name, tell in told]


def _told(field: models.Field[Any, Any]) -> Callable[[Any], Any] | None:
    """Return what turns a field's values into the database's; None where they are that already."""
    if isinstance(field, AS_THEY_ARE):
        return None
    tell = partial(field.get_db_prep_save, connection=connection)
    is_moment = isinstance(field, models.DateField)  # instants too; one run knows few of them
    return cache(tell) if is_moment else tell


def _keys(model: type[models.Model], count: int) -> Sequence[int]:
    """Return keys that nobody else will be given."""
    if not count:
        return ()
    table = model._meta.db_table
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT nextval(pg_get_serial_sequence(%s, %s)) FROM generate_series(1, %s)",
                [_table(model), model._meta.pk.column, count],
            )
            return [row[0] for row in cursor.fetchall()]
        # The transaction is IMMEDIATE, so that nobody else inserts; SQLite follows the highest key.
        cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [table])
        newest = cursor.fetchone()
    first = (newest[0] if newest else 0) + 1
    return range(first, first + count)


def _table(model: type[models.Model]) -> str:
    return str(connection.ops.quote_name(model._meta.db_table))


def _quoted(field: Any) -> str:
    return str(connection.ops.quote_name(field.column))
