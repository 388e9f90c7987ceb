"""Records in words: what programs, the command line and assistants read and write.

Out: a record as plain values under its columns' names. In: given values through the noun's form,
so that nothing is taken here that the page would refuse.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from django import forms
from django.db import transaction
from django.forms import ModelForm

from fullscore.kit import past, tables
from fullscore.kit.audit import noun_of
from fullscore.kit.errors import Invalid, NotFound
from fullscore.kit.models import AuditEntry, User
from fullscore.kit.models.querysets import offered
from fullscore.kit.perform import find
from fullscore.kit.resource import Resource
from fullscore.kit.tables import Row


def told(columns: Sequence[str], found: Row) -> dict[str, Any]:
    """Return a row by column; choices as stored, other records as {id, name}."""
    values = (tables.plain(tables.stored(value)) for value in found.values)
    return dict(zip(columns, values, strict=True))


def every_column(resource: Resource) -> list[str]:
    """Return all that is told of one record: columns, facts, fields, each once."""
    return list(dict.fromkeys([*resource.columns, *resource.facts, *resource.fields]))


def record(resource: Resource, pk: int, *, by: User, at: datetime | None = None) -> dict[str, Any]:
    """Return one record by column, as it is or as it was. Raises NotFound, unseen included."""
    columns = every_column(resource)
    return told(columns, row(resource, columns, pk, by=by, at=at))


def row(
    resource: Resource, columns: Sequence[str], pk: int, *, by: User, at: datetime | None = None
) -> Row:
    """Return one record's values, as it is or as it was. Raises NotFound, unseen included."""
    if at is not None:
        check_history(resource)
        find(resource.model, pk, by=by)
    with past.shown(at):
        found = tables.row(resource, past.visible(resource.model, by), pk, columns, by=by)
    if found is None:
        when = f" at {at:%Y-%m-%d %H:%M} UTC" if at else ", or you may not see it"
        raise NotFound(f"There is no {resource.title} {pk}{when}.")
    return found


def check_words(resource: Resource, sort: str, columns: str, at: datetime | None = None) -> None:
    """Raise Invalid for a sort or a column that a page would pass over in silence; for a moment,
    where no past is kept."""
    if at is not None:
        check_history(resource)
    if sort and tables.chosen_sort(resource, sort) != sort:
        offered = ", ".join(s.removeprefix("-") for s in resource.sorts)
        raise Invalid(f"There is no sort “{sort[:40]}”: {offered}, each also with “-”.")
    known = [*resource.columns, *resource.facts]
    if unknown := [c for c in columns.split(",") if c and c not in known]:
        raise Invalid(f"There is no column “{unknown[0][:40]}”: {', '.join(known)}.")


def check_history(resource: Resource) -> None:
    """Raise Invalid for a noun whose past is not kept."""
    if not resource.keeps_history:
        raise Invalid(f"No past is kept of {resource.title_plural}: leave out “at”.")


def checked(
    resource: Resource, given: Mapping[str, Any], *, by: User, record: Any = None
) -> dict[str, Any]:
    """Return values as the noun's form cleans them; of a known record only the given ones.

    Raises Invalid, by field.
    """
    if unknown := sorted(set(given) - set(resource.fields)):
        known = ", ".join(resource.fields)
        raise Invalid(f"There is no field “{unknown[0]}” to write; there are: {known}.")
    form = _filled(resource, given, by=by, record=record)
    if not form.is_valid():
        errors = {"" if n == "__all__" else n: [str(e) for e in t] for n, t in form.errors.items()}
        sentences = (
            f"{resource.label_of(name)}: {' '.join(texts)}" if name else " ".join(texts)
            for name, texts in errors.items()
        )
        raise Invalid(" ".join(sentences), errors)
    return {n: v for n, v in form.cleaned_data.items() if record is None or n in given}


def change(resource: Resource, pk: int, given: Mapping[str, Any], *, by: User) -> Any:
    """Give a record the given values, checked against what it is at that moment."""
    with transaction.atomic():
        known = find(resource.model, pk, by=by, lock=True)
        return resource.update(known, checked(resource, given, by=by, record=known), by=by)


def _filled(
    resource: Resource, given: Mapping[str, Any], *, by: User, record: Any
) -> ModelForm[Any]:
    """Return the form over given values; what is not given keeps its value or takes its default."""
    form_class = resource.form_class()
    blank = form_class(instance=_copy(record))
    data = {
        name: _as_sent(
            field, given[name] if name in given else blank.get_initial_for_field(field, name)
        )
        for name, field in blank.fields.items()
    }
    return narrowed(form_class(data, instance=_copy(record)), by)


def narrowed(form: ModelForm[Any], user: User) -> ModelForm[Any]:
    """Let a form take other records only from among those that are offered to somebody."""
    known = form.instance.pk is not None
    also_gone = getattr(form.instance, "chooses_also_gone", ())
    for name, field in form.fields.items():
        if isinstance(field, forms.ModelChoiceField) and field.queryset is not None:
            model, kept = field.queryset.model, form.initial.get(name) if known else None
            if hasattr(model._default_manager.all(), "visible_to"):
                seen = offered(model, user, kept=kept, also_gone=name in also_gone)
                limit = field.get_limit_choices_to() or {}
                field.queryset = seen.complex_filter(limit) if limit else seen
    return form


def _as_sent(field: forms.Field, value: Any) -> Any:
    """Return a value as a page would send it: a text in a JSON field is JSON, records are ids."""
    is_text = isinstance(field, forms.JSONField) and isinstance(value, str)
    is_many = isinstance(field, forms.ModelMultipleChoiceField)
    if is_text:
        return json.dumps(value)  # what programs send is no writing
    return field.prepare_value(value) if is_many else value


def _copy(record: Any) -> Any:
    """Return a second instance: a form's check alters the one it is given."""
    return None if record is None else type(record)._base_manager.get(pk=record.pk)


OPEN_KINDS = ("columns", "facts", "fields", "filters")


def without_private(resource: Resource) -> Resource:
    """Return the noun without private fields: not shown, not sorted, not filtered by."""
    private = {name for name, privacy in resource.people.items() if privacy == "private"}
    if not private:
        return resource

    def open_ones(names: Iterable[str], bare: Callable[[str], str] = str) -> list[str]:
        return [name for name in names if bare(name).split("__")[0] not in private]

    kinds: dict[str, Any] = {name: open_ones(getattr(resource, name)) for name in OPEN_KINDS}
    return replace(
        resource, order=open_ones(resource.sorts, lambda sort: sort.removeprefix("-")), **kinds
    )


def entries(
    resource: Resource, pk: int, *, by: User, before: int | None = None, size: int = 50
) -> list[dict[str, Any]]:
    """Return who did what to one record, newest first; only fields that the noun shows."""
    known = find(resource.model, pk, by=by)
    rows = AuditEntry.objects.filter(noun=noun_of(known), record=str(pk)).select_related("by")
    if before is not None:
        rows = rows.filter(n__lt=before)
    return [entry(resource, one) for one in rows.order_by("-n")[:size]]


def entry(resource: Resource, one: AuditEntry) -> dict[str, Any]:
    """Return one audit entry in plain values: of what it changed, the fields the noun shows."""
    shown = set(every_column(resource))
    before, after = one.before or {}, one.after or {}
    names = sorted(n for n in before.keys() | after.keys() if before.get(n) != after.get(n))
    changed = [
        {"field": n.removesuffix("_id"), "before": before.get(n), "after": after.get(n)}
        for n in names
        if n in shown or n.removesuffix("_id") in shown
    ]
    return {
        "n": one.pk, "at": one.at.isoformat(), "by": {"id": one.by_id, "name": str(one.by)},
        "via": one.via, "verb": one.verb, "reason": one.reason, "changed": changed,
    }  # fmt: skip
