"""Where each item stands on the map: lane by kind, tier by how near it is to the user. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from fullscore.domains.foundation.estate.kinds import BY_NAME, LANES
from fullscore.kit.errors import Invalid

WIDTH, LEFT, TOP = 1200.0, 110.0, 30.0
ROW, TIERS = 15.0, 6
LABELLED = 60  # above that many nodes only those in trouble carry their name
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
    cells: dict[tuple[str, int], list[tuple[int, str]]] = {}
    for pk, name, kind in items:
        known = BY_NAME[kind]
        cells.setdefault((known.lane, known.tier), []).append((pk, name))
    count = sum(map(len, cells.values()))
    spots: dict[int, Spot] = {}
    bands = []
    top = TOP
    for lane in reversed(LANES):
        rows = max(
            (-(-len(c) // _columns(c)) for (at, _), c in cells.items() if at == lane), default=0
        )
        if not rows:
            continue
        height = max(46.0, rows * ROW + 22)
        bands.append(Band(lane, top, height))
        for (at, tier), members in cells.items():
            if at == lane:
                spots |= _placed(
                    sorted(members, key=lambda m: m[1]), tier, top, height, tones, count
                )
        top += height
    edges = [
        (spots[a], spots[b], spots[b].tone)
        for a, b in links
        if a in spots and b in spots
    ]  # fmt: skip
    return Picture(list(spots.values()), edges, bands, top + 10)


def _columns(members: Sequence[object]) -> int:
    """Return how many stand side by side: the cell grows in both directions."""
    return max(1, min(8, int(len(members) ** 0.5)))


def _placed(
    members: Sequence[tuple[int, str]], tier: int, top: float, height: float,
    tones: Mapping[int, str], count: int,
) -> dict[int, Spot]:  # fmt: skip
    wide = (WIDTH - LEFT) / TIERS
    columns = _columns(members)
    gap = (wide - 40) / columns
    rows = -(-len(members) // columns)
    first = top + (height - (rows - 1) * ROW) / 2
    told = {}
    for place, (pk, name) in enumerate(members):
        column, row = place % columns, place // columns
        tone = tones.get(pk, "")
        x = LEFT + tier * wide + 16 + column * gap
        told[pk] = Spot(pk, name, tone, round(x, 1), round(first + row * ROW, 1),
                        count <= LABELLED or tone in ("crit", "high"))  # fmt: skip
    return told
