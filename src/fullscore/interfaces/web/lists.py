"""The list of a noun: filter, sort, search, columns, saved views, and any past moment."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, cast
from urllib.parse import parse_qsl

import django_filters
from django.db.models import QuerySet
from django.http import HttpResponse, QueryDict

from fullscore.interfaces import wire
from fullscore.interfaces.web import cells, moments, shell
from fullscore.interfaces.web.shell import SignedIn
from fullscore.kit import access, past, tables
from fullscore.kit.errors import Invalid
from fullscore.kit.models import SavedView, User
from fullscore.kit.perform import require
from fullscore.kit.resource import Resource

View = Callable[..., HttpResponse]
MOST_CHOICES = 200  # of records in a filter; beyond, people search


def list_of(resource: Resource) -> View:
    """Return the list page of a noun."""

    def view(request: SignedIn) -> HttpResponse:
        require(resource.permission("view"), by=request.user)
        target = request.htmx.target if request.htmx else ""  # type: ignore[attr-defined]
        if target == "menu-filter":
            controls = _controls(resource, request.GET, request.user, [*_filters(resource)])
            return shell.page(request, "list.html#choices", addable=controls)
        at = moments.asked(request)
        if at:
            wire.check_history(resource)
        is_rows = target == "rows"
        with past.shown(at):
            context = _rows(resource, request, is_rows)
        frame = {"resource": resource} if is_rows else _frame(resource, request, at)
        template = "list.html#rows" if is_rows else "list.html"
        return shell.page(request, template, **context, **frame, at=at)

    return view


def _rows(resource: Resource, request: SignedIn, is_rows: bool) -> dict[str, Any]:
    try:
        rows = tables.filtered(resource, request.user, request.GET, request=request, strict=True)
        problem = ""
    except Invalid as error:
        rows, problem = resource.visible_to(request.user).none(), str(error)
    page = tables.page(resource, rows, request.GET.dict(), by=request.user)
    was = past.is_shown()
    # To count what a search finds means to read all of it, for a figure that nobody asked for.
    is_whole, is_search = not page.next and not page.previous, bool(request.GET.get("q"))
    count, is_exact = len(page.rows), is_whole
    if not is_whole and not is_search:
        count, is_exact = tables.counted(rows)
    if resource.trouble and not (is_rows or is_search or problem or was):
        problem = resource.trouble(rows)
    return _drawn(resource, request, page) | {
        "count_text": _count(resource, len(page.rows), count, is_exact) + ", as it was" * was,
        "trouble_text": problem,
        "empty": {} if page.rows else _empty(resource, request),
    }


def _drawn(resource: Resource, request: SignedIn, page: tables.Page) -> dict[str, Any]:
    query = request.GET
    return {
        "columns": [_heading(resource, c, page.sort, query) for c in page.columns],
        "body": cells.body(resource, page.rows, page.columns, user=request.user, can_choose=True),
        "next_url": _with(query, after=page.next, before="") if page.next else "",
        "previous_url": _with(query, before=page.previous, after="") if page.previous else "",
    }


def _frame(resource: Resource, request: SignedIn, at: datetime | None) -> dict[str, Any]:
    """Return what stands around the rows; nothing that writes when the past is shown."""
    user, query = request.user, request.GET
    controls = _controls(resource, query, user, [f for f in _filters(resource) if query.get(f)])
    may_write = at is None and access.may(user, resource.permission("add"))
    may_add = may_write and bool(resource.fields)
    files = "?" + query.urlencode() if query else ""
    return {
        "resource": resource,
        "title": resource.heading,
        "search_text": query.get("q", ""),
        "chips": _chips(controls, query),
        "addable": controls,
        "has_filters": bool(_filters(resource)),
        "quick": [
            {"title": words, "url": f"?{asked}", "current": query.urlencode() == asked}
            for words, asked in resource.quick.items()
        ],
        "views": _views(resource, request),
        "bulk_verbs": _bulk_verbs(resource, user) if at is None else [],
        "can_add": may_add or (may_write and resource.adds_by_page),
        "add_url": resource.url("add"),
        "can_import": may_add and resource.takes_files,
        "import_url": resource.url("import"),
        "export_urls": {
            kind: resource.url(f"export.{kind}") + files for kind in ("csv", "xlsx")
        } if resource.export else {},
        "column_choices": _column_choices(resource, query),
        "keeps_history": resource.keeps_history,
        "crumbs": [],
    }  # fmt: skip


def _heading(resource: Resource, column: str, sort: str, query: QueryDict) -> dict[str, Any]:
    told = [s for s in resource.sorts if past.is_told(resource.model, s.removeprefix("-"))]
    offered = {s.removeprefix("-"): s for s in told}
    is_sorted = sort.removeprefix("-") == column
    url = ""
    if column in offered:
        first = offered[column]
        other = column if first.startswith("-") else f"-{column}"
        wanted = other if sort == first else first
        url = _with(query, sort=wanted, after="", before="")
    field = resource.field_of(column)
    is_number = field is not None and field.get_internal_type() in NUMBERS and not field.choices
    direction = ("desc" if sort.startswith("-") else "asc") if is_sorted else ""
    return {
        "name": column, "label": resource.label_of(column), "sort_url": url,
        "sorted": direction, "is_number": is_number,
    }  # fmt: skip


NUMBERS = {
    "IntegerField", "PositiveIntegerField", "PositiveSmallIntegerField", "SmallIntegerField",
    "BigIntegerField", "FloatField", "DecimalField",
}  # fmt: skip


def _count(resource: Resource, shown: int, count: int, is_exact: bool) -> str:
    if not is_exact:
        return f"{shown} shown of more than {count:,}"
    words = resource.title if count == 1 else resource.title_plural
    return f"{count:,} {words}" if shown == count else f"{shown} shown of {count:,}"


def _filters(resource: Resource) -> dict[str, Any]:
    filters: dict[str, Any] = resource.filter_class().base_filters
    return {name: control for name, control in filters.items() if name != "q"}


def _controls(
    resource: Resource, query: QueryDict, user: User, names: Iterable[str]
) -> list[dict[str, Any]]:
    """Return filter controls: a choice, a record one may see, a day, or a word."""
    made = []
    for name in names:
        control = _filters(resource)[name]
        choices: Sequence[tuple[Any, Any]] | None = None
        if isinstance(control, django_filters.ModelChoiceFilter):
            choices = _seen(control.extra.get("queryset"), user)
        elif isinstance(control, django_filters.ChoiceFilter):
            choices = list(control.extra.get("choices", ()))
        elif isinstance(control, django_filters.BooleanFilter):
            choices = [("true", "yes"), ("false", "no")]
        made.append({
            "name": name, "label": _label(resource, name), "choices": choices,
            "kind": type(control).__name__.removesuffix("Filter").lower(),
            "value": query.get(name, ""),
        })  # fmt: skip
    return made


def _seen(rows: QuerySet[Any] | None, user: User) -> list[tuple[Any, Any]] | None:
    """Return the records to choose from: names of what one may not see stay unsaid."""
    if rows is None:
        return None
    seen = cast(Any, rows.model._default_manager).visible_to(user)
    return [(r.pk, str(r)) for r in tables.by_name(rows & seen)[:MOST_CHOICES]]


COMPARED = {"gte": "from", "lt": "before", "lte": "up to", "gt": "above"}


def _label(resource: Resource, name: str) -> str:
    column, _, lookup = name.rpartition("__")
    if lookup in COMPARED:
        return f"{resource.label_of(column)} {COMPARED[lookup]}"
    return resource.label_of(name)


def _chips(controls: Sequence[dict[str, Any]], query: QueryDict) -> list[dict[str, str]]:
    chips = []
    for control in controls:
        if value := control["value"]:
            labels = {str(k): str(v) for k, v in control["choices"] or ()}
            words = f"{control['label']}: {labels.get(value, value)}"
            chips.append({
                "label": words,
                "url": _with(query, **{control["name"]: "", "after": "", "before": ""}),
            })  # fmt: skip
    return chips


def _views(resource: Resource, request: SignedIn) -> list[dict[str, Any]]:
    seen = SavedView.objects.visible_to(request.user).filter(noun=resource.noun)
    now = request.GET.urlencode()
    return [
        {
            "title": v.name, "url": f"{resource.url()}?{v.query}", "pk": v.pk,
            "current": v.query == now, "is_own": v.owner_id == request.user.pk,
        }
        for v in seen
    ]  # fmt: skip


def _bulk_verbs(resource: Resource, user: Any) -> list[dict[str, str]]:
    verbs = [
        {"name": v.name, "label": v.label, "icon": v.icon, "tone": v.tone}
        for v in resource.verbs
        if v.in_bulk and access.may(user, v.permission)
    ]
    if resource.in_bulk and resource.fields and access.may(user, resource.permission("change")):
        verbs.append({"name": "edit", "label": "Edit", "icon": "pencil", "tone": ""})
    return verbs


def _column_choices(resource: Resource, query: QueryDict) -> list[dict[str, Any]]:
    shown = tables.chosen_columns(resource, query.dict())
    known = [*resource.columns, *(f for f in resource.facts if f not in resource.columns)]
    return [{"name": c, "label": resource.label_of(c), "shown": c in shown} for c in known]


def _empty(resource: Resource, request: SignedIn) -> dict[str, str]:
    asked = {name: words for name, words in request.GET.items() if name not in tables.OWN}
    # The filter with which the menu opens a list is nobody's own: where there is nothing, that is.
    is_usual = asked == dict(parse_qsl(resource.default_query))
    if asked and not (is_usual and not resource.visible_to(request.user).exists()):
        return {
            "title": f"No {resource.title_plural} match", "text": "Nothing passes these filters.",
            "action_url": resource.url(), "action": "Show all",
        }  # fmt: skip
    if past.is_shown():
        return {"title": "Nothing was recorded yet", "text": "No record existed at that moment."}
    about = (resource.model.__doc__ or "").strip().split("\n")[0]
    told = {
        "title": f"No {resource.title_plural} yet",
        "text": about,
        "action_url": "",
        "action": "",
    }
    if resource.fields and access.may(request.user, resource.permission("add")):
        told |= {"action_url": resource.url("add"), "action": f"Add {resource.title}"}
    return told


def _with(query: QueryDict, **changes: str) -> str:
    """Return the address's query with some words changed; empty ones go."""
    told = query.copy()
    for name, value in changes.items():
        if value:
            told[name] = value
        else:
            told.pop(name, None)
    return "?" + told.urlencode()
