"""Say once how one noun is seen: as a list, a page, a form, an API, a file and a set of commands.

A `Resource` is a frozen value. Each derivation is a short method that calls a documented function
of a library; to change one, write the ordinary Django class yourself and pass it. `fullscore
explain <noun>` prints what was derived, `tests/test_every_resource.py` runs all of it over every
noun.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import django_filters
from django import forms
from django.core.exceptions import FieldDoesNotExist
from django.db import models, transaction
from django.db.models import Model, Q, QuerySet
from django.forms import ModelForm
from django_filters.filterset import filterset_factory

from fullscore.kit import access, history, past, search, written
from fullscore.kit.access import Actor
from fullscore.kit.audit import recorded, removed
from fullscore.kit.errors import Invalid
from fullscore.kit.models import User
from fullscore.kit.perform import Verb, refuse_programs, require
from fullscore.kit.words import titled

Rows = Callable[[Any], QuerySet[Any]]
Cell = Callable[[Any], Any]


@dataclass(frozen=True)
class Panel:
    """A part of a record's page: rows of some noun, or a fragment drawn by a function.

    `on` names the noun on whose page it stands; the noun of the resource itself when it is None.
    `rows(record)` are cut to what the reader may see; `draw(record, user, at)` returns safe HTML.
    """

    title: str
    rows: Rows | None = None
    columns: Sequence[str] = ()
    draw: Callable[..., Any] | None = None
    on: type[Model] | None = None
    permission: str = ""
    leads: bool = False  # stands before the others: what is wrong now
    is_lazy: bool = False  # fetched after the page stands
    shows_past: bool = False  # can be drawn as of a past moment
    is_history: bool = False  # stands in the place of the general history
    # The field of the rows' noun that is this record: rows are added here, so it stands empty, too.
    adds: str = ""

    @property
    def key(self) -> str:
        """Return the panel's name in addresses."""
        return self.title.lower().replace(" ", "-")


@dataclass(frozen=True)
class Resource:
    """How one noun is seen and written, in every interface."""

    model: type[Model]
    columns: Sequence[str]
    fields: Sequence[str] = ()
    filters: Sequence[str] = ()
    search: Sequence[str] = ()
    order: Sequence[str] = ()  # sorts offered; the first is the default, "-" means falling
    panels: Sequence[Panel] = ()
    verbs: Sequence[Verb] = ()
    facts: Sequence[str] = ()  # what the page shows beside the columns
    drawn: Sequence[str] = ()  # those of the facts that a panel draws in its own way
    name: str = ""
    icon: str = "boxes"
    group: str = ""  # heading in the menu; empty: not in the menu
    under: str = ""  # the entry of the menu that opens this one; empty: always there
    cells: Mapping[str, Cell] = field(default_factory=dict)  # how a column is drawn
    badges: Callable[[Any], Sequence[tuple[str, str]]] | None = None  # (words, tone) by the title
    subtitle: Callable[[Any], str] | None = None
    # Pages of its own beside the record's: doors(record, user) → (words, icon, address).
    doors: Callable[[Any, Any], Sequence[tuple[str, str, str]]] | None = None
    trouble: Callable[[QuerySet[Any]], str] | None = None  # "7 overdue", beside the list's title
    default_query: str = ""  # the filter the menu opens the list with, such as "show=live"
    quick: Mapping[str, str] = field(default_factory=dict)  # one-click filters: words → query
    people: Mapping[str, str] = field(default_factory=dict)  # field → private, team or open
    add: Callable[..., Any] | None = None  # add(by=…, **values); None: the plain recorded one
    change: Callable[..., Any] | None = None
    can_change: bool = True  # False: `change` says why not, and no page offers it
    can_delete: bool = False
    takes_files: bool = True  # its rows may come in as a file
    adds_by_page: bool = False  # a page of its own at `/<path>/add` adds records
    needs_fresh: bool = False  # written only where somebody has just signed in: never by a token
    form: type[ModelForm] | None = None
    filterset: type["Searched"] | None = None  # further filters of one's own
    in_bulk: bool = True
    export: bool = True

    def __post_init__(self) -> None:
        if not self.name:
            words = str(self.model._meta.verbose_name)
            object.__setattr__(self, "name", words.replace(" ", "-"))

    @property
    def title(self) -> str:
        """Return the noun as people say it."""
        return str(self.model._meta.verbose_name)

    @property
    def title_plural(self) -> str:
        """Return the noun's plural as people say it."""
        return str(self.model._meta.verbose_name_plural)

    @property
    def heading(self) -> str:
        """Return the plural as it stands above a list."""
        return titled(self.title_plural)

    @property
    def path(self) -> str:
        """Return the noun in addresses: pages `/<path>/42`, API `/api/<path>/42`."""
        own = self.name != str(self.model._meta.verbose_name).replace(" ", "-")
        return f"{self.name}s" if own else self.title_plural.replace(" ", "-")

    @property
    def noun(self) -> str:
        """Return the label under which the noun is audited, searched and announced live."""
        return str(self.model._meta.label_lower)

    def url(self, pk: Any = "", *more: str) -> str:
        """Return an address under this noun."""
        parts = [self.path, *([str(pk)] if pk != "" else []), *more]
        return "/" + "/".join(parts)

    @property
    def home_url(self) -> str:
        """Return the address of the list as the menu opens it."""
        return f"{self.url()}?{self.default_query}" if self.default_query else self.url()

    def permission(self, action: str) -> str:
        """Return the permission for view, add, change or delete."""
        return access.permission(self.model, action)

    def visible_to(self, user: Actor) -> QuerySet[Any]:
        """Return the rows somebody may see; everything else starts from here."""
        rows: QuerySet[Any] = self.model._default_manager.visible_to(user)  # type: ignore[attr-defined]
        return rows

    @property
    def keeps_history(self) -> bool:
        """Say whether the noun can be seen as of a past moment."""
        return history.is_kept(self.model)

    @property
    def sorts(self) -> Sequence[str]:
        """Return the offered sorts; falling back on the model's own order, then on the key."""
        own = [o for o in self.model._meta.ordering or () if isinstance(o, str)]
        return self.order or own[:1] or ["-pk"]

    def field_of(self, column: str) -> models.Field[Any, Any] | None:
        """Return the model field behind a column (following `__`); None for an annotation."""
        model: type[Model] = self.model
        found: Any = None
        for part in column.split("__"):
            try:
                found = model._meta.get_field(part)
            except FieldDoesNotExist:
                return None
            model = getattr(found, "related_model", None) or model
        return found if isinstance(found, models.Field) else None

    def label_of(self, column: str) -> str:
        """Return a column's heading."""
        parts = column.split("__")
        if len(parts) > 1 and parts[-1] in ("name", "title"):
            column = "__".join(parts[:-1])
        found = self.field_of(column)
        return titled(str(found.verbose_name) if found else column.replace("__", " "))

    def filter_class(self) -> type[django_filters.FilterSet]:
        """Return the filter set that page, API, export and command line share."""
        return self._filters

    @cached_property
    def _filters(self) -> type[django_filters.FilterSet]:
        made: type[django_filters.FilterSet] = filterset_factory(
            self.model,
            filterset=type("Filters", (self.filterset or Searched,), {"resource": self}),
            fields={name: self._lookups(name) for name in self.filters},
        )
        return made

    def form_class(self) -> type[ModelForm]:
        """Return the form that page and import share."""
        if self.form:
            return self.form
        return forms.modelform_factory(
            self.model, fields=list(self.fields), formfield_callback=written.form_field
        )

    def _lookups(self, name: str) -> list[str]:
        found = self.field_of(name)
        if isinstance(found, models.DateTimeField | models.DateField):
            return ["gte", "lt"]
        is_scale = isinstance(found, models.IntegerField | models.FloatField | models.DecimalField)
        if is_scale and not isinstance(found, models.ForeignKey):
            return ["exact", "gte", "lte"]
        return ["exact"]

    def create(self, values: Mapping[str, Any], *, by: User, note: str = "") -> Any:
        """Add a record with these values; through the domain's own verb when it has one."""
        self._check_fresh()
        require(self.permission("add"), by=by)
        values = self._filled(values)
        with transaction.atomic():
            if self.add:
                record = self.add(by=by, **values)
            else:
                record = self.model(**values)
                with recorded(record, "add", by=by, note=note):
                    pass
            if isinstance(record, self.model):
                require(self.permission("add"), record, by=by)  # also where it now stands
        return record

    def update(self, record: Any, values: Mapping[str, Any], *, by: User, note: str = "") -> Any:
        """Give a record these values; through the domain's own verb when it has one."""
        self._check_fresh()
        require(self.permission("change"), record, by=by)
        values = self._filled(values)
        with transaction.atomic():
            if self.change:
                record = self.change(record, by=by, **values)
            else:
                with recorded(record, "change", by=by, note=note):
                    for name, value in values.items():
                        setattr(record, name, value)
            require(self.permission("change"), record, by=by)  # nobody hands it out of their reach
        return record

    def delete(self, record: Any, *, by: User, note: str = "") -> None:
        """Remove a record for good; only nouns that say `can_delete`."""
        self._check_fresh()
        require(self.permission("delete"), record, by=by)
        with removed(record, by=by, note=note):
            pass

    def _filled(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return the values, an empty one as its field's default where nothing may not be
        stored."""
        told = dict(values)
        for name, value in values.items():
            field = self.field_of(name)
            if value is None and field is not None and not field.null:
                told[name] = field.get_default()
        return told

    def _check_fresh(self) -> None:
        if self.needs_fresh:
            refuse_programs()


class Searched(django_filters.FilterSet):
    """Every filter set also answers `q`, by the search index."""

    resource: Resource
    q = django_filters.CharFilter(label="Search", method="matching")

    def matching(self, rows: QuerySet[Any], name: str, text: str) -> QuerySet[Any]:
        """Keep the rows that hold the words; short texts ask for a beginning.

        The index knows the words of today: of the past, the fields themselves are read.
        """
        if past.is_shown():
            told = [path for path in self.resource.search if past.is_told(rows.model, path)]
            if not told:
                raise Invalid("“q” cannot be asked of the past: what it reads is not kept.")
            for word in text.split()[:8]:
                parts = (Q(**{f"{path}__icontains": word}) for path in told)
                rows = rows.filter(Q(*parts, _connector=Q.OR))
            return rows
        found = search.narrowed(rows, text)
        if found is not None:
            return found
        starts = (Q(**{f"{path}__istartswith": text}) for path in self.resource.search)
        return rows.filter(Q(*starts, _connector=Q.OR)) if self.resource.search else rows


_known: list[Resource] = []


def are(resources: Sequence[Resource]) -> None:
    """Say which nouns there are; called once, by `config`."""
    _known[:] = resources


def known() -> Sequence[Resource]:
    """Return every noun, in the order of the menu."""
    return _known


def named(name: str) -> Resource | None:
    """Return the noun of this name, as addresses and commands call it."""
    return next((r for r in _known if name in (r.name, r.path)), None)


def panels_on(model: type[Model], resources: Sequence[Resource]) -> list[tuple[Resource, Panel]]:
    """Return the panels of a noun's page: its own first, then those that other nouns put there."""
    own = [
        (r, p) for r in resources for p in r.panels if r.model is model and p.on in (None, model)
    ]
    others = [(r, p) for r in resources for p in r.panels if r.model is not model and p.on is model]
    return sorted(own + others, key=lambda one: not one[1].leads)
