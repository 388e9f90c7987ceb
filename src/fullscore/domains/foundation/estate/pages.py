"""What would happen if, what hangs on one thing, which differences wait, and how to stop."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Count
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import path
from django.views.decorators.http import require_POST

from fullscore.domains.foundation.estate import authority, queries, services
from fullscore.domains.foundation.estate.maps import failing
from fullscore.domains.foundation.estate.models import Difference, Item, Scope
from fullscore.domains.foundation.estate.queries import points
from fullscore.interfaces.web import moments, shell
from fullscore.interfaces.web.shell import SignedIn
from fullscore.kit import past, time
from fullscore.kit.errors import Invalid, Problem
from fullscore.kit.perform import find, require

EXAMPLES, AT_ONCE = 10, 1000
DECIDE = "estate.decide_difference"


def what_if(request: SignedIn) -> HttpResponse:
    """Say what goes down, and why, when a chosen set of items fails."""
    require("estate.view_item", by=request.user)
    at, user = moments.asked(request), request.user
    asked = failing(request.GET.getlist("fails"))
    if whole := failing(request.GET.getlist("within")):
        asked = [*asked, *points.within(whole, user=user, at=at)][:AT_ONCE]
    with past.shown(at):
        seen = past.visible(Item, user).exclude(state=Item.State.RETIRED)
        failed = list(seen.filter(pk__in=asked))
        choices = list(seen.exclude(pk__in=asked).order_by("kind", "name")[:2000])
    keys = [i.pk for i in failed]
    told = queries.what_if(keys, user=user, limit=2000, at=at) if failed else []
    down = [c for c in told if c.is_down]
    gone = [*keys, *(c.item for c in down)]
    fails = urlencode({"fails": keys, **({"at": at.isoformat()} if at else {})}, doseq=True)
    context: dict[str, Any] = {
        "title": "What if", "failed": failed, "query": fails, "choices": choices,
        **moments.told(request, at),
        "down": down, "degraded": [c for c in told if not c.is_down],
        "last": points.last_legs(gone, user=user, at=at) if failed else [],
    }  # fmt: skip
    return shell.page(request, "estate/what_if_page.html", **context)


def single_points(request: SignedIn) -> HttpResponse:
    """Show what each critical service hangs on, the worst first."""
    require("estate.view_item", by=request.user)
    told = points.single_points(request.user, now=time.now())
    count = sum(len(one.points) for one in told)
    return shell.page(
        request, "estate/single_points.html", title="Single points of failure", told=told,
        count=count,
    )  # fmt: skip


def decide(request: SignedIn) -> HttpResponse:
    """Decide about all open differences of one sort, after their number and ten examples."""
    require("estate.view_item", by=request.user)
    if request.method == "POST":
        return _decided(request)
    rows = Difference.objects.visible_to(request.user).filter(state=Difference.State.OPEN)
    sorts = rows.values("attribute", "source").annotate(count=Count("pk")).order_by("-count")
    groups = [
        {**one, "can_accept": one["attribute"] in authority.WRITABLE,
         "examples": rows.filter(attribute=one["attribute"], source=one["source"])
         .select_related("item").order_by("first_seen_at")[:EXAMPLES]}
        for one in sorts
    ]  # fmt: skip
    return shell.page(
        request, "estate/decide.html", title="Decide differences", groups=groups,
        most=AT_ONCE, crumbs=[{"title": "Differences", "url": "/differences"}],
    )  # fmt: skip


def _decided(request: SignedIn) -> HttpResponse:
    """Do to each of a sort what was said, as on its own page; one that refuses stops no other."""
    require(DECIDE, by=request.user)
    verb = {"accept": services.accept, "reject": services.reject}.get(request.POST.get("verb", ""))
    note = request.POST.get("note", "").strip()
    if verb is None:
        raise Invalid("Say whether to accept or to reject them.")
    if verb is services.reject and not note:
        messages.error(request, "Say why the record is right: a change is drafted for each.")
        return HttpResponseRedirect("/differences/decide")
    rows = Difference.objects.visible_to(request.user).filter(
        state=Difference.State.OPEN, attribute=request.POST.get("attribute", ""),
        source=request.POST.get("source", ""),
    )  # fmt: skip
    done, refused = 0, list[str]()
    for pk in list(rows.order_by("first_seen_at").values_list("pk", flat=True)[:AT_ONCE]):
        try:
            one = find(Difference, pk, by=request.user)
            require(DECIDE, one, by=request.user)
            verb(one, by=request.user, note=note)
            done += 1
        except Problem as problem:
            refused.append(str(problem))
    word = "accepted" if verb is services.accept else "rejected; a change is drafted for each"
    messages.success(request, f"{done} {'difference' if done == 1 else 'differences'} {word}.")
    for sentence in refused[:5]:
        messages.error(request, sentence)
    return HttpResponseRedirect("/differences/decide")


@require_POST
def stop_all(request: SignedIn) -> HttpResponse:
    """Stop sending to every scope."""
    require("estate.pause_scope", by=request.user)
    count = services.stop_all(by=request.user)
    messages.success(request, f"Nothing is sent any more: {count} scopes are paused.")
    return HttpResponseRedirect("/discovery")


def discovery(request: SignedIn) -> HttpResponse:
    """Say what we may send to whom, who let it, and how to stop it all."""
    require("estate.view_scope", by=request.user)
    scopes = Scope.objects.visible_to(request.user).select_related("approved_by", "second_by")
    sending = [s for s in scopes if s.approved_at and not s.is_paused]
    return shell.page(
        request, "estate/discovery.html", title="Discovery", scopes=scopes, sending=sending,
        methods=Scope.Method.choices,
    )  # fmt: skip


PATTERNS = [
    path("what-if", login_required(what_if), name="what-if"),
    path("single-points", login_required(single_points), name="single-points"),
    path("differences/decide", login_required(decide), name="decide-differences"),
    path("discovery", login_required(discovery), name="discovery"),
    path("discovery/stop", login_required(stop_all), name="stop-all"),
]
