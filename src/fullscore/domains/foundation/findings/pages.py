"""Pages about findings that are no lists."""

from datetime import datetime, timedelta
from statistics import median
from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import HttpResponse
from django.urls import path

from fullscore.domains.foundation.estate import queries as estate
from fullscore.domains.foundation.estate.maps import MOST, drawn, failing
from fullscore.domains.foundation.estate.models import Item, Link
from fullscore.domains.foundation.findings import queries
from fullscore.domains.foundation.findings.models import Finding
from fullscore.interfaces.web import moments, shell
from fullscore.interfaces.web.shell import SignedIn
from fullscore.kit import past, time
from fullscore.kit.access import Actor
from fullscore.kit.perform import require


def closed_this_week(request: SignedIn) -> HttpResponse:
    """Show what was closed in seven days, each with its proof, and what came back."""
    require("findings.view_finding", by=request.user)
    week = time.now() - timedelta(days=7)
    closed = list(queries.closed_since(request.user, week))
    days = [(f.closed_at - f.opened_at) / timedelta(days=1) for f in closed if f.closed_at]
    seen = Finding.objects.visible_to(request.user)
    counts = [
        {"label": "Verified", "value": sum(f.closed_as == "verified" for f in closed)},
        {"label": "Gone", "value": sum(f.closed_as == "gone" for f in closed)},
        {"label": "Came back", "value": seen.filter(reopened_count__gt=0).live().count()},
        {"label": "Median days open", "value": f"{median(days):.1f}" if days else "–"},
    ]
    return shell.page(
        request, "findings/closed.html", title="Closed this week", closed=closed, counts=counts
    )


def map_page(request: SignedIn) -> HttpResponse:
    """Draw the estate by lane and tier; what is in trouble, or would be, in colour."""
    require("estate.view_item", by=request.user)
    at, failed = moments.asked(request), failing(request.GET.getlist("fails"))
    with past.shown(at, also_gone=True):
        live = past.visible(Item, request.user).exclude(state=Item.State.RETIRED)
        items = _shown(live)
        shown = [i.pk for i in items]
        links = Link.objects.filter(from_item__in=shown, to_item__in=shown)
        ends = list(links.values_list("from_item_id", "to_item_id"))
        tones = {} if failed else _trouble(shown, at or time.now())
        failing_items, total = list(live.filter(pk__in=failed)), live.count()
    if failed:
        tones = _consequences(failed, request.user, at)
    picture = drawn([(i.pk, i.name, i.kind) for i in items], ends, tones)
    in_trouble = [s for s in picture.spots if s.tone]
    context: dict[str, Any] = {
        "title": "Map", "picture": picture, "in_trouble": in_trouble,
        "failed": failing_items, "count": len(picture.spots), "total": total,
        **moments.told(request, at),
    }  # fmt: skip
    return shell.page(request, "findings/map.html", **context)


def _shown(live: QuerySet[Item]) -> list[Item]:
    """Return up to 500 items, those that carry most first: services before hosts."""
    rows = live.only("pk", "name", "kind", "criticality")
    return list(rows.order_by("criticality", "name")[:MOST])


def _trouble(items: list[int], now: datetime) -> dict[int, str]:
    """Return the tone of each item by its worst pressing finding."""
    rows = Finding.objects.filter(item__in=items, state__in=Finding.PRESSING)
    severities = rows.exclude(muted_until__gt=now).values_list("item_id", "severity")
    tones: dict[int, str] = {}
    for pk, severity in sorted(severities, key=lambda one: one[1]):
        tones[pk] = {5: "crit", 4: "high"}.get(severity, tones.get(pk, ""))
    return {pk: tone for pk, tone in tones.items() if tone}


def _consequences(failed: list[int], user: Actor, at: datetime | None) -> dict[int, str]:
    told = {
        c.item: "high" if c.is_down else "warn"
        for c in estate.what_if(failed, user=user, limit=5000, at=at)
    }
    return told | dict.fromkeys(failed, "crit")


PATTERNS = [
    path("closed", login_required(closed_this_week), name="closed-this-week"),
    path("map", login_required(map_page), name="map"),
]
