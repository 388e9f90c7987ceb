"""Write many rows of one model at once: one statement, however many they are.

Django's `bulk_create` takes some 33 findings a statement on SQLite (999 values), wants an instance
for each row and prepares each value anew; that was most of a large settling. Here rows are tuples,
in the order of the named columns, and every column without a default in the database is named.

None of these opens a savepoint: inside one, SQLite keeps the pages of every single row it alters
(3,000 updates took 1.5 s instead of 0.3 s). A failure therefore ends the whole transaction.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import cache, partial
from typing import Any

from django.db import connection, models, transaction

AS_THEY_ARE = (
    models.IntegerField, models.FloatField, models.CharField, models.TextField,
    models.BooleanField, models.ForeignKey,
)  # fmt: skip
Rows = Iterable[Sequence[Any]]


def insert(
    model: type[models.Model], names: Sequence[str], rows: Rows, *, passes_over: bool = False
) -> None:
    """Insert rows; where `names` leave the key out, the database gives it.

    `passes_over` leaves out those that are there already, by whatever makes them unique.
    """
    fields = [model._meta.get_field(name) for name in names]
    columns = ", ".join(map(_column, fields))
    told = _told(rows, fields)
    if not told:
        return
    with transaction.atomic(savepoint=False), connection.cursor() as cursor:
        if connection.vendor == "postgresql" and not passes_over:
            into = f"COPY {_table(model)} ({columns}) FROM STDIN"
            with connection.wrap_database_errors, cursor.copy(into) as copy:
                for row in told:
                    copy.write_row(row)
        else:
            marks = ", ".join(["%s"] * len(fields))
            into = f"INSERT INTO {_table(model)} ({columns}) VALUES ({marks})"  # noqa: S608
            into += " ON CONFLICT DO NOTHING" if passes_over else ""
            cursor.executemany(into, told)


def update(model: type[models.Model], names: Sequence[str], rows: Rows) -> None:
    """Give stored rows new values; each row ends with its key."""
    fields = [model._meta.get_field(name) for name in names]
    key = model._meta.pk
    told = _told(rows, [*fields, key])
    if not told:
        return
    changes = ", ".join(f"{_column(field)} = %s" for field in fields)
    statement = f"UPDATE {_table(model)} SET {changes} WHERE {_column(key)} = %s"  # noqa: S608
    with transaction.atomic(savepoint=False), connection.cursor() as cursor:
        cursor.executemany(statement, told)


def keys(model: type[models.Model], count: int) -> Sequence[int]:
    """Return keys for rows to be inserted in this transaction; nobody else is given them."""
    if not count:
        return ()
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)",
                [_table(model), count],
            )
            return [row[0] for row in cursor.fetchall()]
        # Transactions are IMMEDIATE, so nobody else inserts; SQLite follows the highest key.
        cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [model._meta.db_table])
        newest = cursor.fetchone()
    first = (newest[0] if newest else 0) + 1
    return range(first, first + count)


def _told(rows: Rows, fields: Sequence[Any]) -> list[list[Any]]:
    """Return rows of values as the database takes them."""
    tell = [(place, told) for place, f in enumerate(fields) if (told := _teller(f)) is not None]
    made = [list(row) for row in rows]
    for values in made:
        for place, told in tell:
            values[place] = told(values[place])
    return made


def _teller(field: models.Field[Any, Any]) -> Callable[[Any], Any] | None:
    """Return what turns a field's values into the database's; None where they are that already."""
    if isinstance(field, AS_THEY_ARE):
        return None
    tell = partial(field.get_db_prep_save, connection=connection)
    is_moment = isinstance(field, models.DateField)  # instants too; one run knows few of them
    return cache(tell) if is_moment else tell


def _table(model: type[models.Model]) -> str:
    return str(connection.ops.quote_name(model._meta.db_table))


def _column(field: Any) -> str:
    return str(connection.ops.quote_name(field.column))
