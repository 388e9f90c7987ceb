"""How capacity is seen: every server by what runs out first."""

from functools import partial
from typing import Any

from django.db.models import QuerySet
from django.utils.html import format_html
from django.utils.safestring import SafeString

from fullscore.domains.infrastructure.servers import drawing
from fullscore.domains.infrastructure.servers.models import Capacity, Server
from fullscore.domains.infrastructure.servers.rules.outlook import HORIZON_DAYS, brief, words
from fullscore.interfaces.web.cells import NOTHING
from fullscore.interfaces.web.figures import figure
from fullscore.kit import time
from fullscore.kit.resource import Panel, Resource


def _percent(value: float | None) -> SafeString | str:
    return NOTHING if value is None else figure(value, "%")


def _level(of: str, value: float | None) -> SafeString | str:
    """Return a share of something; a telephone's row has no heading that says of what."""
    told = _percent(value)
    return told if value is None else format_html('<span class="only-m">{}</span>{}', of, told)


def _limit(value: str) -> SafeString | str:
    """Return what runs out; a telephone's row says so in words."""
    return format_html('<span class="only-m">short of</span>{}', value) if value else NOTHING


def _trend(value: float | None) -> SafeString | str:
    return NOTHING if value is None else drawing.points(value)


def _when(interval: str) -> SafeString | str:
    """Return an interval briefly, in words in the hint."""
    today = time.now().date()
    if not interval:
        return NOTHING
    told = words(interval, today=today)
    return format_html('<span title="{}">{}</span>', told, brief(interval, today=today))


def _trouble(rows: QuerySet[Any]) -> str:
    """Say how many run out of something within two months."""
    near = rows.filter(urgency__gt=HORIZON_DAYS + 1 - NEAR_DAYS).count()
    return f"{near} run{'s' if near == 1 else ''} out within {NEAR_DAYS} days" if near else ""


def _badges(one: Capacity) -> list[tuple[str, str]]:
    if not one.runs_out_of:
        return []
    near = (one.runs_out_on - time.now().date()).days if one.runs_out_on else 999
    return [
        (f"runs out of {one.get_runs_out_of_display()}", "warn" if near <= NEAR_DAYS else "info")
    ]


NEAR_DAYS = 60
REACHES = ("cpu_reaches", "memory_reaches", "disk_reaches")
LEVELS = {"cpu_p95": "CPU", "memory_p95": "memory", "disk_used": "disk"}
TRENDS = ("cpu_trend", "memory_trend", "disk_trend")

CAPACITY = Resource(
    Capacity,
    columns=["server", "runs_out_of", "cpu_p95", "cpu_trend", "cpu_reaches", "memory_p95",
             "memory_trend", "memory_reaches", "disk_used", "disk_trend", "disk_reaches"],
    facts=["mount", "runs_out_on", "days", "until", "cpu_most", "network_most", "quiet_days",
           "tried", "inside"],
    filters=["runs_out_of", "runs_out_on", "cpu_p95", "memory_p95", "disk_used", "cpu_most",
             "server__item__environment"],
    quick={"Runs out of CPU": "runs_out_of=cpu", "Of memory": "runs_out_of=memory",
           "Of disk": "runs_out_of=disk", "Hardly used": "cpu_most__lte=3"},
    search=["server__item__name"],
    order=["-urgency", "-cpu_p95", "-memory_p95", "-disk_used", "runs_out_on"],
    icon="memory-stick",
    group="Estate",
    under="Servers",
    cells={**dict.fromkeys(REACHES, _when), "cpu_most": _percent, "limit": _limit,
           **{column: partial(_level, of) for column, of in LEVELS.items()},
           **dict.fromkeys(TRENDS, _trend),
           "network_most": lambda v: NOTHING if v is None else figure(v, "By/s")},
    trouble=_trouble,
    badges=_badges,
    panels=[
        Panel("Used, and to come", draw=drawing.draw_capacity, leads=True),
        Panel("Capacity", on=Server, draw=drawing.draw_capacity, leads=True, is_lazy=True),
    ],
)  # fmt: skip
