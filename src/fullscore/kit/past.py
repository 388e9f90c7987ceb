"""Ask the tables how they were: every question of the present, answered of a past moment.

Inside `shown(at)` a kept noun's table is hidden by what its versions said then: before a SELECT
stands `WITH "estate_item" AS (… its versions at that moment …)`, and the name in the question means
that. So filters, sorts, pages and graphs of the past are those of the present. What is not kept is
read as it is now; `is_told` and `is_answered` say where that would be.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from datetime import datetime
from functools import cache
from typing import Any

from django.apps import apps
from django.core.exceptions import EmptyResultSet
from django.db import connection, models

from fullscore.kit import history
from fullscore.kit.access import Actor
from fullscore.kit.models.search import IsAmong

TABLE = re.compile(r'(?:FROM|JOIN) "(\w+)"')
PLAIN = "json_extract(state, '$.{0}')"
ON_SQLITE = {  # what the database holds for a kind of field, out of the JSON that `snapshot` wrote
    "DateTimeField": f"replace(replace(substr({PLAIN}, 1, 26), 'T', ' '), '.000000', '')",
    "DecimalField": f"CAST({PLAIN} AS NUMERIC)",
    "JSONField": f"nullif(json_quote({PLAIN}), 'null')",
    "UUIDField": f"replace({PLAIN}, '-', '')",
}
_asked: ContextVar[tuple[datetime, bool] | None] = ContextVar("past", default=None)


@contextmanager
def shown(at: datetime | None, *, also_gone: bool = False) -> Iterator[None]:
    """Let what is asked inside be answered as of a moment; None: as of now, inside of that, too.

    Records that have been deleted since are left out unless `also_gone`: they have no page.
    """
    reset = _asked.set(None if at is None else (at, also_gone))
    hides = at is not None and _answered not in connection.execute_wrappers
    try:
        with connection.execute_wrapper(_answered) if hides else nullcontext():
            yield
    finally:
        _asked.reset(reset)


def is_shown() -> bool:
    """Say whether the past is being asked."""
    return _asked.get() is not None


def visible(model: Any, user: Actor) -> models.QuerySet[Any]:
    """Return the rows somebody may see; of the past, how those were that they may see today."""
    rows: models.QuerySet[Any] = model._default_manager.visible_to(user)
    if not is_shown() or " WHERE " not in str(rows.query):
        return rows
    with shown(None):
        keys = list(rows.all().order_by().values_list("pk", flat=True))
    return model._default_manager.filter(IsAmong(keys))  # type: ignore[no-any-return]


def is_told(model: type[models.Model], column: str) -> bool:
    """Say whether a column (following `__`) can be read: of the past, only what versions hold."""
    at: Any = model
    for part in column.split("__") if is_shown() else ():
        name = at._meta.pk.name if part == "pk" and at else part
        field = next((f for f in at._meta.get_fields() if f.name == name), None) if at else None
        if field is None or not history.is_kept(at) or field.many_to_many or name in left_out(at):
            return False
        at = field.related_model
    return True


def is_answered(rows: models.QuerySet[Any]) -> bool:
    """Say whether versions hold all that chooses these rows."""
    try:
        sql = rows.order_by().values("pk").query.sql_with_params()[0]
    except EmptyResultSet:
        return True
    read = [_kept().get(table) for table in TABLE.findall(sql)]
    return all(one and not any(f'."{name}"' in sql for name in left_out(one)) for one in read)


def left_out(model: Any) -> tuple[str, ...]:
    """Return the fields of a noun that its versions do not hold."""
    return getattr(model, "audit_leaves_out", ())


def _answered(
    execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]
) -> Any:
    """Run a statement; before a question of the past, hide the tables that it names."""
    asked = _asked.get()
    if asked is not None and sql.lstrip("( ").startswith("SELECT"):
        named = dict.fromkeys(TABLE.findall(sql))
        hidden = [_hidden(_kept()[t], asked[1], connection.vendor) for t in named if t in _kept()]
        if hidden:
            moment = connection.ops.adapt_datetimefield_value(asked[0])
            sql = f"WITH {', '.join(hidden)} {sql}"
            params = (*([moment, moment] * len(hidden)), *(params or ()))
    return execute(sql, params, many, context)


@cache
def _kept() -> dict[str, type[models.Model]]:
    return {m._meta.db_table: m for m in apps.get_models() if history.is_kept(m)}


@cache
def _hidden(model: type[models.Model], also_gone: bool, vendor: str) -> str:
    """Return what hides a noun's table: its versions of a moment, under its columns' names."""
    table, kept = model._meta.db_table, history.versions_of(model).model
    told = (f'{_told(f, kept, vendor)} AS "{f.column}"' for f in model._meta.concrete_fields)
    where = "starts_at <= %s AND ends_at > %s"
    if not hasattr(model, "versions"):
        where += f" AND noun = '{model._meta.label_lower}'"
        if not also_gone:  # the table itself: to SQLite its bare name would mean this question
            real = f'main."{table}"' if vendor == "sqlite" else f'"{table}"'
            where += f' AND record_id IN (SELECT "{model._meta.pk.column}" FROM {real})'  # noqa: S608
    rows = f'SELECT {", ".join(told)} FROM "{kept._meta.db_table}" WHERE {where}'  # noqa: S608
    return f'"{table}" AS NOT MATERIALIZED ({rows})'


def _told(field: models.Field[Any, Any], kept: Any, vendor: str) -> str:
    """Return where versions have a field: in a column, or in their state, as its table would."""
    name, own = field.attname, {of: column for column, of in getattr(kept, "carried", {}).items()}
    if field.primary_key or name in own:
        return f'"{own.get(name, "record_id")}"'
    if vendor == "sqlite":
        return ON_SQLITE.get(field.get_internal_type(), PLAIN).format(name)
    if field.get_internal_type() == "JSONField":
        return f"nullif(state -> '{name}', 'null')"
    return f"(state ->> '{name}')::{field.db_type(connection)}"
