"""Dashboards: what is measured of one item, or of all items of a kind."""

from urllib.parse import quote, urlencode

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import path

from fullscore.domains.foundation.estate.models import Item
from fullscore.domains.foundation.telemetry.pages import drawing
from fullscore.domains.foundation.telemetry.pages.explore import span_of
from fullscore.domains.foundation.telemetry.reading import dashboards
from fullscore.interfaces.web import shell
from fullscore.interfaces.web.shell import SignedIn
from fullscore.kit import time
from fullscore.kit.errors import Invalid
from fullscore.kit.perform import find, require
from fullscore.kit.words import titled

METRICS = 8  # of one chart


def first(request: SignedIn) -> HttpResponse:
    """Lead to the kind of which the most is measured; say what to do while there is none."""
    require("telemetry.view_series", by=request.user)
    found = dashboards.kinds(request.user)
    if found:
        return HttpResponseRedirect(f"/dashboards/{quote(next(iter(found)))}")
    return shell.page(request, "telemetry/dashboard.html", title="Dashboards", groups=[], tabs=[])


def of_kind(request: SignedIn, kind: str) -> HttpResponse:
    """Show what is measured of all items of a kind: in each chart the six that are highest."""
    require("telemetry.view_series", by=request.user)
    found = dashboards.kinds(request.user)
    rows = dashboards.series_of(request.user, now=time.now(), kind=kind)
    tabs = [
        (titled(name), f"/dashboards/{quote(name)}", name == kind, many)
        for name, many in found.items()
    ]
    return shell.page(
        request,
        "telemetry/dashboard.html",
        title=f"{titled(kind)} dashboard",
        about="Of each metric the six that stand out: the highest; of what is free the lowest.",
        tabs=tabs,
        groups=_drawn(dashboards.groups(rows, kind=kind, is_together=False), {"kind": kind}),
    )


def of_item(request: SignedIn, pk: int) -> HttpResponse:
    """Show what is measured of one item."""
    require("telemetry.view_series", by=request.user)
    item = find(Item, pk, by=request.user)
    rows = dashboards.series_of(request.user, now=time.now(), item=item)
    return shell.page(
        request,
        "telemetry/dashboard.html",
        title=f"Dashboard of {item}",
        page_title="Dashboard",
        item=item,
        tabs=[],
        groups=_drawn(dashboards.groups(rows, kind=item.kind, is_together=True), {"item": str(pk)}),
        crumbs=[{"title": "Items", "url": "/items"}, {"title": str(item), "url": f"/items/{pk}"}],
    )


def series(request: SignedIn) -> HttpResponse:
    """Answer the points of one chart of a dashboard."""
    require("telemetry.view_series", by=request.user)
    span, asked = span_of(request), request.GET
    metrics = asked.getlist("metric")[:METRICS]
    if not metrics or ("item" in asked) == ("kind" in asked):
        raise Invalid("A chart of a dashboard has metrics, and an item or a kind.")
    item = find(Item, _number(asked["item"]), by=request.user) if "item" in asked else None
    rows = dashboards.series_of(request.user, now=time.now(), item=item, kind=asked.get("kind", ""))
    chosen, many = dashboards.outstanding(rows, metrics, span)
    word = "lowest" if all(map(dashboards.is_less_worse, metrics)) else "highest"
    note = f"the {len(chosen)} {word} of {many:,}" if many > len(chosen) else ""
    names = dashboards.told_apart(chosen)
    told = drawing.answer(request, chosen, span, names=names, note=note)
    return JsonResponse(told, headers={"Cache-Control": "no-store"})


def _number(text: str) -> int:
    if not (text.isdecimal() and len(text) < 19):
        raise Invalid("`item` is the number of an item.")
    return int(text)


def _drawn(
    groups: list[dashboards.Group], whose: dict[str, str]
) -> list[tuple[str, list[tuple[str, str, str]]]]:
    """Return each group's charts: title, where the points are, and where to look closer."""
    return [
        (
            group.title,
            [
                (
                    chart.title,
                    "/dashboards/series?"
                    + urlencode({**whose, "metric": chart.metrics}, doseq=True),
                    "/explore?" + urlencode({"q": chart.metrics[0]}),
                )
                for chart in group.charts
            ],
        )
        for group in groups
    ]


PATTERNS = [
    path("dashboards", login_required(first), name="dashboards"),
    path("dashboards/series", login_required(series), name="dashboard-series"),
    path("dashboards/<str:kind>", login_required(of_kind), name="dashboard-kind"),
    path("items/<int:pk>/dashboard", login_required(of_item), name="item-dashboard"),
]
