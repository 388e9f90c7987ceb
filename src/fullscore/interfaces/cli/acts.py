"""What the words do: each act of a noun, for one account."""

import json
import sys
from argparse import Namespace
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from itertools import islice
from typing import Any, get_origin

from django import forms
from django.core.serializers.json import DjangoJSONEncoder
from django.http import QueryDict
from django.utils import timezone

from fullscore.interfaces import wire
from fullscore.interfaces.cli import shown
from fullscore.interfaces.cli.naming import named, record_of
from fullscore.interfaces.cli.parsers import ROWS, word_of
from fullscore.interfaces.web import moments
from fullscore.kit import past, tables, time
from fullscore.kit.audit import coming
from fullscore.kit.errors import Invalid
from fullscore.kit.models import User
from fullscore.kit.perform import Verb, perform, require
from fullscore.kit.resource import Resource
from fullscore.kit.tables import Row

Act = Callable[[Resource, Namespace, User], None]


def act(resource: Resource, given: Namespace, *, by: User) -> int:
    """Do one act and return the exit code; what is refused is raised as a Problem."""
    own: dict[str, Act] = {
        "list": _list, "show": _show, "add": _add, "change": _change, "delete": _delete,
        "history": _history,
    }  # fmt: skip
    verb = next((v for v in resource.verbs if word_of(v) == given.act), None)
    with coming("cli"), timezone.override(time.zone(by.time_zone)):
        if verb:
            _do(resource, verb, given, by)
        else:
            own[given.act](resource, given, by)
    return 0


def _list(resource: Resource, given: Namespace, by: User) -> None:
    require(resource.permission("view"), by=by)
    filters = _query(resource, given, by)
    query = {name: str(value) for name, value in filters.items()}
    with past.shown(_moment(given, by)):
        _listed(resource, given, filters, query, by)


def _listed(
    resource: Resource, given: Namespace, filters: QueryDict, query: Mapping[str, str], by: User
) -> None:
    rows = tables.filtered(resource, by, filters, strict=True)
    if given.count:
        print(rows.count())
        return
    columns = tables.chosen_columns(resource, query)
    is_file = given.json or given.csv
    limit = given.limit if given.limit is not None else (None if is_file else ROWS)
    found = tables.all_rows(resource, rows, query, by=by, columns=columns)
    _print_rows(resource, columns, islice(found, limit), given, by)
    if not is_file and limit is not None and (more := rows.count() - limit) > 0:
        print(f"… and {more:,} more: --limit, or a filter.", file=sys.stderr)


def _print_rows(
    resource: Resource, columns: Any, found: Iterator[Row], given: Namespace, by: User
) -> None:
    if given.csv:
        from fullscore.interfaces.web.files import csv_lines

        sys.stdout.writelines(csv_lines(columns, found))
    elif given.json:
        _json([_item(resource, row.pk, wire.told(columns, row)) for row in found])
    else:
        headings = ["Id", *(resource.label_of(c) for c in columns)]
        cells = [[row.pk, *row.values] for row in found]
        print(shown.table(headings, cells, by=by) if cells else f"No {resource.title_plural}.")


def _show(resource: Resource, given: Namespace, by: User) -> None:
    require(resource.permission("view"), by=by)
    known = record_of(resource.model, given.record, by=by)
    at = _moment(given, by)
    if given.json:
        _json(_item(resource, known.pk, wire.record(resource, known.pk, by=by, at=at)))
        return
    columns = wire.every_column(resource)
    row = wire.row(resource, columns, known.pk, by=by, at=at)
    labels = [resource.label_of(c) for c in columns]
    print(shown.facts([("Id", known.pk), *zip(labels, row.values, strict=True)], by=by))


def _add(resource: Resource, given: Namespace, by: User) -> None:
    require(resource.permission("add"), by=by)
    values = wire.checked(resource, _values(resource, given, by), by=by)
    made = resource.create(values, by=by)
    _tell(resource, made.pk, f"Added {resource.title} {made.pk}: {made}.", given, by)


def _change(resource: Resource, given: Namespace, by: User) -> None:
    known = record_of(resource.model, given.record, by=by)
    require(resource.permission("change"), known, by=by)
    values = _values(resource, given, by)
    if not values:
        raise Invalid(f"Nothing to change: see `fullscore {resource.name} change --help`.")
    changed = wire.change(resource, known.pk, values, by=by)
    _tell(resource, known.pk, f"Changed {resource.title} {known.pk}: {changed}.", given, by)


def _delete(resource: Resource, given: Namespace, by: User) -> None:
    known = record_of(resource.model, given.record, by=by)
    told = f"Removed {resource.title} {known.pk}: {known}."
    resource.delete(known, by=by)
    print(shown.clean(told))


def _history(resource: Resource, given: Namespace, by: User) -> None:
    require(resource.permission("view"), by=by)
    known = record_of(resource.model, given.record, by=by)
    entries = wire.entries(resource, known.pk, by=by, size=given.limit)
    if given.json:
        _json(entries)
        return
    rows = [
        [
            datetime.fromisoformat(one["at"]), one["by"]["name"], one["via"], one["verb"],
            ", ".join(c["field"] for c in one["changed"]), one["reason"],
        ]
        for one in entries
    ]  # fmt: skip
    print(shown.table(["When", "Who", "Via", "Did", "Changed", "Reason"], rows, by=by))


def _do(resource: Resource, verb: Verb, given: Namespace, by: User) -> None:
    known = record_of(resource.model, given.record, by=by)
    require(verb.permission, known, by=by)
    records, wanted = verb.records(), verb.input().model_fields
    values = {
        name: record_of(records[name], text, by=by).pk
        if name in records
        else _parsed(text)
        if (get_origin(wanted[name].annotation) or wanted[name].annotation) is dict
        else text
        for name, text in _given(given, "value_").items()
    }
    done = perform(verb, resource.model, known.pk, by=by, values=values)
    _tell(resource, known.pk, verb.said(f"“{known}”", done), given, by)


def _query(resource: Resource, given: Namespace, by: User) -> QueryDict:
    """Return the filters as the page's query string has them; records by id."""
    query = QueryDict(mutable=True)
    filters = resource.filter_class().base_filters
    for name, text in _given(given, "filter_").items():
        query[name] = named(filters[name].field_class, filters[name].extra, text, by=by)
    for name in ("sort", "columns"):
        if text := getattr(given, name):
            query[name] = text
    wire.check_words(resource, query.get("sort", ""), query.get("columns", ""))
    return query


def _values(resource: Resource, given: Namespace, by: User) -> dict[str, Any]:
    """Return the fields given, in the kinds the form takes."""
    fields = resource.form_class()().fields
    return {
        name: _value(fields[name], text, by) for name, text in _given(given, "value_").items()
    }  # fmt: skip


def _value(field: forms.Field, text: Any, by: User) -> Any:
    if isinstance(field, forms.ModelMultipleChoiceField) and field.queryset is not None:
        return [record_of(field.queryset.model, one, by=by).pk for one in text if one]
    if isinstance(field, forms.ModelChoiceField) and field.queryset is not None:
        return record_of(field.queryset.model, text, by=by).pk if text else None
    if isinstance(field, forms.BooleanField):
        return _yes(text)
    if isinstance(field, forms.JSONField):
        return _parsed(text)
    return text


def _yes(text: str) -> bool:
    if text.lower() not in ("yes", "no", "true", "false", "1", "0"):
        raise Invalid(f"“{text[:40]}” is neither yes nor no.")
    return text.lower() in ("yes", "true", "1")


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise Invalid(f"“{text[:40]}” is not JSON: put texts in quotes.") from error


def _given(given: Namespace, prefix: str) -> Mapping[str, Any]:
    """Return the options that were given, by their own name."""
    told = vars(given).items()
    return {k.removeprefix(prefix): v for k, v in told if k.startswith(prefix) and v is not None}


def _moment(given: Namespace, by: User) -> datetime | None:
    text = getattr(given, "at", None)
    return moments.read(text, zone=by.time_zone) if text else None


def _item(resource: Resource, pk: int, told: Mapping[str, Any]) -> dict[str, Any]:
    return {"id": pk, "url": resource.url(pk), **told}


def _tell(resource: Resource, pk: int, sentence: str, given: Namespace, by: User) -> None:
    """Print what was done: a sentence, or the record as it is now."""
    if given.json:
        _json(_item(resource, pk, wire.record(resource, pk, by=by)))
    else:
        print(shown.clean(sentence))


def _json(content: Any) -> None:
    print(json.dumps(content, indent=2, ensure_ascii=False, cls=DjangoJSONEncoder))
