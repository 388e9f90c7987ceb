"""How values look on a terminal: tables that fit it, nothing that could steer it."""

import os
import shutil
import sys
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from fullscore.kit import time
from fullscore.kit.models import User

GAP = "  "
NARROWEST = 6  # columns of characters, below which a cell says nothing


def table(headings: Sequence[str], rows: Sequence[Sequence[Any]], *, by: User) -> str:
    """Return rows under headings, each line within the terminal; numbers stand to the right."""
    cells = [[text(value, by=by) for value in row] for row in rows]
    widths = _fitted([max(map(len, column)) for column in zip(headings, *cells, strict=True)])
    right = [_is_number(rows, place) for place in range(len(headings))]
    lines = [headings, ["─" * width for width in widths], *cells]
    return "\n".join(_line(line, widths, right) for line in lines)


def facts(told: Sequence[tuple[str, Any]], *, by: User) -> str:
    """Return labelled values, one to a line."""
    width = max(len(label) for label, _ in told)
    return "\n".join(f"{label.ljust(width)}{GAP}{text(value, by=by)}" for label, value in told)


def text(value: Any, *, by: User) -> str:
    """Return one value in words; instants in the reader's time zone."""
    if value is None or value == "" or value in ([], {}):
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return f"{value.astimezone(time.zone(by.time_zone)):%Y-%m-%d %H:%M}"
    if isinstance(value, float):
        return f"{value:.2f}".rstrip("0").rstrip(".")
    if isinstance(value, dict):
        return clean(", ".join(f"{k} {v}" for k, v in value.items()))
    if isinstance(value, list | set | frozenset):
        return clean(", ".join(str(one) for one in value))
    return clean(str(value))


def clean(told: str) -> str:
    """Return text on one line, without what would steer a terminal: hosts name themselves."""
    return "".join(c if c.isprintable() else " " if c.isspace() else "�" for c in told)


def _fitted(widths: list[int]) -> list[int]:
    """Take from the widest column until a line fits; what goes to a file or a pipe stays whole."""
    if not (sys.stdout.isatty() or os.environ.get("COLUMNS")):
        return widths
    room = shutil.get_terminal_size().columns - len(GAP) * (len(widths) - 1)
    while sum(widths) > room and max(widths) > NARROWEST:
        widest = widths.index(max(widths))
        second = max([w for i, w in enumerate(widths) if i != widest], default=0)
        over = sum(widths) - room
        widths[widest] -= max(1, min(over, widths[widest] - max(second, NARROWEST)))
    return widths


def _line(cells: Sequence[str], widths: Sequence[int], right: Sequence[bool]) -> str:
    made = []
    for cell, width, is_right in zip(cells, widths, right, strict=True):
        cut = cell if len(cell) <= width else cell[: width - 1] + "…"
        made.append(cut.rjust(width) if is_right else cut.ljust(width))
    return GAP.join(made).rstrip()


def _is_number(rows: Sequence[Sequence[Any]], place: int) -> bool:
    values = [row[place] for row in rows if row[place] is not None]
    return bool(values) and all(
        isinstance(v, int | float) and not isinstance(v, bool) for v in values
    )
