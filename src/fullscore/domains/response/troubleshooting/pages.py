"""What changed before this broke? For an incident, and for any item and moment."""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import path
from django.views.decorators.http import require_POST

from fullscore.domains.foundation.changes.models import Change
from fullscore.domains.foundation.estate.models import Item
from fullscore.domains.response.incidents.models import Incident
from fullscore.domains.response.troubleshooting import services
from fullscore.domains.response.troubleshooting.reading import changed
from fullscore.domains.response.troubleshooting.reading.changed import Row
from fullscore.domains.response.troubleshooting.reading.naming import renamed
from fullscore.interfaces.web import moments, shell
from fullscore.interfaces.web.shell import SignedIn
from fullscore.kit import access, time
from fullscore.kit.errors import NotFound
from fullscore.kit.perform import find, require

SPANS = {"24": "24 hours", "72": "3 days", "168": "7 days"}
MOST_SHOWN = 200


def of_incident(request: SignedIn, pk: int) -> HttpResponse:
    """Show what changed before an incident began, worst first."""
    incident = _incident(request, pk)
    rows = changed.before_incident(incident, by=request.user, hours=_hours(request))
    return _page(
        request, rows, moment=incident.starts_at, subject=incident, incident=incident,
        title=f"What changed before: {incident}",
        crumbs=[{"title": "Incidents", "url": "/incidents"},
                {"title": str(incident), "url": f"/incidents/{pk}"}],
    )  # fmt: skip


def of_item(request: SignedIn, pk: int) -> HttpResponse:
    """Show what changed before a moment on an item and on what it depends on."""
    item = find(Item, pk, by=request.user)
    moment = moments.asked(request) or time.now()
    rows = changed.before([item.pk], moment, by=request.user, hours=_hours(request))
    return _page(
        request, rows, moment=moment, subject=item, title=f"What changed around {item}",
        crumbs=[{"title": "Items", "url": "/items"}, {"title": str(item), "url": f"/items/{pk}"}],
    )  # fmt: skip


@require_POST
def name_cause(request: SignedIn, pk: int) -> HttpResponse:
    """Say that an incident came from something that had happened before it."""
    incident = _incident(request, pk)
    require("troubleshooting.decide_cause", incident, by=request.user)
    rows = changed.before_incident(incident, by=request.user, hours=_hours(request))
    row = next((r for r in rows if r.happening.key == request.POST.get("happening")), None)
    if row is None:
        raise NotFound("That is no longer among what happened: open the page anew.")
    item = find(Item, row.happening.item, by=request.user)
    what = row.happening
    change = find(Change, what.url.rpartition("/")[2], by=request.user) if what.is_change else None
    services.name_cause(
        incident, by=request.user, item=item, kind=what.kind, text=what.text, change=change
    )
    messages.success(request, "The cause is named.")
    return HttpResponseRedirect(f"/incidents/{pk}")


@require_POST
def rank(request: SignedIn, pk: int) -> HttpResponse:
    """Rank the suspects of an incident now."""
    incident = _incident(request, pk)
    require("troubleshooting.run_ranking", incident, by=request.user)
    services.rank(incident, now=time.now(), by=request.user)
    messages.success(request, "The suspects are ranked.")
    url = f"/incidents/{pk}"
    if getattr(request, "htmx", False):
        return HttpResponse(status=204, headers={"HX-Redirect": url})
    return HttpResponseRedirect(url)


def _incident(request: SignedIn, pk: int) -> Incident:
    require("incidents.view_incident", by=request.user)
    found: Incident = find(Incident, pk, by=request.user)
    return found


def _hours(request: SignedIn) -> int:
    asked = request.GET.get("hours", "") or request.POST.get("hours", "")
    return int(asked) if asked in SPANS else changed.HOURS


def _page(
    request: SignedIn, rows: list[Row], *, moment: datetime, subject: Any, **context: Any
) -> HttpResponse:
    shown = renamed(rows[:MOST_SHOWN], request.user)
    context |= {
        "told": [(row, text, round(100 * row.score)) for row, text in shown], "subject": subject,
        "moment": moment, "hours": str(_hours(request)), "spans": SPANS, "count": len(rows),
        "most": MOST_SHOWN, "page_title": "What changed before",
        "may_decide": access.may(request.user, "troubleshooting.decide_cause"),
    }  # fmt: skip
    return shell.page(request, "troubleshooting/changed.html", **context)


PATTERNS = [
    path("incidents/<int:pk>/changed", login_required(of_incident), name="incident-changed"),
    path("incidents/<int:pk>/cause", login_required(name_cause), name="incident-cause"),
    path("incidents/<int:pk>/rank", login_required(rank), name="incident-rank"),
    path("items/<int:pk>/changed", login_required(of_item), name="item-changed"),
]
