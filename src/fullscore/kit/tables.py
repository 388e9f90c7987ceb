"""The rows of a noun as tuples: what the page, the API, a file and the command line all show.

Tuples instead of instances, ids turned into names by one question per column, pages found by the
value the last one ended with: page 900 costs what page 1 costs.
"""

import base64
import binascii
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from itertools import islice
from typing import Any, NamedTuple

from django.core.exceptions import ValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, models
from django.db.models import Q, QuerySet, Value
from django.http import QueryDict

from fullscore.kit import past
from fullscore.kit.access import Actor
from fullscore.kit.errors import Invalid
from fullscore.kit.models import User
from fullscore.kit.resource import Resource

PAGE = 100
COUNTED = 1000  # beyond, a count is "more than 1,000" until somebody asks for it
OWN = ("sort", "after", "before", "columns", "size", "at")  # words that are no filters


RESTRICTED = "(restricted)"


class Ref(NamedTuple):
    """Another record, as a list shows it."""

    id: int
    name: str

    def __str__(self) -> str:
        return self.name


class Row(NamedTuple):
    """One record: its key, and its values in the order of the columns."""

    pk: int
    values: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """One page of rows, and where the next and the previous begin (empty: nowhere)."""

    columns: Sequence[str]
    rows: Sequence[Row]
    sort: str
    next: str = ""
    previous: str = ""


def filtered(
    resource: Resource, user: Actor, query: QueryDict, *, request: Any = None, strict: bool = False
) -> QuerySet[Any]:
    """Return the rows the person may see that pass the filters of a query string.

    Raises Invalid for a value no filter takes, for what cannot be asked of the past, where that is
    shown, and, when `strict`, for a word that is no filter.
    """
    filters = resource.filter_class()(
        query, queryset=past.visible(resource.model, user), request=request or _Asked(user)
    )
    if strict and (unknown := sorted(set(query) - set(filters.filters) - set(OWN))):
        known = ", ".join(sorted(filters.filters))
        raise Invalid(
            f"{resource.title_plural.capitalize()} have no filter “{unknown[0]}”: {known}."
        )
    with past.shown(None):  # one may choose what there is today
        is_valid = filters.is_valid()
    if not is_valid:
        errors = {name: [str(e) for e in texts] for name, texts in filters.errors.items()}
        told = "; ".join(f"{name}: {' '.join(texts)}" for name, texts in errors.items())
        raise Invalid(f"This filter cannot be used: {told}", errors)
    for name, one in filters.filters.items() if past.is_shown() else ():
        if not past.is_answered(
            one.filter(filters.queryset.all(), filters.form.cleaned_data[name])
        ):
            raise Invalid(f"“{name}” cannot be asked of the past: what it reads is not kept.")
    rows: QuerySet[Any] = filters.qs
    return rows


def page(
    resource: Resource,
    rows: QuerySet[Any],
    query: Mapping[str, str],
    *,
    by: Actor,
    columns: Sequence[str] = (),
    size: int = PAGE,
) -> Page:
    """Return one page of filtered rows in the order that `query` asks for."""
    columns = columns or chosen_columns(resource, query)
    sort = chosen_sort(resource, query.get("sort", ""))
    backwards = bool(query.get("before")) and not query.get("after")
    ordered = _ordered(rows, sort, backwards=backwards)
    if mark := query.get("after") or query.get("before"):
        ordered = ordered.filter(_beyond(resource, sort, mark, backwards=backwards))
    field = sort.removeprefix("-")
    found = list(read(resource, ordered, columns, sort=field)[: size + 1])
    has_more, found = len(found) > size, found[:size]
    if backwards:
        found.reverse()
    marks = [_mark(found[0]), _mark(found[-1])] if found else ["", ""]
    return Page(
        columns,
        named(resource, columns, found, by=by),
        sort,
        next=marks[1] if found and (has_more or backwards) else "",
        previous=marks[0] if found and (has_more if backwards else bool(mark)) else "",
    )


def counted(rows: QuerySet[Any], *, limit: int = COUNTED) -> tuple[int, bool]:
    """Return how many rows there are, and whether that is exact: nobody counts past `limit`."""
    ids = rows.order_by().values_list("pk", flat=True)[: limit + 1]
    found = len(list(ids))
    return min(found, limit), found <= limit


def all_rows(
    resource: Resource,
    rows: QuerySet[Any],
    query: Mapping[str, str],
    *,
    by: Actor,
    columns: Sequence[str] = (),
    limit: int | None = None,
) -> Iterator[Row]:
    """Yield every filtered row, a thousand at a time, for files."""
    columns = columns or chosen_columns(resource, query)
    ordered = _ordered(rows, chosen_sort(resource, query.get("sort", "")), backwards=False)
    found = read(resource, ordered, columns)[:limit].iterator(chunk_size=1000)
    while chunk := list(islice(found, 1000)):
        yield from named(resource, columns, chunk, by=by)


def row(
    resource: Resource, rows: QuerySet[Any], pk: int, columns: Sequence[str], *, by: Actor
) -> Row | None:
    """Return one record's values, or None when it is not among the rows."""
    fields = {c: resource.field_of(c) for c in ([] if past.is_shown() else columns)}
    many = [c for c, field in fields.items() if isinstance(field, models.ManyToManyField)]
    single = [c for c in columns if c not in many]
    found = list(read(resource, rows.filter(pk=pk), single)[:1])
    if not found:
        return None
    values = dict(zip(single, named(resource, single, found, by=by)[0].values, strict=True))
    for column in many:
        held = getattr(resource.model(pk=pk), column)
        ids = list(held.order_by("pk").values_list("pk", flat=True))
        values[column] = [*map(_refs(held.model, ids, by), ids)]
    return Row(pk, tuple(values[c] for c in columns))


def chosen_columns(resource: Resource, query: Mapping[str, Any]) -> Sequence[str]:
    """Return the columns a query string asks for, in its order; the resource's own otherwise."""
    known = [*resource.columns, *resource.facts]
    asked = [c for c in query.get("columns", "").split(",") if c in known]
    return asked or resource.columns


def chosen_sort(resource: Resource, asked: str) -> str:
    """Return the asked sort when it is offered, in either direction; else the first offered.

    Raises Invalid for one that cannot be asked of the past, where that is shown.
    """
    told = [s for s in resource.sorts if past.is_told(resource.model, s.removeprefix("-"))]
    if asked.removeprefix("-") in {s.removeprefix("-") for s in resource.sorts}:
        if past.is_told(resource.model, asked.removeprefix("-")):
            return asked
        raise Invalid(f"The past cannot be sorted by “{asked}”: it is not kept.")
    return told[0] if told else "-pk"


def plain(value: Any) -> Any:
    """Return a value as JSON has it: records as {id, name}, instants in ISO 8601."""
    if isinstance(value, Ref):
        return {"id": value.id, "name": value.name}
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    return [plain(one) for one in value] if isinstance(value, list) else value


class _Asked(NamedTuple):
    """What filters need of a request: who asks."""

    user: Actor


def _ordered(rows: QuerySet[Any], sort: str, *, backwards: bool) -> QuerySet[Any]:
    falling = sort.startswith("-") != backwards
    field = sort.removeprefix("-")
    if field in ("pk", "id"):
        return rows.order_by("-pk" if falling else "pk")
    return rows.order_by(*([f"-{field}", "-pk"] if falling else [field, "pk"]))


def _beyond(resource: Resource, sort: str, mark: str, *, backwards: bool) -> Q:
    """Return the condition for the rows that come after a mark, in the order of `_ordered`."""
    try:
        value, pk = json.loads(base64.urlsafe_b64decode(mark.encode() + b"=="))
        field = resource.field_of(sort.removeprefix("-"))
        value = field.to_python(value) if field and not field.is_relation else value
        pk = int(pk)
    except (ValueError, TypeError, binascii.Error, ValidationError) as error:
        raise Invalid(
            "This page mark is not one of ours: start from the list's beginning."
        ) from error
    falling = sort.startswith("-") != backwards
    name, more = sort.removeprefix("-"), "lt" if falling else "gt"
    later = Q(**{f"pk__{more}": pk})
    if name in ("pk", "id"):
        return later
    nulls_first = falling if connection.vendor == "postgresql" else not falling
    if value is None:
        rest = later & Q(**{f"{name}__isnull": True})
        return rest | Q(**{f"{name}__isnull": False}) if nulls_first else rest
    from_here = Q(**{f"{name}__{more}e": value}) & (Q(**{f"{name}__{more}": value}) | later)
    is_nullable = getattr(resource.field_of(name), "null", True)
    return (
        from_here if nulls_first or not is_nullable else from_here | Q(**{f"{name}__isnull": True})
    )


def _mark(row: Sequence[Any]) -> str:
    told = json.dumps([row[1], row[0]], cls=_Exact)
    return base64.urlsafe_b64encode(told.encode()).decode().rstrip("=")


class _Exact(DjangoJSONEncoder):
    """Instants to the microsecond: a page must begin exactly where the last one ended."""

    def default(self, o: Any) -> Any:
        return o.isoformat() if isinstance(o, datetime) else super().default(o)


def named(
    resource: Resource, columns: Sequence[str], found: Sequence[Any], *, by: Actor
) -> list[Row]:
    """Turn tuples of (pk, sort value, values…) into rows, ids of other records into names."""
    names: dict[int, Callable[[Any], Any]] = {}
    for place, column in enumerate(columns):
        field = resource.field_of(column)
        if isinstance(field, models.ForeignKey):
            ids = {row[place + 2] for row in found if row[place + 2] is not None}
            names[place] = _refs(field.related_model, ids, by)
        elif field is not None and field.choices:
            names[place] = partial(Chosen.of, labels=dict(field.flatchoices))
    if not names:
        return [Row(row[0], tuple(row[2:])) for row in found]
    return [
        Row(row[0], tuple(names[i](v) if i in names else v for i, v in enumerate(row[2:])))
        for row in found
    ]


class Chosen(str):
    """A stored choice that prints as its label and keeps its value."""

    value: Any

    @classmethod
    def of(cls, value: Any, labels: Mapping[Any, Any]) -> Any:
        if value is None or value == "":
            return value
        made = cls(labels.get(value, value))
        made.value = value
        return made


def stored(value: Any) -> Any:
    """Return the stored value behind what a list shows."""
    return value.value if isinstance(value, Chosen) else value


def by_name(rows: QuerySet[Any]) -> QuerySet[Any]:
    """Return the rows with the relations their names are made of (`named_by`): one question."""
    parts = getattr(rows.model, "named_by", ())
    return rows.select_related(*parts) if parts else rows


def _refs(model: Any, ids: Iterable[int], by: Actor) -> Callable[[Any], Any]:
    """Return what names other records; what the reader may not see keeps its name to itself."""
    rows = model._base_manager.all()
    if hasattr(model._default_manager.all(), "visible_to") and model is not User:
        rows = model._default_manager.visible_to(by)
    with past.shown(None):  # by the names and the rights of today
        found = {record.pk: str(record) for record in by_name(rows.filter(pk__in=ids))}
    return lambda pk: None if pk is None else Ref(pk, found.get(pk, RESTRICTED))


def read(
    resource: Resource, rows: QuerySet[Any], columns: Sequence[str], *, sort: str = "pk"
) -> QuerySet[Any]:
    """Return tuples of (pk, sort value, values…); what versions do not carry is empty."""
    nothing = Value(None, output_field=models.IntegerField())
    asked = (c if past.is_told(resource.model, c) else nothing for c in columns)
    return rows.values_list("pk", sort, *asked)
