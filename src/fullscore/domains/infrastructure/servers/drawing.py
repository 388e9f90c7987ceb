"""How much of a server was used, and will be: pictures for its page and its capacity's."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Any

import numpy as np
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from fullscore.domains.foundation.telemetry.metrics import CPU_DAY, FILESYSTEM_DAY, MEMORY_DAY
from fullscore.domains.infrastructure.servers.models import Capacity, Server
from fullscore.domains.infrastructure.servers.queries import capacity as queries
from fullscore.domains.infrastructure.servers.queries.capacity import Floats, History, Key
from fullscore.domains.infrastructure.servers.rules import outlook as rules
from fullscore.engines import forecast
from fullscore.interfaces.web import charts
from fullscore.interfaces.web.figures import percent
from fullscore.kit import time as clock

MOST_DISKS, LEAST_AHEAD, AFTER = 4, 60, 14  # days drawn ahead, and beyond where a limit is met


@dataclass(frozen=True, slots=True)
class Picture:
    """One figure: its name, what it comes to, how it is drawn."""

    title: str
    sentence: str
    drawn: SafeString


def draw_capacity(subject: Any, user: Any, at: Any) -> str:
    """Draw the history of CPU, memory and filesystems, with the band of what is to come."""
    is_whole = isinstance(subject, Capacity)
    server = subject.server if is_whole else subject
    capacity = Capacity.objects.filter(server=server).first()
    disks = MOST_DISKS if is_whole else 1
    pictures = list(_pictures(server, capacity, disks)) if capacity else []
    share = percent(capacity.inside / capacity.tried) if capacity and capacity.tried else ""
    tried, inside = queries.proven(user)
    of_all = f"{percent(inside / tried)} of {tried:,}" if tried else ""
    context = {"pictures": pictures, "capacity": capacity, "share": share, "of_all": of_all,
               "is_whole": is_whole}  # fmt: skip
    return render_to_string("servers/capacity.html", context)


def _pictures(server: Server, capacity: Capacity, disks: int) -> Iterator[Picture]:
    told = queries.history(capacity.until, items=[server.item_id])
    for title, names in (("CPU", CPU_DAY), ("Memory", MEMORY_DAY)):
        found = (told.row(Key(server.item_id, name)) for name in names)
        rows = [row for row in found if row is not None]
        if len(rows) == len(names):
            yield _picture(title, told, rows, 0.8, "80 %")
    for key, row in _disks(told, capacity.mount)[:disks]:
        yield _picture(key.mount, told, [row], 1.0, "full")


def _disks(told: History, worst: str) -> list[tuple[Key, Floats]]:
    """Return the filesystems: the worst, then the fullest."""
    found = [
        (key, row)
        for key, row in zip(told.keys, told.table, strict=True)
        if key.name == FILESYSTEM_DAY and np.isfinite(row).any()
    ]
    return sorted(found, key=lambda pair: (pair[0].mount != worst, -float(np.nanmax(pair[1]))))


def _picture(
    title: str, told: History, rows: Sequence[Floats], limit: float, called: str
) -> Picture:
    """Draw one figure: p95 of each day within p50 and the most, or of a filesystem the most."""
    line = rows[1] if len(rows) > 1 else rows[0]
    known = np.isfinite(line)
    (one,) = rules.outlooks(told.days, line[None, :], np.array([limit]))
    sentence = _sentence(one, limit)
    meets = int(one.likely or 0) + AFTER
    ahead = min(rules.HORIZON_DAYS, max(LEAST_AHEAD, meets))
    band = forecast.band(told.days[known], line[known], horizon_days=ahead, season_days=rules.WEEK)
    limits = [charts.Limit(called, 100 * limit)]
    past = [
        (_moment(d), None if np.isnan(v) else 100 * v) for d, v in zip(told.days, line, strict=True)
    ]
    first = int(np.argmax(known))
    if band is None:
        lines = [charts.Series("p95", past[first:])]
        return Picture(title, sentence, charts.line(lines, title=title, unit="%", limits=limits))
    low, middle, high = (
        np.clip(100 * edge, 0, 100).tolist() for edge in (band.low, band.middle, band.high)
    )
    drawn = charts.quantile_band(
        [_moment(d) for d in band.days], low, middle, high, title=title, unit="%",
        past=past[first:], spread=_spread(told.days, rows), limits=limits, sentence=sentence,
    )  # fmt: skip
    return Picture(title, sentence, drawn)


def _spread(days: Floats, rows: Sequence[Floats]) -> list[tuple[datetime, float, float]]:
    if len(rows) < 3:
        return []
    told = zip(days, rows[0], rows[2], strict=True)
    return [(_moment(d), 100 * low, 100 * high) for d, low, high in told if np.isfinite(low)]


def _moment(day: float) -> datetime:
    return datetime.combine(rules.day_of(day), time(12), UTC)


def _sentence(one: rules.Outlook, limit: float) -> str:
    if one.level is None:
        return "Nothing was measured."
    now = f"{percent(one.level)} now"
    if one.trend is None:
        return f"{now}; {one.days} days are known, a forecast needs {rules.LEAST_DAYS}."
    trend = f"{points(100 * one.trend)} a month"
    when = rules.words(rules.interval(one), today=clock.now().date())
    meets = "full" if limit == 1 else "over 80 %"
    return (
        f"{now}, {trend}; {meets} {when}."
        if when
        else (f"{now}, {trend}; not {meets} within half a year.")
    )


def points(value: float) -> str:
    """Return percent points, to a tenth and with their sign."""
    told = round(value, 1)
    return f"{'+' if told > 0 else '−' if told < 0 else ''}{abs(told):.1f} pp"
