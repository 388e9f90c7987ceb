"""What every page carries: menu, theme, the person, the last live change."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from fullscore.kit import access, live
from fullscore.kit.models import Notification, User
from fullscore.kit.resource import Resource


class SignedIn(HttpRequest):
    """A request behind the sign-in: its user is an account."""

    user: User


THEMES = ("", "light", "dark")


@dataclass(frozen=True, slots=True)
class Entry:
    """A page of the menu that is no list: home, a map, a board."""

    title: str
    url: str
    icon: str
    group: str = ""
    permission: str = ""
    under: str = ""  # the entry it stands inside


_resources: list[Resource] = []
_entries: list[Entry] = []


def show(resources: Sequence[Resource], entries: Sequence[Entry]) -> None:
    """Say what the menu holds, in order; called once, by `config`."""
    _resources[:] = resources
    _entries[:] = entries


def resources() -> Sequence[Resource]:
    """Return every noun, in menu order."""
    return _resources


def resource_of(model: Any) -> Resource | None:
    """Return how a noun is seen, if it is."""
    return next((r for r in _resources if r.model is model), None)


def page(request: HttpRequest, template: str, status: int = 200, **context: Any) -> HttpResponse:
    """Render a page in the shell; a fragment of it when htmx asks for one."""
    context.setdefault("page_title", context.get("title", ""))
    if resource := context.get("resource"):
        context.setdefault("crumbs", above(resource))
    if not getattr(request, "htmx", False) or request.htmx.boosted:  # type: ignore[attr-defined]
        context |= _around(request)
    answer = render(request, template, context, status=status)
    answer["Cache-Control"] = "no-store"
    answer["Vary"] = "HX-Request, Cookie"
    return answer


def above(resource: Resource) -> list[dict[str, str]]:
    """Return the way to a record of a noun, as the top bar shows it."""
    return [{"title": resource.heading, "url": resource.home_url}]


def _around(request: HttpRequest) -> dict[str, Any]:
    user = request.user
    me = user if user.is_authenticated else None
    theme = request.COOKIES.get("theme", getattr(me, "theme", ""))
    return {
        "theme": theme if theme in THEMES else "",
        "density": "compact" if request.COOKIES.get("density") == "compact" else "",
        "nav": menu(cast(SignedIn, request)) if me else [], "me": me,
        "last_change": live.last_id() if me else 0, "sample_mark": settings.OPTIONS.is_sample,
        "unread": Notification.objects.filter(user=me).unread().count() if me else 0,
    }  # fmt: skip


def menu(request: SignedIn) -> list[dict[str, Any]]:
    """Return the pages the person may open, by heading; some stand inside another."""
    lists = (
        Entry(r.heading, r.home_url, r.icon, r.group, r.permission("view"), r.under)
        for r in _resources
        if r.group
    )
    groups: dict[str, list[dict[str, Any]]] = {"": []}
    outer: dict[str, list[dict[str, Any]]] = {}
    for entry in sorted([*lists, *_entries], key=lambda one: bool(one.under)):
        if entry.permission and not access.may(request.user, entry.permission):
            continue
        link = _link(request, entry.title, entry.url, entry.icon)
        outer.setdefault(entry.title, link["inner"])
        outer.get(entry.under, groups.setdefault(entry.group, [])).append(link)
    return [{"title": title, "entries": links} for title, links in groups.items() if links]


def _link(request: HttpRequest, title: str, url: str, icon: str) -> dict[str, Any]:
    path, place = request.path, url.partition("?")[0]
    is_current = path == place or (place != "/" and path.startswith(place + "/"))
    return {"title": title, "url": url, "icon": icon, "current": is_current, "inner": []}
