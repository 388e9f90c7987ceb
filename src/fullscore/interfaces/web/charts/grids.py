"""Two things against each other: a heat map, a table of marks, bars over a calendar."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from django.utils.html import format_html
from django.utils.safestring import SafeString

from fullscore.interfaces.web.charts import drawing as d
from fullscore.interfaces.web.figures import figure

LEFT, TOP, CELL, ROW = 110, 18, 18, 24
FAINTEST = 0.08  # opacity of the least that is not nothing


def heatmap(
    rows: Sequence[str], columns: Sequence[str], values: Mapping[tuple[int, int], float],
    *, title: str, unit: str = "", sentence: str = "",
) -> SafeString:  # fmt: skip
    """Return figures as depth of colour, darker for more.

    `values` maps (row, column) to a figure; what is missing is drawn as an empty frame.
    """
    high = max(values.values(), default=0.0) or 1.0
    room = (d.WIDTH - LEFT - 4) / max(len(columns), 1)
    parts = []
    every = max(1, round(34 / room))  # labels do not touch
    for c, name in enumerate(columns):
        if c % every == 0:
            parts.append(d.words(LEFT + c * room + room / 2, TOP - 6, name, anchor="middle"))
    for r, name in enumerate(rows):
        y = TOP + r * (CELL + 2)
        label = d.cut(name, LEFT - 14)
        parts.append(d.words(LEFT - 8, y + 13, label, classes="name", anchor="end"))
        for c, column in enumerate(columns):
            x = LEFT + c * room
            parts.append(_cell(x, y, room - 2, values.get((r, c)), high, f"{name}, {column}", unit))
    told = sentence or _most(rows, columns, values, unit)
    return d.picture(d.WIDTH, TOP + len(rows) * (CELL + 2) + 2, title, told, parts)


def _cell(
    x: float, y: float, width: float, value: float | None, high: float, where: str, unit: str
) -> SafeString:
    if value is None:
        return d.box(x, y, width, CELL, "void", hint=f"{where}: not measured")
    share = FAINTEST + (1 - FAINTEST) * max(0.0, value) / high
    return format_html(
        '<rect class="cell" style="--v:{}" x="{}" y="{}" width="{}" height="{}" rx="2">'
        "<title>{}: {}</title></rect>",
        f"{share:.2f}", d.number(x), d.number(y), d.number(width), CELL, where, figure(value, unit),
    )  # fmt: skip


def _most(
    rows: Sequence[str], columns: Sequence[str], values: Mapping[tuple[int, int], float], unit: str
) -> str:
    if not values:
        return "Nothing was measured"
    (r, c), value = max(values.items(), key=lambda told: told[1])
    return f"Most: {rows[r]}, {columns[c]} with {figure(value, unit)}"


def matrix(
    rows: Sequence[tuple[str, str]], columns: Sequence[str],
    cells: Mapping[tuple[int, int], tuple[str, str]], *, title: str, corner: str = "",
) -> SafeString:  # fmt: skip
    """Return a table of marks with a sticky head and first column, in one tab stop.

    `rows` are (name, address), `cells` map (row, column) to (words, tone). Words carry the meaning;
    the tone only draws the eye.
    """
    head = d.joined(format_html('<th scope="col"><span>{}</span></th>', name) for name in columns)
    body = []
    for r, (name, url) in enumerate(rows):
        label = format_html('<a href="{}">{}</a>', url, name) if url else name
        marks = d.joined(_mark(cells.get((r, c))) for c in range(len(columns)))
        body.append(format_html('<tr><th scope="row">{}</th>{}</tr>', label, marks))
    return format_html(
        '<div class="matrix" tabindex="0" role="region" aria-label="{}"><table class="tbl">'
        '<caption class="vh">{}</caption>'
        '<thead><tr><th scope="col">{}</th>{}</tr></thead><tbody>{}</tbody></table></div>',
        title, title, corner, head, d.joined(body),
    )  # fmt: skip


def _mark(cell: tuple[str, str] | None) -> SafeString:
    if cell is None:
        return format_html('<td><span class="muted" aria-label="{}">·</span></td>', "nothing")
    text, tone = cell
    return format_html('<td class="{}">{}</td>', f"told is-{tone}" if tone else "told", text)


@dataclass(frozen=True, slots=True)
class Bar:
    """Work on the calendar: first and last day, what it waits for, whether it decides the end."""

    name: str
    starts_on: date
    ends_on: date
    url: str = ""
    tone: str = ""
    done: float = 0.0  # 0 to 1
    is_critical: bool = False
    after: Sequence[int] = field(default=())  # positions of what must end before


def gantt(
    work: Sequence[Bar], *, title: str, today: date | None = None, sentence: str = ""
) -> SafeString:
    """Return bars over days with their dependencies; the critical path is drawn stronger."""
    if not work:
        return d.picture(d.WIDTH, TOP, title, "Nothing is planned", [])
    first = min(bar.starts_on for bar in work)
    last = max(bar.ends_on for bar in work) + timedelta(days=1)
    x = d.Scale(first.toordinal(), last.toordinal(), LEFT + 40, d.WIDTH - 8)
    height = TOP + len(work) * ROW + 4
    parts = [*_months(first, last, x, height)]
    for n, bar in enumerate(work):
        parts += _bar(bar, TOP + n * ROW, x)
        parts += [_arrow(work[other], other, bar, n, x) for other in bar.after]
    if today and first <= today <= last:
        at = x(today.toordinal())
        parts.append(d.stroke(at, TOP - 4, at, height, "mark"))
    told = sentence or f"From {first:%-d %b %Y} to {last - timedelta(days=1):%-d %b %Y}"
    return d.picture(d.WIDTH, height, title, told, parts, classes="chart gantt")


def _months(first: date, last: date, x: d.Scale, height: float) -> list[SafeString]:
    """Return the lines and names of weeks, or of months when weeks would touch."""
    is_long = (last - first).days > 120
    day, parts = first, []
    while day < last:
        if (day.day == 1) if is_long else (day.weekday() == 0):
            at = x(day.toordinal())
            parts.append(d.stroke(at, TOP - 4, at, height, "grid-line"))
            parts.append(d.words(at + 3, TOP - 6, f"{day:%b}" if is_long else f"{day:%-d %b}"))
        day += timedelta(days=1)
    return parts


def _bar(bar: Bar, y: float, x: d.Scale) -> list[SafeString]:
    start, end = x(bar.starts_on.toordinal()), x(bar.ends_on.toordinal() + 1)
    classes = (
        "bar" + (f" is-{bar.tone}" if bar.tone else "") + (" critical" if bar.is_critical else "")
    )
    hint = f"{bar.name}: {bar.starts_on:%-d %b} to {bar.ends_on:%-d %b %Y}"
    drawn = [d.box(start, y + 6, end - start, 12, classes, hint=hint, radius=3)]
    if bar.done:
        drawn.append(d.box(start, y + 15, (end - start) * min(bar.done, 1), 3, "done", radius=1))
    name = d.words(LEFT + 30, y + 16, d.cut(bar.name, LEFT + 30), classes="name", anchor="end")
    named = format_html('<a href="{}">{}</a>', bar.url, name) if bar.url else name
    return [named, *drawn]


def _arrow(before: Bar, m: int, after: Bar, n: int, x: d.Scale) -> SafeString:
    start, end = x(before.ends_on.toordinal() + 1), x(after.starts_on.toordinal())
    y1, y2 = TOP + m * ROW + 12, TOP + n * ROW + 12
    way = f"M{d.number(start)} {y1}h4V{y2}H{d.number(max(end, start + 4))}"
    classes = "needs critical" if before.is_critical and after.is_critical else "needs"
    return format_html('<path class="{}" d="{}"/>', classes, way)
