"""Where each item of an incident stands: above what it needs, several in a row. Pure.

Boxes have one size and a grid of their own, so that no name lies on another; edges run behind them.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

MARGIN, GAP = 8.0, 12.0  # around the picture, and between two boxes of a row
BOX, LAYER = 42.0, 34.0  # height of a box; room between layers, for the edges
ROW = 10.0  # room between two rows of one layer
LETTER = 6.6  # width of a letter of a name, about


@dataclass(frozen=True, slots=True)
class Size:
    """How wide a picture is, and how many boxes stand in a row."""

    width: float
    columns: int

    @property
    def box(self) -> float:
        """Return the width of a box."""
        return (self.width - 2 * MARGIN - (self.columns - 1) * GAP) / self.columns


HAND, DESK = Size(288.0, 2), Size(720.0, 4)


@dataclass(frozen=True, slots=True)
class Box:
    """One item on the map, its name in at most two lines."""

    item: int
    name: str
    lines: tuple[str, ...]
    tone: str  # crit, high, warn
    is_alerting: bool
    x: float
    y: float
    width: float
    height: float = BOX

    @property
    def middle(self) -> float:
        """Return where its edges begin and end."""
        return round(self.x + self.width / 2, 1)

    @property
    def bottom(self) -> float:
        """Return its lower side."""
        return self.y + self.height

    @property
    def baselines(self) -> list[tuple[str, float]]:
        """Return each line with where it is written."""
        first = self.y + self.height / 2 + 4 - 7 * (len(self.lines) - 1)
        return [(line, round(first + 14 * n, 1)) for n, line in enumerate(self.lines)]


@dataclass(frozen=True, slots=True)
class Flow:
    """The map: boxes at their place, and edges from each to what it needs."""

    boxes: Sequence[Box]
    edges: Sequence[tuple[Box, Box, str, str]]  # with its tone, and how it runs
    width: float
    height: float


def layered(
    names: Mapping[int, str], links: Iterable[tuple[int, int]], tones: Mapping[int, str],
    alerting: Iterable[int], size: Size,
) -> Flow:  # fmt: skip
    """Return the picture of items by (from, to) links; the same for the same items, every day."""
    needs = _without_circles(names, links)
    boxes: dict[int, Box] = {}
    spans: dict[int, tuple[float, float]] = {}  # from where to where the layer of each reaches
    top, loud = MARGIN, set(alerting)
    for layer in _layers(names, needs):
        ordered = _ordered(layer, needs, boxes, names)
        began, widest = top, min(len(ordered), size.columns)
        left = (size.width - widest * size.box - (widest - 1) * GAP) / 2
        for start in range(0, len(ordered), size.columns):
            row = ordered[start : start + size.columns]
            for place, pk in enumerate(row):
                boxes[pk] = Box(
                    pk, names[pk], _lines(names[pk], int((size.box - 16) / LETTER)),
                    tones.get(pk, ""), pk in loud, round(left + place * (size.box + GAP), 1), top,
                    round(size.box, 1),
                )  # fmt: skip
            top += BOX + ROW
        spans |= dict.fromkeys(ordered, (began, top - ROW))
        top += LAYER - ROW
    edges = [
        (boxes[a], boxes[b], boxes[b].tone, _path(boxes[a], boxes[b], spans[a][1], spans[b][0]))
        for a in names
        for b in needs[a]
    ]
    return Flow([boxes[pk] for pk in names], edges, size.width, round(top - LAYER + MARGIN, 1))


def _path(a: Box, b: Box, leaves: float, enters: float) -> str:
    """Return how an edge runs: between two columns where a row of either layer is in its way."""
    beside, before = a.x + a.width + GAP / 2, b.x - GAP / 2
    is_last, is_first = a.bottom >= leaves, b.y <= enters
    x, to = (a.middle if is_last else beside), (b.middle if is_first else before)
    half = (enters - leaves) / 2
    start = "" if is_last else f"M{a.x + a.width:g} {a.y + BOX / 2:g}H{x:g}V{leaves:g}"
    end = "" if is_first else f"V{b.y + BOX / 2:g}H{b.x:g}"
    curve = f"C{x:g} {leaves + half:g} {to:g} {enters - half:g} {to:g} {enters:g}"
    return f"{start or f'M{x:g} {leaves:g}'}{curve}{end}"


def _without_circles(
    names: Mapping[int, str], links: Iterable[tuple[int, int]]
) -> dict[int, list[int]]:
    """Return what each item needs, without the links that would close a circle."""
    wanted: dict[int, set[int]] = {pk: set() for pk in names}
    for a, b in links:
        if a in wanted and b in wanted and a != b:
            wanted[a].add(b)
    kept: dict[int, list[int]] = {pk: [] for pk in names}
    for a in names:
        for b in sorted(wanted[a], key=lambda pk: (names[pk], pk)):
            if not _leads(kept, b, a):
                kept[a].append(b)
    return kept


def _leads(needs: Mapping[int, Sequence[int]], start: int, end: int) -> bool:
    seen, left = {start}, [start]
    while left:
        for pk in needs[left.pop()]:
            if pk not in seen:
                seen.add(pk)
                left.append(pk)
    return end in seen


def _layers(names: Mapping[int, str], needs: Mapping[int, Sequence[int]]) -> list[list[int]]:
    """Return the items in layers, each below all that need it; last what is not connected."""
    depth = dict.fromkeys(names, 0)
    is_moving = True
    while is_moving:  # no circles: it ends after as many turns as there are layers
        is_moving = False
        for a, below in needs.items():
            for b in below:
                if depth[b] <= depth[a]:
                    depth[b], is_moving = depth[a] + 1, True
    linked = {pk for a, below in needs.items() for pk in (a, *below) if below}
    found = [[pk for pk in names if depth[pk] == d and pk in linked]
             for d in range(max(depth.values(), default=0) + 1)]  # fmt: skip
    return [layer for layer in (*found, [pk for pk in names if pk not in linked]) if layer]


def _ordered(
    layer: Sequence[int], needs: Mapping[int, Sequence[int]], placed: Mapping[int, Box],
    names: Mapping[int, str],
) -> list[int]:  # fmt: skip
    """Return a layer with each item near the middle of those above that need it."""

    def near(pk: int) -> tuple[float, str, int]:
        above = [placed[a].middle for a in placed if pk in needs[a]]
        return (sum(above) / len(above) if above else 0.0, names[pk], pk)

    return sorted(layer, key=near)


def _lines(name: str, letters: int) -> tuple[str, ...]:
    """Return a name in at most two lines, broken where it has a joint; what is left is cut."""
    if len(name) <= letters:
        return (name,)
    joints = [m.end() for m in re.finditer(r"[\s._/:-]", name[: letters + 1]) if m.end() <= letters]
    place = joints[-1] if joints and joints[-1] >= letters // 3 else letters
    rest = name[place:].strip()
    return name[:place].strip(), rest if len(rest) <= letters else f"{rest[: letters - 1]}…"
