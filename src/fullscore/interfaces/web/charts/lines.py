"""Figures over time: a spark in a cell, a line with limits and marks, a band of what may come."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

from django.utils.html import format_html
from django.utils.safestring import SafeString

from fullscore.interfaces.web.charts import drawing as d
from fullscore.interfaces.web.figures import figure

Points = Sequence[tuple[datetime, float | None]]
HEIGHT = 220
LEFT, TOP, RIGHT, BOTTOM = 58, 16, 8, 22
SPARK = (120, 30)
COLOURS = 6  # series told apart; the sixth is grey, for "others"
STEPS = (
    60, 300, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800, 1_209_600,
    2_592_000,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Series:
    """One line: its name and its points in order of time; None where nothing was measured."""

    name: str
    points: Points


@dataclass(frozen=True, slots=True)
class Limit:
    """A threshold or a promised level."""

    label: str
    value: float


@dataclass(frozen=True, slots=True)
class Mark:
    """A moment that explains the curve: a change, an incident."""

    at: datetime
    label: str


def sparkline(
    values: Sequence[float | None], *, tone: str = "", in_cell: bool = False
) -> SafeString:
    """Return a curve without axes, beside a figure that says the rest; screen readers skip it."""
    width, height = SPARK
    found = d.known(values)
    low, high = (min(found), max(found)) if found else (0, 1)
    x, y = d.Scale(0, max(len(values) - 1, 1), 0, width), d.Scale(low, high, height - 3, 4)
    points = [(x(n), y(v)) if v is not None else None for n, v in enumerate(values)]
    area = "" if None in points or len(points) < 2 else f"{d.path(points)}V{height}H0Z"
    return format_html(
        '<svg class="spark{}{}" viewBox="0 0 {} {}" preserveAspectRatio="none" aria-hidden="true">'
        '<path class="a" d="{}"/><path class="l" d="{}"/></svg>',
        " spark--cell" if in_cell else "", f" is-{tone}" if tone else "", width, height, area,
        d.path(points),
    )  # fmt: skip


def line(
    series: Sequence[Series], *, title: str, unit: str = "", limits: Sequence[Limit] = (),
    marks: Sequence[Mark] = (), zone: tzinfo = UTC, sentence: str = "",
) -> SafeString:  # fmt: skip
    """Return lines over time, with limits, marks, unit and time zone on the axes."""
    shown = _few(series)
    times = [at for one in shown for at, _ in one.points]
    values = d.known(v for one in shown for _, v in one.points)
    if not times or not values:
        return _nothing(title)
    x = _times(times)
    y = _values([*values, *(limit.value for limit in limits)], unit)
    parts = [_grid(x, y, min(times), max(times), unit, zone)]
    parts += [_limit(limit, y) for limit in limits]
    parts += [_mark(mark, x) for mark in marks if min(times) <= mark.at <= max(times)]
    for n, one in enumerate(shown, 1):
        points = [(x(at.timestamp()), y(v)) if v is not None else None for at, v in one.points]
        parts.append(format_html('<path class="l s{}" d="{}"/>', n, d.path(points)))
    told = sentence or _peak(shown, unit, zone)
    return _named(shown, d.picture(d.WIDTH, HEIGHT, title, told, parts))


def quantile_band(
    times: Sequence[datetime], low: Sequence[float], middle: Sequence[float], high: Sequence[float],
    *, title: str, unit: str = "", past: Points = (),
    spread: Sequence[tuple[datetime, float, float]] = (), limits: Sequence[Limit] = (),
    zone: tzinfo = UTC, sentence: str = "",
) -> SafeString:  # fmt: skip
    """Return a forecast: what was, within its `spread`; what is likely, dashed, within a band."""
    if not times:
        return _nothing(title)
    moments = [*(at for at, _ in past), *times]
    measured = [*d.known(v for _, v in past), *(v for _, *edges in spread for v in edges)]
    x = _times(moments)
    y = _values([*measured, *low, *high, *(limit.value for limit in limits)], unit)
    at = [x(t.timestamp()) for t in times]
    edge, ribbon = _ring(x, y, zip(times, low, high, strict=True)), _ring(x, y, spread)
    was = [(x(t.timestamp()), y(v)) if v is not None else None for t, v in past]
    likely = [(a, y(v)) for a, v in zip(at, middle, strict=True)]
    parts = [
        _grid(x, y, min(moments), max(moments), unit, zone),
        *([format_html('<path class="band s6" d="{}Z"/>', d.path(ribbon))] if ribbon else []),
        format_html('<path class="band s1" d="{}Z"/>', d.path(edge)),
        format_html('<path class="l s1" d="{}"/>', d.path(was)),
        format_html('<path class="l l--likely s1" d="{}"/>', d.path(likely)),
        *(_limit(limit, y) for limit in limits),
    ]
    told = sentence or (
        f"Likely {figure(middle[-1], unit)} on {times[-1].astimezone(zone):%-d %b %Y}, "
        f"between {figure(low[-1], unit)} and {figure(high[-1], unit)}"
    )
    return d.picture(d.WIDTH, HEIGHT, title, told, parts)


def _ring(
    x: d.Scale, y: d.Scale, edges: Iterable[tuple[datetime, float, float]]
) -> list[tuple[float, float] | None]:
    """Return the outline between two edges: along the upper one, and back along the lower."""
    told = [(x(at.timestamp()), y(low), y(high)) for at, low, high in edges]
    return [*((at, high) for at, _, high in told), *((at, low) for at, low, _ in reversed(told))]


def _few(series: Sequence[Series]) -> list[Series]:
    """Return at most six series; what is beyond five is added up as "others"."""
    if len(series) <= COLOURS:
        return list(series)
    kept, rest = list(series[: COLOURS - 1]), series[COLOURS - 1 :]
    total: dict[datetime, float] = {}
    for one in rest:
        for at, value in one.points:
            if value is not None:
                total[at] = total.get(at, 0) + value
    return [*kept, Series(f"{len(rest)} others", sorted(total.items()))]


def _times(times: Sequence[datetime]) -> d.Scale:
    return d.Scale(min(times).timestamp(), max(times).timestamp(), LEFT, d.WIDTH - RIGHT)


def _values(values: Sequence[float], unit: str) -> d.Scale:
    """Return a scale with zero in it, unless the curve would be a flat line far above."""
    low, high = min(values), max(values)
    if low > 0 and high - low > 0.15 * high:
        low = 0
    steps = d.ticks(low, high, base=d.base_of(unit))
    return d.Scale(steps[0], steps[-1], HEIGHT - BOTTOM, TOP)


def _grid(
    x: d.Scale, y: d.Scale, start: datetime, end: datetime, unit: str, zone: tzinfo
) -> SafeString:
    parts = []
    for value in d.ticks(y.low, y.high, base=d.base_of(unit)):
        if y.low <= value <= y.high:
            at = y(value)
            kind = "zero" if value == 0 else "grid-line"
            parts.append(d.stroke(LEFT, at, d.WIDTH - RIGHT, at, kind))
            parts.append(d.words(LEFT - 8, at + 3.5, figure(value, unit), anchor="end"))
    for moment, label in _moments(start, end, zone):
        parts.append(d.words(x(moment.timestamp()), HEIGHT - 6, label, anchor="middle"))
    parts.append(d.words(0, HEIGHT - 6, f"{end.astimezone(zone):%Z}"))
    return d.joined(parts)


def _moments(start: datetime, end: datetime, zone: tzinfo) -> list[tuple[datetime, str]]:
    """Return round moments of the wall clock between two, and how to write them."""
    span = (end - start).total_seconds()
    step = next((s for s in STEPS if span / s <= 8), STEPS[-1])
    local = start.astimezone(zone)
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    form = "%H:%M" if step < 86_400 else "%-d %b"
    told, n = [], 0
    while (moment := midnight + timedelta(seconds=step * n)) <= end and n < 10_000:
        if moment >= local + timedelta(seconds=span * 0.04) and moment <= end - timedelta(
            seconds=span * 0.03
        ):
            told.append((moment, f"{moment:{form}}"))
        n += 1
    return told


def _limit(limit: Limit, y: d.Scale) -> SafeString:
    at = y(limit.value)
    drawn = d.stroke(LEFT, at, d.WIDTH - RIGHT, at, "limit")
    return d.joined([drawn, d.words(LEFT + 4, at - 4, limit.label, classes="limit-name")])


def _mark(mark: Mark, x: d.Scale) -> SafeString:
    at = x(mark.at.timestamp())
    drawn = d.stroke(at, TOP, at, HEIGHT - BOTTOM, "mark")
    is_right = at > d.WIDTH * 0.8
    name = d.words(
        at + (-4 if is_right else 4), TOP + 6, mark.label, classes="mark-name",
        anchor="end" if is_right else "start",
    )  # fmt: skip
    return d.joined([drawn, name])


def _peak(series: Sequence[Series], unit: str, zone: tzinfo) -> str:
    """Return the sentence that says the finding: the highest point, where and when."""
    found = [(v, at, one.name) for one in series for at, v in one.points if v is not None]
    value, at, name = max(found, key=lambda told: told[0])
    whose = f" of {name}" if len(series) > 1 else ""
    return f"Peak{whose} {figure(value, unit)} on {at.astimezone(zone):%-d %b at %H:%M %Z}"


def _named(series: Sequence[Series], drawn: SafeString) -> SafeString:
    if len(series) < 2:
        return drawn
    names = d.joined(
        format_html('<li class="s{}"><i class="key"></i>{}</li>', n, one.name)
        for n, one in enumerate(series, 1)
    )
    return format_html('{}<ul class="legend legend--chart">{}</ul>', drawn, names)


def _nothing(title: str) -> SafeString:
    return format_html(
        '<div class="empty"><h2>{}</h2><p>Nothing was measured in this time.</p></div>', title
    )
