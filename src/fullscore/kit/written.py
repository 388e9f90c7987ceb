"""Lists and names with values, as people write them: “a, b”, and a line “name: value” for each."""

import json
import re
from typing import Any

from django import forms
from django.db import models

BETWEEN = re.compile(r"[,;\n]")


class Words(forms.JSONField):
    """A list of words with commas between, or on lines of their own; JSON is taken as well."""

    widget = forms.Textarea(attrs={"rows": 2})

    def to_python(self, value: Any) -> Any:
        """Return the list. What begins as JSON does is read as JSON."""
        if not isinstance(value, str) or value.lstrip()[:1] in ("", "[", '"', "{"):
            return super().to_python(value.strip() if isinstance(value, str) else value)
        return [word.strip() for word in BETWEEN.split(value) if word.strip()]

    def bound_data(self, data: Any, initial: Any) -> Any:
        """Return what was typed, right or wrong, so that it can be mended."""
        return initial if self.disabled else data

    def prepare_value(self, value: Any) -> Any:
        """Return a list as it is written; anything else as JSON."""
        if isinstance(value, str):
            return value
        is_plain = isinstance(value, list) and all(_is_word(word) for word in value)
        return ", ".join(value) if is_plain else super().prepare_value(value)


def _is_word(word: Any) -> bool:
    is_bare = isinstance(word, str) and word == word.strip() and word[:1] not in ("", "[", '"', "{")
    return is_bare and not BETWEEN.search(word)


class Pairs(forms.JSONField):
    """Names with values, a line “name: value” for each; JSON is taken as well."""

    widget = forms.Textarea(attrs={"rows": 3})

    def to_python(self, value: Any) -> Any:
        """Return the values by name. A value that can be read as JSON is what JSON says."""
        if not isinstance(value, str) or value.lstrip()[:1] in ("", "[", '"', "{"):
            return super().to_python(value.strip() if isinstance(value, str) else value)
        told = {}
        for line in filter(None, map(str.strip, value.splitlines())):
            name, colon, text = line.partition(":")
            if not colon or not name.strip():
                raise forms.ValidationError(
                    f"Write “name: value” on each line; “{line[:40]}” has no name."
                )
            told[name.strip()] = _meant(text.strip())
        return told

    def bound_data(self, data: Any, initial: Any) -> Any:
        """Return what was typed, right or wrong, so that it can be mended."""
        return initial if self.disabled else data

    def prepare_value(self, value: Any) -> Any:
        """Return names and values as they are written, where they come back as they were."""
        if isinstance(value, str):
            return value
        if not isinstance(value, dict) or not value:
            return "" if value == {} else super().prepare_value(value)
        lines = "\n".join(f"{name}: {_written(one)}" for name, one in value.items())
        try:
            is_same = self.to_python(lines) == value
        except forms.ValidationError:
            is_same = False
        return lines if is_same else super().prepare_value(value)


def _meant(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _written(value: Any) -> str:
    is_plain = isinstance(value, str) and _meant(value) == value
    return str(value) if is_plain else json.dumps(value, ensure_ascii=False)


def form_field(field: models.Field[Any, Any], **given: Any) -> forms.Field | None:
    """Return a model field's control: lists and names with values as people write them."""
    if isinstance(field, models.JSONField) and field.default in (list, dict):
        given["form_class"] = Words if field.default is list else Pairs
    made: forms.Field | None = field.formfield(**given)
    return made
