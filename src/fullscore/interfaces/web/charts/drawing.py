"""Pen and ruler of the charts: elements, scales, round steps. Units are the view box's."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil, floor, isfinite, log10

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

WIDTH = 640  # of every chart's view box; the page scales it
LETTER = 5.8  # mean width of one at the size of the labels


def picture(
    width: float, height: float, title: str, sentence: str, parts: Iterable[SafeString],
    *, classes: str = "chart",
) -> SafeString:  # fmt: skip
    """Return the drawing with its name and the sentence that says what it shows."""
    return format_html(
        '<svg class="{}" viewBox="0 0 {} {}" role="img" aria-label="{}"><title>{}</title>'
        "<desc>{}</desc>{}</svg>",
        classes, number(width), number(height), f"{title}. {sentence}".strip(". ") + ".", title,
        sentence, joined(parts),
    )  # fmt: skip


def joined(parts: Iterable[SafeString]) -> SafeString:
    """Return drawn parts as one."""
    return format_html_join("", "{}", ((part,) for part in parts))


def number(value: float) -> str:
    """Return a coordinate, to a tenth: finer is not seen and makes pages heavier."""
    return f"{value:.1f}".rstrip("0").rstrip(".")


def stroke(x1: float, y1: float, x2: float, y2: float, classes: str) -> SafeString:
    """Draw a straight line."""
    return format_html(
        '<line class="{}" x1="{}" y1="{}" x2="{}" y2="{}"/>',
        classes, number(x1), number(y1), number(x2), number(y2),
    )  # fmt: skip


def box(
    x: float,
    y: float,
    width: float,
    height: float,
    classes: str,
    *,
    hint: str = "",
    radius: float = 2,
) -> SafeString:
    """Draw a rectangle; its hint is shown on hover."""
    told = format_html("<title>{}</title>", hint) if hint else ""
    return format_html(
        '<rect class="{}" x="{}" y="{}" width="{}" height="{}" rx="{}">{}</rect>',
        classes, number(x), number(y), number(max(width, 0)), number(max(height, 0)), radius, told,
    )  # fmt: skip


def words(x: float, y: float, text: str, *, classes: str = "", anchor: str = "start") -> SafeString:
    """Write a label; `anchor` is start, middle or end."""
    return format_html(
        '<text class="{}" x="{}" y="{}" text-anchor="{}">{}</text>',
        classes, number(x), number(y), anchor, text,
    )  # fmt: skip


def cut(text: str, width: float) -> str:
    """Return a text that fits `width`, ending in … when it had to be cut."""
    most = max(1, int(width / LETTER))
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


@dataclass(frozen=True, slots=True)
class Scale:
    """A straight scale from values to coordinates."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """Return where a value lies."""
        if self.high == self.low:
            return self.start
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)


def ticks(low: float, high: float, *, most: int = 4, base: int = 10) -> list[float]:
    """Return round values that span low to high, at most about `most` steps apart.

    With base 1024 the steps are round in GiB, not in bytes.
    """
    if high <= low:
        high = low + 1
    rough = (high - low) / most
    power = base ** floor(log10(rough) / log10(base)) if rough > 0 else 1
    options = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024) if base == 1024 else (1, 2, 2.5, 5, 10)
    step = next((o * power for o in options if o * power >= rough), options[-1] * power)
    first, last = floor(low / step), ceil(high / step)
    return [n * step for n in range(first, last + 1)]


def base_of(unit: str) -> int:
    """Return what a unit's prefixes count in."""
    return 1024 if unit in ("By", "By/s") else 10


def known(values: Iterable[float | None]) -> list[float]:
    """Return the figures that are there."""
    return [v for v in values if v is not None and isfinite(v)]


def path(points: Sequence[tuple[float, float] | None]) -> str:
    """Return the path through points; a missing one lifts the pen, a lone one stays visible."""
    told, is_down = [], False
    for n, point in enumerate(points):
        if point is None:
            is_down = False
            continue
        told.append(f"{'L' if is_down else 'M'}{number(point[0])} {number(point[1])}")
        is_lone = not is_down and (n + 1 == len(points) or points[n + 1] is None)
        if is_lone:
            told.append("h0")
        is_down = True
    return "".join(told)
