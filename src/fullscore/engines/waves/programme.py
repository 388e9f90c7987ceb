"""The problem as an integer programme: unknowns, rows and costs."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .kinds import Kind
from .problem import Problem
from .room import Room, fitting

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """The unknowns: servers of a kind in a wave it may be in; then, per kind, those left out."""

    kind: Ints
    wave: Ints  # three times the number of waves for those left out
    most: Ints
    start: Ints  # [K + 1] the columns of kind k in waves are start[k] … start[k + 1]-1


@dataclass(frozen=True, slots=True, eq=False)
class Programme:
    """Minimise cost · x with servers = kinds · x and limits ≥ rows · x, 0 ≤ x ≤ columns.most."""

    columns: Columns
    cost: Floats
    scale: float  # a cost here is one of the problem times this
    kinds: Any  # [K × columns] sparse
    servers: Ints  # [K]
    rows: Any  # [rows × columns] sparse
    limits: Ints  # [rows]


def programme(problem: Problem, alike: Sequence[Kind]) -> Programme:
    """Return the programme of a problem.

    For each kind its servers in all waves and those left out sum to its servers. In each wave
    those of all kinds stay within its places, each site's and each group's. A server that waits
    is by wave w at most as much placed as each it waits for is by wave w - 1.
    """
    # Imported when asked: half a second that a start of the program need not wait for.
    from scipy.sparse import csr_array, vstack

    columns = _columns(problem, alike)
    width = len(columns.kind)
    risk = np.array([kind.risk for kind in alike])
    # A power of two brings the dearest risk near 200 and changes no digit: the solver's
    # tolerances are absolute.
    scale = 2.0 ** (8 - math.frexp(risk.max())[1])
    room, limits = _room_rows(problem, alike, columns)
    # Half the rows and more can never be reached; without them the solver starts sooner.
    reachable = room @ columns.most > limits
    order = _order_rows(alike, columns)
    return Programme(
        columns=columns,
        cost=risk[columns.kind] * scale * columns.wave,
        scale=scale,
        kinds=csr_array(
            (np.ones(width), (columns.kind, np.arange(width))), shape=(len(alike), width)
        ),
        servers=columns.most[columns.start[-1] :],
        rows=vstack((room[reachable], order), format="csr"),
        limits=np.concatenate((limits[reachable], np.zeros(order.shape[0], np.int64))),
    )


def _columns(problem: Problem, alike: Sequence[Kind]) -> Columns:
    room = Room(problem)
    waves = len(problem.wave_capacity)
    kind: list[int] = []
    wave: list[int] = []
    most: list[int] = []
    start = [0]
    for number, each in enumerate(alike):
        rows = room.rows(each)
        for one in each.waves:
            if fits := fitting(rows, one):
                kind.append(number)
                wave.append(one)
                most.append(min(fits, len(each.members)))
        start.append(len(kind))
    return Columns(
        kind=np.array(kind + list(range(len(alike)))),
        wave=np.array(wave + [3 * waves] * len(alike)),
        most=np.array(most + [len(each.members) for each in alike]),
        start=np.array(start),
    )


def _room_rows(problem: Problem, alike: Sequence[Kind], columns: Columns) -> tuple[Any, Ints]:
    """Return one row per wave for all servers, each site with a limit, and each group."""
    from scipy.sparse import csr_array

    waves = len(problem.wave_capacity)
    first = {("site", site): 1 + at for at, site in enumerate(problem.site_capacity)}
    first |= {("group", group): 1 + len(first) + at for at, group in enumerate(problem.spare)}
    per_wave = [*problem.site_capacity.values(), *problem.spare.values()]
    limits = np.concatenate((problem.wave_capacity, np.repeat(per_wave, waves)))
    uses = [
        (number, first[name] if name else 0, units)
        for number, kind in enumerate(alike)
        for name, units in _uses(kind, problem)
    ]
    number, block, units = np.array(uses).T
    # Each use of a kind stands in all columns of the kind: count them, then number them through.
    many = np.diff(columns.start)[number]
    behind = np.cumsum(many) - many
    column = np.arange(many.sum()) + np.repeat(columns.start[number] - behind, many)
    row = np.repeat(block, many) * waves + columns.wave[column]
    shape = (len(limits), len(columns.kind))
    return csr_array((np.repeat(units, many), (row, column)), shape=shape), np.maximum(limits, 0)


def _uses(kind: Kind, problem: Problem) -> Iterator[tuple[tuple[str, str] | None, int]]:
    yield None, 1
    if kind.site in problem.site_capacity:
        yield ("site", kind.site), 1
    for group, units in kind.loads:
        yield ("group", group), units


def _order_rows(alike: Sequence[Kind], columns: Columns) -> Any:
    """Return, for each wave of a server that waits: placed by then - other placed before ≤ 0."""
    from scipy.sparse import csr_array

    number = {kind.members[0]: at for at, kind in enumerate(alike)}
    row: list[int] = []
    column: list[int] = []
    sign: list[int] = []
    rows = 0
    for own, kind in enumerate(alike):
        mine = range(*columns.start[own : own + 2])
        for other in kind.after:
            theirs = range(*columns.start[number[other] : number[other] + 2])
            for last in mine:
                by_then = range(mine.start, last + 1)
                before = [each for each in theirs if columns.wave[each] < columns.wave[last]]
                column += [*by_then, *before]
                sign += [1] * len(by_then) + [-1] * len(before)
                row += [rows] * (len(by_then) + len(before))
                rows += 1
    return csr_array((sign, (row, column)), shape=(rows, len(columns.kind)))
