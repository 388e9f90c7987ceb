"""Amounts side by side: bars, a waterfall between two sums, a figure against its promise."""

from collections.abc import Sequence

from django.utils.safestring import SafeString

from fullscore.interfaces.web.charts import drawing as d
from fullscore.interfaces.web.figures import figure

LEFT, RIGHT = 150, 76  # room for names, and for figures behind the bars
ROW, BAR, TOP = 26, 14, 8
FALL_HEIGHT, FALL_BOTTOM, FALL_TOP = 220, 34, 18


def bars(
    rows: Sequence[tuple[str, float]], *, title: str, unit: str = "",
    limit: tuple[str, float] | None = None, tones: Sequence[str] = (), sentence: str = "",
) -> SafeString:  # fmt: skip
    """Return lying bars from zero, each with its figure; `tones` colour those to look at."""
    values = [value for _, value in rows]
    high = max([0.0, *values, *([limit[1]] if limit else [])]) or 1.0
    low = min([0.0, *values])
    x = d.Scale(low, high, LEFT, d.WIDTH - RIGHT)
    top = TOP + (12 if limit else 0)
    height = top + ROW * len(rows) + 4
    parts = []
    for n, (name, value) in enumerate(rows):
        y = top + n * ROW + (ROW - BAR) / 2
        tone = f" is-{tones[n]}" if n < len(tones) and tones[n] else ""
        start, end = sorted((x(0), x(value)))
        told = figure(value, unit)
        parts += [
            d.words(LEFT - 10, y + 11, d.cut(name, LEFT - 14), classes="name", anchor="end"),
            d.box(start, y, end - start, BAR, f"bar{tone}", hint=f"{name}: {told}"),
            d.words(end + 6, y + 11, told),
        ]
    parts.append(d.stroke(x(0), top, x(0), height - 4, "zero"))
    if limit:
        at = x(limit[1])
        parts.append(d.stroke(at, top - 4, at, height - 4, "limit"))
        parts.append(d.words(at, top - 8, limit[0], classes="limit-name", anchor="middle"))
    told = sentence or _most(rows, unit)
    return d.picture(d.WIDTH, height, title, told, parts)


def _most(rows: Sequence[tuple[str, float]], unit: str) -> str:
    if not rows:
        return "Nothing to show"
    name, value = max(rows, key=lambda row: row[1])
    return f"Most: {name} with {figure(value, unit)}"


def waterfall(
    steps: Sequence[tuple[str, float]], *, title: str, unit: str = "", total: str = "Total",
    rise_is_bad: bool = True, sentence: str = "",
) -> SafeString:  # fmt: skip
    """Return how the first sum becomes the last: each step hangs where the one before ended."""
    levels = [0.0]
    for _, amount in steps:
        levels.append(levels[-1] + amount)
    columns = [*steps, (total, levels[-1])]
    spread = d.ticks(min(levels), max(levels), base=d.base_of(unit))
    y = d.Scale(spread[0], spread[-1], FALL_HEIGHT - FALL_BOTTOM, FALL_TOP)
    room = d.WIDTH / len(columns)
    parts = [d.stroke(0, y(0), d.WIDTH, y(0), "zero")]
    for n, (name, amount) in enumerate(columns):
        is_whole = n in (0, len(columns) - 1)
        start, end = (0.0, amount) if is_whole else (levels[n], levels[n + 1])
        tone = "" if is_whole else " is-high" if (amount > 0) == rise_is_bad else " is-ok"
        top, x = min(y(start), y(end)), n * room + room * 0.18
        sign = "" if is_whole or amount <= 0 else "+"
        told = sign + figure(amount, unit)
        tall, middle = max(abs(y(end) - y(start)), 1), x + room * 0.32
        parts += [
            d.box(x, top, room * 0.64, tall, f"bar{tone}", hint=f"{name}: {told}"),
            d.words(middle, top - 5, told, anchor="middle"),
            d.words(middle, FALL_HEIGHT - 12, d.cut(name, room), classes="name", anchor="middle"),
        ]
        if n < len(columns) - 1:
            at = y(levels[n + 1])
            parts.append(d.stroke(x + room * 0.64, at, x + room, at, "zero"))
    first = steps[0][1] if steps else 0.0
    told = sentence or f"From {figure(first, unit)} to {figure(levels[-1], unit)}"
    return d.picture(d.WIDTH, FALL_HEIGHT, title, told, parts)


def objective(
    value: float | None, promised: float, *, title: str, unit: str = "ratio",
    low: float | None = None,
) -> SafeString:  # fmt: skip
    """Return one figure against its promise, as a bar with a line at the promise.

    The scale starts at `low`; by default four times as far below the promise as the best is above
    it, so that 99.9 and 99.5 % can be told apart.
    """
    best = 1.0 if unit == "ratio" else max(promised * 1.25, value or 0.0)
    start = (
        low
        if low is not None
        else (max(0.0, promised - 4 * (best - promised)) if unit == "ratio" else 0.0)
    )
    width, height = 220, 16
    x = d.Scale(start, best, 0, width)
    is_met = value is not None and value >= promised
    told = f"{figure(value, unit)} of {figure(promised, unit)} promised"
    parts = [d.box(0, 5, width, 6, "track", radius=3)]
    if value is not None:
        tone = "ok" if is_met else "crit"
        parts.append(
            d.box(0, 5, max(2, min(width, x(value))), 6, f"fill is-{tone}", hint=told, radius=3)
        )
    at = min(width - 1, x(promised))
    parts.append(d.stroke(at, 1, at, 15, "promise"))
    verdict = "Nothing was measured" if value is None else "Kept" if is_met else "Missed"
    return d.picture(width, height, title, f"{verdict}: {told}", parts, classes="objective")
