"""The page of one record: what it is, what is wrong, what hangs on it, how it was."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import models
from django.http import Http404, HttpResponse
from django.template.loader import render_to_string
from django.utils.http import urlencode
from django.utils.safestring import SafeString

from fullscore.interfaces import wire
from fullscore.interfaces.web import cells, moments, shell
from fullscore.interfaces.web.shell import SignedIn
from fullscore.kit import access, history, past, tables, time
from fullscore.kit.audit import noun_of
from fullscore.kit.errors import NotFound
from fullscore.kit.models import AuditEntry, User
from fullscore.kit.perform import Verb, find, require
from fullscore.kit.resource import Panel, Resource, panels_on
from fullscore.kit.words import titled

View = Callable[..., HttpResponse]
BUTTONS = 4  # of a record side by side; the others are in a menu
PANEL_ROWS = 20


def detail_of(resource: Resource) -> View:
    """Return the page of one record, as it is or as it was."""

    def view(request: SignedIn, pk: int) -> HttpResponse:
        require(resource.permission("view"), by=request.user)
        record = find(resource.model, pk, by=request.user)
        at = moments.asked(request)
        if at:
            wire.check_history(resource)
        shown = was(record, at) if at else record
        verbs = [] if at else buttons(resource, record, request.user)
        context: dict[str, Any] = {
            "resource": resource, "title": str(shown), "at": at,
            "subtitle": resource.subtitle(shown) if resource.subtitle else "",
            "badges": list(resource.badges(shown)) if resource.badges else [],
            "doors": resource.doors(record, request.user) if resource.doors and not at else [],
            "facts": cells.facts(resource, shown, user=request.user),
            "verbs": verbs[:BUTTONS], "more_verbs": verbs[BUTTONS:],
            "panels": _panels(resource, shown, request.user, at),
            "as_of": _as_of(resource, record, at) if resource.keeps_history else None,
            "edit_url": "" if at else _edit_url(resource, record, request.user),
            "live": f"{resource.noun}:{record.pk}",
        }  # fmt: skip
        return shell.page(request, "detail.html", **context)

    return view


def panel_of(resource: Resource) -> View:
    """Return one panel of a record's page, for those fetched after the page stands."""

    def view(request: SignedIn, pk: int, key: str) -> HttpResponse:
        require(resource.permission("view"), by=request.user)
        record = find(resource.model, pk, by=request.user)
        for owner, panel in panels_on(resource.model, shell.resources()):
            if panel.key == key and _may_read(panel, owner, request.user):
                at = moments.asked(request) if resource.keeps_history else None
                shown = was(record, at) if at else record
                html = _panel_html(owner, panel, shown, request.user, at)[0]
                return HttpResponse(html, headers={"Cache-Control": "no-store"})
        raise Http404

    return view


def changes_of(resource: Resource) -> View:
    """Return what differs in one record between two moments, and who did it."""

    def view(request: SignedIn, pk: int) -> HttpResponse:
        require(resource.permission("view"), by=request.user)
        record = find(resource.model, pk, by=request.user)
        later = moments.asked(request, "to") or time.now()
        earlier = moments.asked(request, "from") or later - timedelta(days=7)
        before = history.at(record, earlier)
        one = history.Difference(record.pk, before, history.at(record, later))
        url = resource.url(record.pk)
        context: dict[str, Any] = {
            "resource": resource, "title": f"What changed: {record}", "page_title": "What changed",
            "earlier": earlier, "later": later, "is_settling": moments.is_settling(later),
            "is_new": before is None, "differences": _differences(resource, one, request.user),
            "entries": _entries(record, request.user, since=earlier, until=later),
            "back_url": url, "crumbs": [*shell.above(resource), {"title": str(record), "url": url}],
        }  # fmt: skip
        return shell.page(request, "changes.html", **context)

    return view


def was(record: Any, at: datetime) -> Any:
    """Return the record as it was, never to be saved. Raises NotFound before it existed."""
    state = history.at(record, at)
    if state is None:
        raise NotFound(f"{record} did not exist at {at:%Y-%m-%d %H:%M} UTC.")
    known = {f.attname: f for f in record._meta.concrete_fields}
    values = {
        name: known[name].to_python(value) if value is not None else None
        for name, value in state.items()
        if name in known and not known[name].is_relation
    }
    keys = {name: state[name] for name, f in known.items() if f.is_relation and name in state}
    return type(record)(**{**values, **keys})


def buttons(resource: Resource, record: Any, user: User) -> list[dict[str, Any]]:
    """Return the verbs somebody may do to this record; what cannot be done now says why, last."""
    told = [_button(resource, verb, record) for verb in resource.verbs if _may_do(verb, user)]
    return sorted(told, key=lambda button: bool(button["why_not"]))


def _may_do(verb: Verb, user: User) -> bool:
    return access.may(user, verb.permission)


def _button(resource: Resource, verb: Verb, record: Any) -> dict[str, Any]:
    return {
        "name": verb.name, "label": verb.label, "icon": verb.icon, "tone": verb.tone,
        "about": verb.about, "url": resource.url(record.pk, verb.name),
        "why_not": verb.when(record) if verb.when else "",
        "has_input": bool(verb.input().model_fields),
    }  # fmt: skip


def _edit_url(resource: Resource, record: Any, user: User) -> str:
    is_offered = bool(resource.fields) and resource.can_change
    may = is_offered and access.may(user, resource.permission("change"))
    return resource.url(record.pk, "edit") if may else ""


def _may_read(panel: Panel, owner: Resource, user: User) -> bool:
    wanted = panel.permission or owner.permission("view")
    return access.may(user, wanted)


def _panels(
    resource: Resource, record: Any, user: User, at: datetime | None
) -> list[dict[str, Any]]:
    """Return the panels that have something to say; the past is shown by those that know it."""
    told = []
    panels = panels_on(resource.model, shell.resources())
    for owner, panel in panels:
        if not _may_read(panel, owner, user) or (at and not (panel.shows_past or panel.rows)):
            continue
        if panel.is_lazy:
            url = resource.url(record.pk, "panel", panel.key)
            told.append(_shown(panel.title, panel.key, url=url))
            continue
        html, count = _panel_html(owner, panel, record, user, at)
        add = {} if at else _addition(panel, record, user)
        if html or add:
            told.append(_shown(panel.title, panel.key, html, count) | add)
    if at is None and not any(panel.is_history for _, panel in panels):
        told += _history(resource, record, user)
    return told


def _addition(panel: Panel, record: Any, user: User) -> dict[str, str]:
    """Return where a row of a panel is added, filled in with this record, and what it is called."""
    rows = panel.rows(record) if panel.adds and panel.rows else None
    shown = shell.resource_of(rows.model) if rows is not None else None
    if shown is None or not access.may(user, shown.permission("add")):
        return {}
    here = shell.resource_of(type(record))
    back = here.url(record.pk) if here else ""
    asked = urlencode({panel.adds: record.pk, "next": back})
    return {"add_url": f"{shown.url('add')}?{asked}", "noun": shown.title}


def _shown(title: str, key: str, html: str = "", count: str = "", url: str = "") -> dict[str, Any]:
    return {"title": title, "key": key, "html": html, "url": url, "count": count}


def _panel_html(
    owner: Resource, panel: Panel, record: Any, user: User, at: datetime | None
) -> tuple[SafeString | str, str]:
    if panel.draw:
        return panel.draw(record, user, at), ""
    rows = panel.rows(record) if panel.rows else owner.model._default_manager.none()
    shown = shell.resource_of(rows.model)
    if shown is None or (at and not (shown.keeps_history and past.is_answered(rows))):
        return "", ""
    columns = panel.columns or shown.columns
    with past.shown(at):
        seen = rows & past.visible(rows.model, user)
        count = seen.count()
        ordered = seen if seen.ordered else seen.order_by(tables.chosen_sort(shown, ""))
        found = list(tables.read(shown, ordered, columns)[:PANEL_ROWS])
    if not count:
        return "", ""
    named = tables.named(shown, columns, found, by=user)
    context = {
        "columns": [{"name": c, "label": shown.label_of(c)} for c in columns],
        "body": cells.body(shown, named, columns, user=user, can_choose=False),
        "more": count - len(found),
        "title": panel.title,
    }
    return render_to_string("panel_rows.html", context), str(count)


def _as_of(resource: Resource, record: Any, at: datetime | None) -> dict[str, Any]:
    first = history.of(record).order_by("starts_at").values_list("starts_at", flat=True).first()
    now = time.now()
    return {
        "url": resource.url(record.pk),
        "min": (first or now).astimezone(UTC).isoformat(timespec="minutes"),
        "max": now.isoformat(timespec="minutes"),
        "value": at.isoformat(timespec="minutes") if at else "",
        "changes_url": resource.url(record.pk, "changes"),
        "is_settling": at is not None and moments.is_settling(at),
    }


def _differences(resource: Resource, one: history.Difference, user: User) -> list[dict[str, Any]]:
    """Return what differs as people read it; of values with names, only the names that differ."""
    told = []
    for name, before, after in one.fields:
        column = name.removesuffix("_id")
        field = resource.field_of(column)
        shows = field is not None and field.editable and not field.primary_key
        parts: list[tuple[str, Any, Any]] = [("", before, after)]
        if isinstance(before or {}, dict) and isinstance(after or {}, dict):
            old, new = before or {}, after or {}
            parts = [(f": {titled(k)}", old.get(k), new.get(k)) for k in sorted({**old, **new})]
        for part, was, now in parts:
            said = [_said(resource, column, value, user) for value in (was, now)]
            if said[0] != said[1] and shows:
                label = resource.label_of(column) + part
                told.append({"label": label, "before": said[0], "after": said[1]})
    return told


def _said(resource: Resource, column: str, value: Any, user: User) -> Any:
    """Return one value of what is kept; empty where there was none."""
    if value in (None, "", [], {}):
        return ""
    field = resource.field_of(column)
    if field is not None and field.is_relation and field.related_model:
        return _named(field.related_model, value, user)
    if field is not None and field.choices:
        return str(dict(field.flatchoices).get(value, value))
    if isinstance(field, models.DateField):  # days and instants are kept as JSON has them
        value = field.to_python(value)
    return cells.shown(value, user=user)


def _named(model: Any, pk: Any, user: User) -> str:
    """Return a record's name where the reader may see it; of what is gone, its number."""
    seen = model._default_manager.visible_to(user).filter(pk=pk).first()
    if seen is not None:
        return str(seen)
    return tables.RESTRICTED if model._base_manager.filter(pk=pk).exists() else str(pk)


def _entries(record: Any, user: User, *, since: datetime, until: datetime) -> list[AuditEntry]:
    rows = AuditEntry.objects.filter(noun=noun_of(record), record=str(record.pk))
    return list(rows.filter(at__gt=since, at__lte=until).select_related("by")[:200])


def _history(resource: Resource, record: Any, user: User) -> list[dict[str, Any]]:
    rows = AuditEntry.objects.filter(noun=noun_of(record), record=str(record.pk))
    entries = [_entry(resource, e) for e in rows.select_related("by")[:PANEL_ROWS]]
    context = {"entries": entries, "user": user}
    html = render_to_string("panel_history.html", context)
    return [_shown("History", "history", html)] if entries else []


def _entry(resource: Resource, entry: AuditEntry) -> dict[str, Any]:
    before, after = entry.before or {}, entry.after or {}
    names = sorted(n for n in before.keys() | after.keys() if before.get(n) != after.get(n))
    changed = [resource.label_of(n.removesuffix("_id")) for n in names] if entry.before else []
    return {"entry": entry, "changed": ", ".join(changed[:8])}
