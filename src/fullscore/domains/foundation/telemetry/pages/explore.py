"""Explore: find metrics, draw some in one chart. Everything chosen stands in the address."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, JsonResponse, QueryDict, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.urls import path

from fullscore.connectors import arrow
from fullscore.connectors.samples.contract import FUNCTIONS
from fullscore.domains.foundation.telemetry.models import Series
from fullscore.domains.foundation.telemetry.pages import drawing
from fullscore.domains.foundation.telemetry.reading import asking, exports
from fullscore.interfaces.web import moments, shell
from fullscore.interfaces.web.shell import SignedIn
from fullscore.kit import limits, time
from fullscore.kit.audit import noted
from fullscore.kit.errors import Invalid
from fullscore.kit.perform import require

RANGES = {"1h": 3600, "24h": 86_400, "7d": 7 * 86_400, "90d": 90 * 86_400}
RANGE_WORDS = {"1h": "1 hour", "24h": "24 hours", "7d": "7 days", "90d": "90 days",
               "custom": "from … to"}  # fmt: skip
DRAWN = 6  # series of one chart that are told apart
CHOSEN = 24
LISTED = 50
KEPT = ("series", "function", "range", "from", "to", "p95", "q")


def explore(request: SignedIn) -> HttpResponse:
    """Find series and draw those that are chosen."""
    require("telemetry.view_series", by=request.user)
    asked = request.GET
    pks = _chosen(asked)
    chosen = asking.named(pks, by=request.user)
    function = _function(asked)
    text = asked.get("q", "").strip()
    found = asking.found(text, by=request.user, limit=LISTED + 1) if text or not chosen else []
    context: dict[str, Any] = {
        "title": "Explore", "text": text, "function": function, "functions": FUNCTIONS,
        "range": asked.get("range", "24h"), "ranges": RANGE_WORDS,
        "p95": bool(asked.get("p95")), "start": asked.get("from", ""), "end": asked.get("to", ""),
        "chosen": [(one, asking.name_of(one), _without(asked, one.pk)) for one in chosen],
        "missing": len(set(pks)) - len(chosen), "charts": _charts(asked, chosen, function),
        "found": [(one, _with(asked, one.pk)) for one in found[:LISTED] if one not in chosen],
        "is_more": len(found) > LISTED, "listed": LISTED,
        "address": _address(asked),
    }  # fmt: skip
    return shell.page(request, "telemetry/explore.html", **context)


def series(request: SignedIn) -> HttpResponse:
    """Answer the points of one chart, with p95 and thresholds as lines."""
    require("telemetry.view_series", by=request.user)
    chosen, span, function = _asked(request)
    has_p95 = bool(request.GET.get("p95"))
    told = drawing.answer(request, chosen, span, function=function, has_p95=has_p95)
    return JsonResponse(told, headers={"Cache-Control": "no-store"})


def export(request: SignedIn) -> HttpResponseBase:
    """Hand out the points as a file, in the units of the page; with `base`, in base units."""
    chosen, span, function = _exported(request)
    told = asking.points(chosen, span, function=function)
    is_base = bool(request.GET.get("base"))
    lines = exports.csv(chosen, told, function=function, is_base=is_base)
    return _file(StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8"), "csv")


def arrow_export(request: SignedIn) -> HttpResponseBase:
    """Hand out the points as an Arrow stream, in base units."""
    chosen, span, function = _exported(request)
    told = asking.points(chosen, span, function=function)
    content = exports.stream(chosen, told, function=function)
    return _file(HttpResponse(content, content_type=arrow.TYPE), "arrows")


def _exported(request: SignedIn) -> tuple[list[Series], asking.Span, str]:
    """Return what is asked for as a file, which is counted and written down."""
    require("telemetry.view_series", by=request.user)
    limits.limit(f"export:{request.user.pk}", per=timedelta(minutes=1), count=10)
    chosen, span, function = _asked(request)
    query = request.GET.urlencode()
    noted(request.user, "export samples", by=request.user, query=query)
    return chosen, asking.fitting(span, chosen), function


def _file(answer: HttpResponseBase, kind: str) -> HttpResponseBase:
    answer["Content-Disposition"] = f'attachment; filename="samples-{time.now():%F}.{kind}"'
    answer["Cache-Control"] = "no-store"
    return answer


# ── what the address says ──────────────────────────────────────────────────────────────────────


def _chosen(asked: QueryDict) -> list[int]:
    pks = [int(pk) for pk in asked.getlist("series") if pk.isdecimal() and len(pk) < 19]
    return list(dict.fromkeys(pks))[:CHOSEN]


def _function(asked: QueryDict) -> str:
    function = asked.get("function", "")
    return function if function in FUNCTIONS else ""


def _asked(request: SignedIn) -> tuple[list[Series], asking.Span, str]:
    """Return the series, the span and the function of an address. Raises Invalid."""
    chosen = asking.named(_chosen(request.GET), by=request.user)
    return chosen, span_of(request), _function(request.GET)


def span_of(request: SignedIn) -> asking.Span:
    name, now = request.GET.get("range", "24h"), time.now()
    if name in RANGES:
        return asking.span(now - timedelta(seconds=RANGES[name]), now)
    if name != "custom":
        raise Invalid(f"The range is one of {', '.join(RANGES)}, or custom.")
    end = moments.asked(request, "to") or now
    start = moments.asked(request, "from")
    if start is None:
        raise Invalid("Say from when, such as 2026-11-17T02:00.")
    return asking.span(start, end)


def _address(asked: QueryDict, *, series: Sequence[int] | None = None) -> str:
    """Return the address of what is chosen, with other series where they are given."""
    told = QueryDict(mutable=True)
    for name in KEPT:
        told.setlist(name, [v for v in asked.getlist(name) if v])
    told.setlist("series", [str(pk) for pk in (_chosen(asked) if series is None else series)])
    return told.urlencode()


def _with(asked: QueryDict, pk: int) -> str:
    return "/explore?" + _address(asked, series=[*_chosen(asked), pk])


def _without(asked: QueryDict, pk: int) -> str:
    return "/explore?" + _address(asked, series=[one for one in _chosen(asked) if one != pk])


def _charts(asked: QueryDict, chosen: Sequence[Series], function: str) -> list[dict[str, str]]:
    """Return title and address of each chart: one for each unit, six series in each."""
    told = []
    for some in asking.by_unit(chosen, function).values():
        for start in range(0, len(some), DRAWN):
            part = some[start : start + DRAWN]
            metrics = list(dict.fromkeys(str(one.metric) for one in part))
            src = "/explore/series?" + _address(asked, series=[one.pk for one in part])
            title = metrics[0] if len(metrics) == 1 else f"{metrics[0]} and {len(metrics) - 1} more"
            told.append({"title": title, "src": src})
    return told


PATTERNS = [
    path("explore", login_required(explore), name="explore"),
    path("explore/series", login_required(series), name="explore-series"),
    path("explore.csv", login_required(export), name="explore-csv"),
    path("explore.arrows", login_required(arrow_export), name="explore-arrow"),
]
