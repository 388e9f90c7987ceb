"""Where each item stands on the map: lane by kind, tier by how near it is to the user. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from fullscore.domains.foundation.estate.kinds import BY_NAME, LANES
from fullscore.kit.errors import Invalid

WIDTH, LEFT, TOP = 1200.0, 110.0, 30.0
ROW, TIERS = 15.0, 6
LABELLED = 60  # above that many nodes only those in trouble carry their name
NARROWEST, WIDEST = 14.0, 26.0  # between two columns
ASPECT = 5.0  # how much wider than tall a cell is
LETTER = 6.2  # width of a letter of a label, about
MOST = 500
MOST_FAILED = 100


@dataclass(frozen=True, slots=True)
class Spot:
    """One item on the map."""

    item: int
    name: str
    tone: str  # "", crit, high, warn
    x: float
    y: float
    has_label: bool


@dataclass(frozen=True, slots=True)
class Band:
    """One lane of the map."""

    name: str
    y: float
    height: float


@dataclass(frozen=True, slots=True)
class Picture:
    """The map: nodes at their place, edges between places, lanes and the size of it all."""

    spots: Sequence[Spot]
    edges: Sequence[tuple[Spot, Spot, str]]
    bands: Sequence[Band]
    height: float
    width: float = WIDTH


def failing(asked: Iterable[str]) -> list[int]:
    """Return the items an address lets fail: `?fails=12&fails=13`. Raises Invalid."""
    texts = [text for text in asked if text]
    if wrong := next((text for text in texts if not text.isdecimal()), None):
        raise Invalid(f"“{wrong[:40]}” is not the number of an item.")
    if len(texts) > MOST_FAILED:
        raise Invalid(f"At most {MOST_FAILED} items may fail at once.")
    return [int(text) for text in texts]


def drawn(
    items: Iterable[tuple[int, str, str]],
    links: Iterable[tuple[int, int]],
    tones: Mapping[int, str],
) -> Picture:
    """Return the picture of (id, name, kind) items and (from, to) links; the same every day."""
    lanes: dict[str, dict[int, list[tuple[int, str]]]] = {}
    for pk, name, kind in items:
        known = BY_NAME[kind]
        lanes.setdefault(known.lane, {}).setdefault(known.tier, []).append((pk, name))
    count = sum(len(members) for tiers in lanes.values() for members in tiers.values())
    spots: dict[int, Spot] = {}
    bands = []
    top = TOP
    for lane in reversed(LANES):
        cells = [_cell(*one, count) for one in _spread(lanes.get(lane, {}))]
        if not cells:
            continue
        height = max(46.0, max(cell.rows for cell in cells) * ROW + 22)
        bands.append(Band(lane, top, height))
        for cell in cells:
            spots |= _placed(cell, top, height, tones, is_small=count <= LABELLED)
        top += height
    edges = [
        (spots[a], spots[b], spots[b].tone)
        for a, b in links
        if a in spots and b in spots
    ]  # fmt: skip
    return Picture(list(spots.values()), edges, bands, top + 10)


@dataclass(frozen=True, slots=True)
class _Cell:
    """The items of one lane and tier, in columns that begin at `x`."""

    members: Sequence[tuple[int, str]]
    x: float
    columns: int
    gap: float

    @property
    def rows(self) -> int:
        return -(-len(self.members) // self.columns)


def _spread(
    tiers: Mapping[int, list[tuple[int, str]]],
) -> Iterable[tuple[int, int, list[tuple[int, str]]]]:
    """Yield the first and last tier that each cell of a lane may fill: the empty ones before it
    are free, and those after the last."""
    free = 0
    for tier in sorted(tiers):
        yield free, TIERS - 1 if tier == max(tiers) else tier, tiers[tier]
        free = tier + 1


def _cell(first: int, last: int, members: list[tuple[int, str]], count: int) -> _Cell:
    """Return a cell wider than tall; where all are named, names need a line each."""
    wide = (WIDTH - LEFT) / TIERS
    room = (last - first + 1) * wide - 40
    wanted = 1 if count <= LABELLED else int((ASPECT * len(members)) ** 0.5) + 1
    columns = max(1, min(wanted, int(room / NARROWEST)))
    gap = min(WIDEST, room / columns)
    middle = LEFT + first * wide + (room - (columns - 1) * gap) / 2
    return _Cell(sorted(members, key=lambda m: m[1]), middle + 16, columns, gap)


def _placed(
    cell: _Cell, top: float, height: float, tones: Mapping[int, str], *, is_small: bool
) -> dict[int, Spot]:
    first = top + (height - (cell.rows - 1) * ROW) / 2
    told = {}
    free_from: dict[int, float] = {}  # in each row, where the last label ends
    for place, (pk, name) in enumerate(cell.members):
        row, column = divmod(place, cell.columns)
        tone, x = tones.get(pk, ""), cell.x + column * cell.gap
        has_label = (is_small or tone in ("crit", "high")) and x >= free_from.get(row, 0.0)
        if has_label:
            free_from[row] = x + len(name) * LETTER + 12
        told[pk] = Spot(pk, name, tone, round(x, 1), round(first + row * ROW, 1), has_label)
    return told
