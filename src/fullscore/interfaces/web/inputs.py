"""A form from a verb's arguments: each becomes the field that suits its type."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Literal, get_args, get_origin

from django import forms

from fullscore.kit.models.querysets import offered
from fullscore.kit.perform import Verb
from fullscore.kit.words import titled

LONG_TEXTS = ("note", "reason", "text", "body", "comment", "compensating_control", "description")


def form_of(verb: Verb, *, user: Any) -> type[forms.Form]:
    """Return the form that asks for a verb's arguments; records are chosen among those seen."""
    records = verb.records()
    made: dict[str, forms.Field] = {}
    for name, info in verb.input().model_fields.items():
        common: dict[str, Any] = {
            "required": info.is_required(), "label": titled(name.removesuffix("_id")),
            "help_text": verb.hints.get(name, ""),
        }  # fmt: skip
        if not info.is_required() and info.default not in (None, ""):
            common["initial"] = info.default
        if name in records:
            rows = offered(records[name], user, also_gone=name in verb.also_gone)
            made[name] = forms.ModelChoiceField(rows, **common)
        elif verb.choices and name in verb.choices:
            made[name] = forms.ChoiceField(choices=_offered(verb.choices[name], info), **common)
        elif name in verb.secrets:
            made[name] = _secret(name, common)
        else:
            made[name] = _field(name, info.annotation, common)
    return type("VerbForm", (forms.Form,), made)


def _offered(choices: Sequence[tuple[str, str]], info: Any) -> list[tuple[str, str]]:
    """Return the choices, none of them first where it may be left empty: silence is no choice."""
    is_open = not info.is_required() and info.default in (None, "")
    return [*([("", "–")] if is_open else []), *choices]


def values_of(form: forms.Form) -> dict[str, Any]:
    """Return the arguments a person filled in; records as ids, empty ones left to their default."""
    return {
        name: getattr(value, "pk", value)
        for name, value in form.cleaned_data.items()
        if value not in (None, "") or form.fields[name].required
    }


def _secret(name: str, common: dict[str, Any]) -> forms.Field:
    """Return a hidden line; for a private key a box, since a line would join its lines."""
    if name == "private_key":
        box = forms.Textarea(attrs={"rows": 8, "autocomplete": "off", "spellcheck": "false"})
        return forms.CharField(widget=box, max_length=20_000, **common)
    line = forms.PasswordInput(attrs={"autocomplete": "new-password"})
    return forms.CharField(widget=line, strip=False, max_length=5000, **common)


def _field(name: str, hint: Any, common: dict[str, Any]) -> forms.Field:
    kinds = [one for one in get_args(hint) if one is not type(None)] or [hint]
    kind = kinds[0]
    if get_origin(hint) is Literal:
        return forms.ChoiceField(choices=[(c, str(c)) for c in get_args(hint)], **common)
    if kind is bool:
        return forms.BooleanField(**{**common, "required": False})
    if kind in (int, float):
        return (forms.IntegerField if kind is int else forms.FloatField)(**common)
    if kind is datetime:
        widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
        return forms.DateTimeField(widget=widget, **common)
    if kind is date:
        return forms.DateField(
            widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"), **common
        )
    if name in LONG_TEXTS:
        return forms.CharField(widget=forms.Textarea(attrs={"rows": 4}), max_length=5000, **common)
    return forms.CharField(max_length=300, **common)
