"""Explore: find metrics, draw some in one chart. Everything chosen stands in the address."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, JsonResponse, QueryDict, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.urls import path

from fullscore.connectors.samples.contract import FUNCTIONS
from fullscore.domains.foundation.telemetry.models import Series, Threshold
from fullscore.domains.foundation.telemetry.reading import asking
from fullscore.interfaces.web import figures, files, moments, shell
from fullscore.interfaces.web.shell import SignedIn
from fullscore.kit import limits, tables, time
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
        "csv": f"/explore.csv?{_address(asked)}" if chosen else "",
    }  # fmt: skip
    return shell.page(request, "telemetry/explore.html", **context)


def series(request: SignedIn) -> HttpResponse:
    """Answer the points of one chart, with p95 and thresholds as lines."""
    require("telemetry.view_series", by=request.user)
    chosen, span, function = _asked(request)
    units = list(asking.by_unit(chosen, function))
    if len(units) > 1:
        raise Invalid("A chart has one unit; these series have several.")
    unit = units[0] if units else ""
    told = asking.points(chosen, span, function=function)
    drawn = [{"name": asking.name_of(one), "points": _scaled(one, told[one.pk], function)}
             for one in chosen]  # fmt: skip
    answer = {
        "title": "", "unit": unit, "kind": "line", "step_seconds": span.step_seconds,
        "resolution": f"{_made(chosen, function)}, {span.resolution}",
        "time_zone": request.user.time_zone, "series": drawn, "marks": [],
        "thresholds": _lines(chosen, span, function, has_p95=bool(request.GET.get("p95"))),
        "sentence": _sentence(drawn, unit),
    }  # fmt: skip
    return JsonResponse(answer, headers={"Cache-Control": "no-store"})


def export(request: SignedIn) -> HttpResponseBase:
    """Hand out the points as a file, in base units; the units stand in the heads."""
    require("telemetry.view_series", by=request.user)
    limits.limit(f"export:{request.user.pk}", per=timedelta(minutes=1), count=10)
    chosen, span, function = _asked(request)
    told = asking.points(chosen, span, function=function)
    query = request.GET.urlencode()
    noted(request.user, "export samples", by=request.user, query=query)
    answer = StreamingHttpResponse(
        files.csv_lines(_heads(chosen, function), _rows(chosen, told)),
        content_type="text/csv; charset=utf-8",
    )
    answer["Content-Disposition"] = f'attachment; filename="samples-{time.now():%F}.csv"'
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
    return chosen, _span(request), _function(request.GET)


def _span(request: SignedIn) -> asking.Span:
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


# ── what is drawn ──────────────────────────────────────────────────────────────────────────────


def _scaled(one: Series, points: asking.Points, function: str) -> asking.Points:
    _, scale = asking.shown_in(one.metric, asking.function_for(one, function))
    return [(at, None if value is None else value * scale) for at, value in points]


def _made(chosen: Sequence[Series], function: str) -> str:
    made = dict.fromkeys(asking.function_for(one, function) for one in chosen)
    labels = dict(Threshold.Function.choices)
    return " and ".join(labels[name] for name in made) or "nothing chosen"


def _lines(
    chosen: Sequence[Series], span: asking.Span, function: str, *, has_p95: bool
) -> list[dict[str, Any]]:
    """Return the thresholds in force, and p95 where it is asked for."""
    told = []
    for threshold in asking.thresholds_of(chosen, function=function):
        _, scale = asking.shown_in(threshold.metric, threshold.function)
        for word in ("medium", "high", "critical"):
            value = getattr(threshold, f"{word}_at")
            if value is not None:
                told.append({"label": word, "value": value * scale})
    if has_p95:
        high = asking.high_points(chosen, span, function=function)
        for one in chosen:
            _, scale = asking.shown_in(one.metric, asking.function_for(one, function))
            if one.pk in high:
                whose = f" of {one.item or one.metric}" if len(chosen) > 1 else ""
                told.append({"label": f"p95{whose}", "value": high[one.pk] * scale})
    return told


def _sentence(drawn: Sequence[dict[str, Any]], unit: str) -> str:
    told = [(v, at, one["name"]) for one in drawn for at, v in one["points"] if v is not None]
    if not told:
        return "Nothing was measured in this time."
    value, at, name = max(told)
    when = datetime.fromtimestamp(at / 1000, UTC)
    return f"Peak: {name} {figures.figure(value, unit)} at {when:%-d %b %H:%M} UTC."


def _heads(chosen: Sequence[Series], function: str) -> list[str]:
    units = [
        asking.made_unit(one.metric.unit, asking.function_for(one, function)) for one in chosen
    ]
    names = zip(chosen, units, strict=True)
    return ["ts_ms", "time", *(files.flat(f"{asking.name_of(s)} [{unit}]") for s, unit in names)]


def _rows(chosen: Sequence[Series], told: dict[int, asking.Points]) -> Iterator[tables.Row]:
    columns = [told[one.pk] for one in chosen]
    for points in zip(*columns, strict=True):
        at = points[0][0]
        moment = datetime.fromtimestamp(at / 1000, UTC)
        yield tables.Row(at, (moment, *(value for _, value in points)))


PATTERNS = [
    path("explore", login_required(explore), name="explore"),
    path("explore/series", login_required(series), name="explore-series"),
    path("explore.csv", login_required(export), name="explore-csv"),
]
