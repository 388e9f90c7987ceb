"""Every address a noun has, derived from its `Resource`."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path

from fullscore.interfaces.web import files, lists, live, own, palette, records, writing
from fullscore.kit.resource import Resource


def patterns(resources: Sequence[Resource]) -> list[URLPattern]:
    """Return the addresses of all nouns, and of what is a person's own."""
    made = [p for resource in resources for p in _of(resource)]
    return [
        *made,
        path("search", _in(palette.palette), name="search"),
        path("settings", _in(own.settings_page), name="settings"),
        path("notifications", _in(own.notifications), name="notifications"),
        path("views/<str:noun>/save", _in(own.save_view), name="save-view"),
        path("views/<int:pk>/forget", _in(own.forget_view), name="forget-view"),
        path("live/changes", live.changes, name="live-changes"),
        path("live/stream", live.stream, name="live-stream"),
    ]


def _of(r: Resource) -> Iterable[URLPattern]:
    base = r.path
    yield _page(base, lists.list_of(r), f"{r.name}-list")
    if r.fields:
        yield _page(f"{base}/add", writing.add_of(r), f"{r.name}-add")
        yield _page(f"{base}/<int:pk>/edit", writing.edit_of(r), f"{r.name}-edit")
    if r.can_delete:
        yield _page(f"{base}/<int:pk>/delete", writing.delete_of(r), f"{r.name}-delete")
    if r.export:
        for kind in ("csv", "xlsx"):
            yield _page(
                f"{base}/export.{kind}", files.export_of(r, kind), f"{r.name}-export-{kind}"
            )
    yield _page(f"{base}/bulk", writing.bulk_of(r), f"{r.name}-bulk")
    yield _page(f"{base}/<int:pk>", records.detail_of(r), f"{r.name}-detail")
    yield _page(f"{base}/<int:pk>/panel/<str:key>", records.panel_of(r), f"{r.name}-panel")
    if r.keeps_history:
        yield _page(f"{base}/<int:pk>/changes", records.changes_of(r), f"{r.name}-changes")
    for verb in r.verbs:
        yield _page(
            f"{base}/<int:pk>/{verb.name}", writing.verb_of(r, verb), f"{r.name}-{verb.name}"
        )


def _page(address: str, view: Callable[..., HttpResponseBase], name: str) -> URLPattern:
    return path(address, _in(view), name=name)


def _in(view: Callable[..., Any]) -> Callable[..., Any]:
    """Let in who is signed in; everybody else signs in first and comes back."""
    return login_required(view)
