"""Rows of a file as records: matched, checked with the noun's own form, nothing written.

A row is matched by its `id`, else by `key` or `name` when exactly one visible record has it;
records it refers to are given by id or by name.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.db.models import Model

from fullscore.kit.errors import Invalid
from fullscore.kit.models import User
from fullscore.kit.resource import Resource

MOST_ROWS = 20_000


@dataclass
class In:
    """One row: where it stood, what it would do, and what is wrong with it."""

    line: int
    cells: Sequence[str]
    values: dict[str, Any] = field(default_factory=dict)
    record: Any = None
    is_changed: bool = False
    errors: list[str] = field(default_factory=list)

    @property
    def kind(self) -> str:
        """Return refused, new, changed or same."""
        if self.errors:
            return "refused"
        if self.record is None:
            return "new"
        return "changed" if self.is_changed else "same"


@dataclass(frozen=True)
class Parsed:
    """What a file would do."""

    columns: Sequence[str]
    ignored: Sequence[str]
    rows: Sequence[In]

    def of(self, kind: str) -> list[In]:
        """Return the rows of one kind."""
        return [row for row in self.rows if row.kind == kind]

    @property
    def good(self) -> list[In]:
        """Return all rows that are not refused."""
        return [row for row in self.rows if not row.errors]


def parse(resource: Resource, cells: Sequence[Sequence[str]], *, by: User) -> Parsed:
    """Say what a table of texts, first line the headings, would do to the records of a noun.

    Raises Invalid when the table as a whole cannot be taken; faults of a row stand in the row.
    """
    table = [(n, row) for n, row in enumerate(cells, start=1) if any(c.strip() for c in row)]
    if len(table) < 2:
        raise Invalid("The file has no rows: the first line names the columns, records follow.")
    if len(table) - 1 > MOST_ROWS:
        raise Invalid(
            f"The file has {len(table) - 1:,} rows; at most {MOST_ROWS:,} are taken at once."
        )
    headings = [_heading(resource, text) for text in table[0][1]]
    known = [h for h in headings if h in resource.fields]
    if not known:
        raise Invalid(f"No column is known. The columns are: {', '.join(resource.fields)}.")
    if twice := {h for h in known if headings.count(h) > 1}:
        raise Invalid(f"The column “{min(twice)}” stands there twice.")
    names = _Names(by)
    seen: dict[str, int] = {}
    rows = [_row(resource, headings, line, row, by, names, seen) for line, row in table[1:]]
    ignored = [
        t for t, h in zip(table[0][1], headings, strict=True) if h not in (*resource.fields, "id")
    ]
    return Parsed(list(table[0][1]), ignored, rows)


def _heading(resource: Resource, text: str) -> str:
    """Return the field a heading means: its name or its label, whatever the case."""
    wanted = text.strip().lower()
    for name in resource.fields:
        if wanted in (name.lower(), resource.label_of(name).lower()):
            return name
    return wanted


def _row(
    resource: Resource, headings: Sequence[str], line: int, cells: Sequence[str], by: User,
    names: "_Names", seen: dict[str, int],
) -> In:  # fmt: skip
    row = In(line, cells)
    given = {h: _unquoted(c) for h, c in zip(headings, cells, strict=False)}
    if len(cells) > len(headings) and any(c.strip() for c in cells[len(headings) :]):
        row.errors.append(f"{len(cells)} cells under {len(headings)} headings.")
        return row
    identity = given.get("id") or given.get("key") or given.get("name") or ""
    if identity and seen.setdefault(identity.lower(), line) != line:
        row.errors.append(f"The same record as line {seen[identity.lower()]}.")
        return row
    row.record = _matched(resource, given, by, row)
    if row.errors:
        return row
    form = _form(resource, given, row, names)
    if row.errors:
        return row
    if not form.is_valid():
        row.errors = [
            f"{resource.label_of(n)}: {told}" if n != "__all__" else told
            for n, told in ((n, " ".join(map(str, t))) for n, t in form.errors.items())
        ]
        return row
    row.values = {n: v for n, v in form.cleaned_data.items() if n in given}
    row.is_changed = row.record is not None and any(
        getattr(row.record, n) != v for n, v in row.values.items()
    )
    return row


def _matched(resource: Resource, given: dict[str, str], by: User, row: In) -> Any:
    rows = resource.visible_to(by)
    if text := given.get("id", ""):
        found = rows.filter(pk=text).first() if text.isdecimal() else None
        if found is None:
            row.errors.append(f"There is no {resource.title} {text}, or you may not see it.")
        return found
    if not (name := given.get("name", "")) or resource.field_of("name") is None:
        return None
    same = list(rows.filter(name__iexact=name)[:2])
    if kind := given.get("kind"):
        same = [r for r in same if getattr(r, "kind", kind) == kind]
    if len(same) > 1:
        row.errors.append(f"Two records are called “{name}”: give the id.")
    return same[0] if len(same) == 1 else None


def _form(
    resource: Resource, given: dict[str, str], row: In, names: "_Names"
) -> forms.ModelForm[Any]:
    """Return the noun's form over this row; fields the file does not have keep their value."""
    blank = resource.form_class()(instance=_copy(row.record))
    data: dict[str, Any] = {}
    for name, form_field in blank.fields.items():
        if name not in given:
            value = blank.initial.get(name, form_field.initial)
            data[name] = value() if callable(value) else value
        elif isinstance(form_field, forms.ModelChoiceField) and given[name]:
            data[name] = names.find(form_field, given[name], row, resource.label_of(name))
        elif isinstance(form_field, forms.JSONField) and form_field.initial is list:
            data[name] = _list(given[name])
        else:
            data[name] = _choice(form_field, given[name])
    form = resource.form_class()(data, instance=_copy(row.record))
    for name in form.fields:
        if isinstance(form.fields[name], forms.JSONField) and isinstance(data[name], dict | list):
            form.fields[name].disabled = name not in given
    return form


def _list(text: str) -> str:
    """Return a list as JSON, also one that a person wrote as words between commas."""
    if not text or text.startswith("["):
        return text or "[]"
    return json.dumps([word.strip() for word in re.split("[,;]", text) if word.strip()])


def _copy(record: Any) -> Any:
    """Return a second instance: a form's check alters the one it is given."""
    return None if record is None else type(record)._base_manager.get(pk=record.pk)


def _choice(form_field: forms.Field, text: str) -> Any:
    """Return the stored value when a person wrote a choice's label."""
    for value, label in getattr(form_field, "choices", ()) or ():
        if text and text.lower() in (str(value).lower(), str(label).lower()):
            return value
    return text


def _unquoted(text: str) -> str:
    """Take off the quote that keeps a spreadsheet from running a cell."""
    text = text.strip()
    return text[1:] if text[:1] == "'" and text[1:2] in ("=", "+", "-", "@") else text


class _Names:
    """Finds records by id or name, each once."""

    def __init__(self, by: User) -> None:
        self.by = by
        self.known: dict[tuple[type[Model], str], list[Any]] = {}

    def find(self, form_field: Any, text: str, row: In, label: str) -> Any:
        """Return the key of the record a cell names; what is wrong goes to the row."""
        model = form_field.queryset.model
        key = (model, text.lower())
        if key not in self.known:
            rows = model._default_manager.visible_to(self.by)
            by_id = rows.filter(pk=text) if text.isdecimal() else rows.none()
            field_name = "name" if any(f.name == "name" for f in model._meta.fields) else "email"
            self.known[key] = list(by_id[:1]) or list(
                rows.filter(**{f"{field_name}__iexact": text})[:2]
            )
        found = self.known[key]
        if len(found) != 1:
            why = "two are called that" if found else "there is none, or you may not see it"
            row.errors.append(f"{label}: “{text}”: {why}.")
            return None
        return found[0].pk
