"""Records by id or by a name that only one of them has."""

from typing import Any

from django.db.models import Model, OneToOneField
from django_filters.fields import ModelChoiceField

from fullscore.kit.errors import Conflict, NotFound
from fullscore.kit.models import User
from fullscore.kit.perform import find

NAMES = ("key", "name", "ident", "title", "email")  # the first that names one record counts


def record_of(model: type[Model], text: str, *, by: User) -> Any:
    """Return the record a text means. Raises NotFound, or Conflict when several are called so."""
    if text.isascii() and text.isdecimal():
        return find(model, int(text), by=by)
    rows = model._default_manager.visible_to(by)  # type: ignore[attr-defined]
    for name in _names(model):
        found = list(rows.filter(**{f"{name}__iexact": text})[:6])
        if len(found) == 1:
            return found[0]
        if found:
            ids = ", ".join(str(one.pk) for one in found[:5])
            raise Conflict(f"Several are called “{text}”: give the id ({ids}…).")
    words = model._meta.verbose_name
    raise NotFound(f"There is no {words} “{text}”, or you may not see it.")


def _names(model: type[Model]) -> list[str]:
    """Return the fields that may name a record; what is one with an item goes by its name."""
    known = {field.name: field for field in model._meta.fields}
    whole = [field for field in known.values() if isinstance(field, OneToOneField)]
    own = [name for name in NAMES if name in known]
    return own or [f"{one.name}__{n}" for one in whole for n in _names(one.related_model)]


def named(field_class: Any, extra: Any, text: str, *, by: User) -> str:
    """Return a filter's value: the id of a record that was given by name, else the text itself."""
    queryset = extra.get("queryset")
    if not issubclass(field_class, ModelChoiceField) or queryset is None:
        return text
    return str(record_of(queryset.model, text, by=by).pk)
