"""The live charts of a host, as the page's charts read them."""

from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, JsonResponse
from django.urls import path
from django.utils.timezone import localtime

from fullscore.domains.foundation.estate.models import Item
from fullscore.domains.foundation.telemetry.queries import (
    Drawn,
    Line,
    draw,
    first_sample_at,
    milliseconds,
    step_for,
)
from fullscore.domains.infrastructure.servers.models import Facts, Server
from fullscore.domains.infrastructure.servers.queries import changed_between, changes_of
from fullscore.interfaces.web import figures, moments, shell
from fullscore.interfaces.web.shell import SignedIn
from fullscore.kit import history, time
from fullscore.kit.errors import Invalid, NotFound
from fullscore.kit.perform import find

SHORTEST = timedelta(minutes=5)  # of a chart, however young the installation
RANGES = {"1h": 3600, "24h": 86_400, "7d": 7 * 86_400, "90d": 90 * 86_400}
BUSY = [
    Line("node_cpu_seconds_total", mode, "rate", {"mode": mode}, merge="sum")
    for mode in ("user", "system", "iowait", "steal")
]
CHARTS: dict[str, tuple[str, str, list[Line]]] = {
    "cpu": ("CPU", "cores", BUSY),
    "memory": ("Memory", "By", [
        Line("node_memory_MemAvailable_bytes", "available"),
        Line("node_memory_MemTotal_bytes", "all"),
    ]),
    "disk": ("Space left", "By", [Line("node_filesystem_avail_bytes", "mountpoint", "last")]),
    "network": ("Network", "bit/s", [
        Line("node_network_receive_bytes_total", "in", "rate", scale=8, merge="sum"),
        Line("node_network_transmit_bytes_total", "out", "rate", scale=8, merge="sum"),
    ]),
    "load": ("Load", "1", [Line("node_load1", "1 min"), Line("node_load15", "15 min")]),
    "pressure": ("Work that waits", "ratio", [
        Line("node_pressure_cpu_waiting_seconds_total", "for a CPU", "rate"),
        Line("node_pressure_memory_stalled_seconds_total", "for memory", "rate"),
        Line("node_pressure_io_stalled_seconds_total", "for disks", "rate"),
    ]),
}  # fmt: skip


def series(request: SignedIn, pk: int, chart: str) -> HttpResponse:
    """Answer the points of one chart of one host, with its thresholds and change marks."""
    item = find(Item, pk, by=request.user)
    if chart not in CHARTS:
        raise NotFound(f"There is no chart “{chart}”.")
    title, unit, lines = CHARTS[chart]
    start, end = _span(request)
    began = first_sample_at(item)
    is_young = began is not None and began > start
    if began and is_young:
        start = min(began, end - SHORTEST)
    step = step_for(start, end)
    drawn = [d for line in lines for d in draw(item, line, start=start, end=end, step_seconds=step)]
    answer = {
        "title": title, "unit": unit, "kind": "line", "step_seconds": step,
        "resolution": f"{figures.duration(step)} means" + (_since(began) if is_young else ""),
        "time_zone": request.user.time_zone,
        "series": [{"name": d.name, "points": d.points} for d in drawn],
        "thresholds": _thresholds(chart, item), "marks": _marks(item, start, end),
        "sentence": _sentence(drawn, unit),
    }  # fmt: skip
    return JsonResponse(answer, headers={"Cache-Control": "no-store"})


def _since(began: datetime | None) -> str:
    """Say why a chart is shorter than the range that was asked for."""
    form = "%H:%M" if began and began > time.now() - timedelta(hours=12) else "%-d %b, %H:%M"
    return f" since {localtime(began):{form}}, when collecting began"


def _span(request: SignedIn) -> tuple[datetime, datetime]:
    now = moments.asked(request) or time.now()
    if "from" in request.GET:
        try:
            start = datetime.fromtimestamp(int(request.GET["from"]) / 1000, now.tzinfo)
            end = datetime.fromtimestamp(
                int(request.GET.get("to") or milliseconds(now)) / 1000, now.tzinfo
            )
        except (ValueError, OverflowError, OSError) as error:
            raise Invalid("`from` and `to` are milliseconds since 1970.") from error
        if not start < end:
            raise Invalid("`from` must lie before `to`.")
        return start, end
    seconds = RANGES.get(request.GET.get("range", "24h"))
    if seconds is None:
        raise Invalid(f"The range is one of {', '.join(RANGES)}.")
    return now - timedelta(seconds=seconds), now


def _thresholds(chart: str, item: Item) -> list[dict[str, Any]]:
    server = Server.objects.filter(item=item).first()
    if chart == "cpu" and server and server.cpu_count:
        return [{"label": f"all {server.cpu_count} cores", "value": server.cpu_count}]
    if chart == "memory" and server and server.memory_bytes:
        return [{"label": "5 % left", "value": server.memory_bytes * 0.05}]
    if chart == "load" and server and server.cpu_count:
        return [{"label": "one task per core", "value": server.cpu_count}]
    return []


def _marks(item: Item, start: datetime, end: datetime) -> list[dict[str, Any]]:
    """Return when packages, units or settings of the host changed, by the minute."""
    marks: dict[int, set[str]] = {}
    for at, _, section in changes_of([item.pk], start, end):
        marks.setdefault(milliseconds(at) // 60_000 * 60_000, set()).add(section)
    return [
        {"at_ms": at, "label": ", ".join(sorted(what)) + " changed"}
        for at, what in sorted(marks.items())
    ][-50:]


def _first_versions(ids: list[int]) -> list[tuple[int, datetime]]:
    rows = history.versions_of(Facts).filter(record_id__in=ids).order_by("-starts_at")
    return list(rows.values_list("record_id", "starts_at"))


def _sentence(drawn: list[Drawn], unit: str) -> str:
    told = [(value, at, d.name) for d in drawn for at, value in d.points if value is not None]
    if not told:
        return "Nothing was measured in this time."
    value, at, name = max(told)
    when = datetime.fromtimestamp(at / 1000, time.now().tzinfo)
    return f"Peak: {name} {figures.figure(value, unit)} at {localtime(when):%H:%M %Z}."


def changed(request: SignedIn, pk: int) -> HttpResponse:
    """Show what a host's packages, units, accounts and settings did between two moments."""
    server = find(Server, pk, by=request.user)
    later = moments.asked(request, "to") or time.now()
    earlier = moments.asked(request, "from") or max(
        later - timedelta(days=7), _known_since(server) or later - timedelta(days=7)
    )
    context = {
        "title": f"What changed on {server}", "server": server, "earlier": earlier, "later": later,
        "changes": changed_between(server, earlier, later),
        "crumbs": [
            {"title": "Servers", "url": "/servers"},
            {"title": str(server), "url": f"/servers/{pk}"},
        ],
    }  # fmt: skip
    return shell.page(request, "servers/changed.html", **context)


def _known_since(server: Server) -> datetime | None:
    ids = list(server.sections.values_list("pk", flat=True))
    firsts = [at for _, at in _first_versions(ids)]
    return max(firsts[-len(ids) :], default=None) if firsts else None


PATTERNS = [
    path("items/<int:pk>/series/<str:chart>", login_required(series), name="item-series"),
    path("servers/<int:pk>/changed", login_required(changed), name="server-changed"),
]
