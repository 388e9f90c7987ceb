"""The shapes of what goes in and out, derived from the nouns, for the OpenAPI description."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import django_filters
from django import forms
from django.db import models
from pydantic import BaseModel, ConfigDict, Field, create_model

from fullscore.interfaces import wire
from fullscore.kit.perform import Verb
from fullscore.kit.resource import Resource

MOST_ITEMS = 500

# The narrower kind first: an e-mail field is a char field, an integer field may be a foreign key.
OUT: tuple[tuple[type[models.Field[Any, Any]], Any], ...] = (
    (models.BooleanField, bool), (models.DateTimeField, datetime), (models.DateField, date),
    (models.DecimalField, str), (models.FloatField, float), (models.IntegerField, int),
    (models.CharField, str), (models.TextField, str),
)  # fmt: skip
IN: tuple[tuple[type[forms.Field], Any], ...] = (
    (forms.ModelMultipleChoiceField, list[int]), (forms.ModelChoiceField, int),
    (forms.MultipleChoiceField, list[str]), (forms.NullBooleanField, bool),
    (forms.BooleanField, bool), (forms.DateTimeField, datetime), (forms.DateField, date),
    (forms.DecimalField, Decimal), (forms.FloatField, float), (forms.IntegerField, int),
    (forms.JSONField, Any), (forms.CharField, str), (forms.ChoiceField, str),
)  # fmt: skip


class Reference(BaseModel):
    """Another record."""

    id: int
    name: str


class Refusal(BaseModel):
    """Why a call was refused: what to do next, and which fields are wrong."""

    title: str
    detail: str
    fields: dict[str, list[str]]


class Change(BaseModel):
    """One field that an entry changed, as stored."""

    field: str
    before: Any
    after: Any


class Entry(BaseModel):
    """Who did what to a record."""

    n: int
    at: datetime
    by: Reference
    via: str
    verb: str
    reason: str
    changed: list[Change]


class Entries(BaseModel):
    """The history of a record, newest first."""

    items: list[Entry]
    next: str


def item_of(resource: Resource) -> type[BaseModel]:
    """Return the shape of one record: every column; lists leave out what was not asked for."""
    made: dict[str, Any] = {"id": (int, ...), "url": (str, ...)}
    for column in wire.every_column(resource):
        made[column] = (_type_out(resource, column), Field(None, title=resource.label_of(column)))
    return create_model(_name(resource), **made)


def page_of(resource: Resource, item: type[BaseModel]) -> type[BaseModel]:
    """Return the shape of a page of records."""
    mark = Field(..., description="Give it as `after` for the next page; empty: the last.")
    return create_model(
        f"{_name(resource)}Page",
        items=(list[item], ...),  # type: ignore[valid-type]
        next=(str, mark),
        count=(int, ...),
        count_is_exact=(bool, Field(..., description="False: there are more than `count`.")),
    )


def done_of(resource: Resource, item: type[BaseModel]) -> type[BaseModel]:
    """Return the shape of what a verb leaves: the record as it is now, and what came of it."""
    made: dict[str, Any] = {"record": (item | None, ...), "result": (Any, ...)}
    return create_model(f"{_name(resource)}Done", **made)


def input_of(resource: Resource, *, is_new: bool) -> type[BaseModel]:
    """Return the shape of what may be written: the noun's fields, nothing else."""
    made: dict[str, Any] = {}
    for name, field in resource.form_class()().fields.items():
        kind = next((t for of, t in IN if isinstance(field, of)), str)
        needs = is_new and field.required and field.initial is None and kind is not bool
        about = Field(
            ... if needs else None,
            title=resource.label_of(name),
            description=str(field.help_text) or None,
            json_schema_extra=_choices(field),
        )
        made[name] = (kind if field.required and kind is not Any else kind | None, about)
    name = f"{_name(resource)}{'Add' if is_new else 'Change'}"
    return create_model(name, __config__=ConfigDict(extra="forbid"), **made)


def verb_input_of(resource: Resource, verb: Verb) -> type[BaseModel]:
    """Return what a verb asks for, under a name that no other noun's verb has."""
    words = "".join(word.title() for word in verb.name.split("_"))
    return create_model(f"{_name(resource)}{words}Input", __base__=verb.input())


def list_parameters(resource: Resource) -> list[dict[str, Any]]:
    """Describe every word of a list's query string."""
    told = [
        _parameter(name, _schema_of(one), str(one.label or resource.label_of(name)))
        for name, one in resource.filter_class().base_filters.items()
    ]
    sorts = [s for one in resource.sorts for s in (one.removeprefix("-"),) for s in (s, f"-{s}")]
    known = ", ".join(dict.fromkeys([*resource.columns, *resource.facts]))
    told += [
        _parameter("sort", {"type": "string", "enum": sorts}, "“-” means falling."),
        *page_parameters(),
        _parameter("columns", {"type": "string"}, f"Some of {known}, separated by commas."),
    ]  # fmt: skip
    return [*told, *at_parameter(resource)]


def page_parameters() -> list[dict[str, Any]]:
    """Describe the words by which any list is read page by page."""
    return [
        _parameter("after", {"type": "string"}, "The mark `next` of the page before."),
        _parameter("size", {"type": "integer", "minimum": 1, "maximum": MOST_ITEMS}, "How many."),
    ]


def at_parameter(resource: Resource) -> list[dict[str, Any]]:
    """Describe the past moment, for nouns that keep their past."""
    about = "As it was at this moment (ISO 8601)."
    is_kept = resource.keeps_history
    return [_parameter("at", {"type": "string"}, about)] if is_kept else []


def _name(resource: Resource) -> str:
    return "".join(word.title() for word in resource.name.replace("_", "-").split("-"))


def _type_out(resource: Resource, column: str) -> Any:
    field = resource.field_of(column)
    if isinstance(field, models.ForeignKey):
        return Reference | None
    kind = next((t for of, t in OUT if isinstance(field, of)), None)
    return Any if kind is None else kind | None


def _choices(field: forms.Field) -> dict[str, Any] | None:
    """Return the stored values one may choose from; those of records depend on who asks."""
    if isinstance(field, forms.ModelChoiceField | forms.MultipleChoiceField):
        return None
    values = [str(value) for value, _ in getattr(field, "choices", ()) if not isinstance(_, list)]
    return {"enum": values} if values else None


def _schema_of(one: django_filters.Filter) -> dict[str, Any]:
    kinds = (
        (django_filters.NumberFilter, {"type": "number"}),
        (django_filters.ModelChoiceFilter, {"type": "integer"}),
        (django_filters.BooleanFilter, {"type": "boolean"}),
        (django_filters.IsoDateTimeFilter, {"type": "string", "format": "date-time"}),
        (django_filters.DateFilter, {"type": "string", "format": "date"}),
    )
    return next((schema for of, schema in kinds if isinstance(one, of)), {"type": "string"})


def _parameter(name: str, schema: dict[str, Any], about: str) -> dict[str, Any]:
    return {"in": "query", "name": name, "required": False, "schema": schema, "description": about}
