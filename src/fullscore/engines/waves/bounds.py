"""What no plan can cost less than, known without a solver."""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from .kinds import Kind
from .problem import Problem

Use = tuple[str, int]  # a room, and the units one server takes of it
Work = tuple[float, int]  # risk of each unit, units


def cheap_bound(problem: Problem, alike: Sequence[Kind]) -> float:
    """Return the best of four lower bounds of the cost, in time n log n.

    Each forgets all constraints but one sort: the permitted waves; the places of a wave; those of
    each site; for each server the spare units of one group, its scarcest.
    """
    waves = len(problem.wave_capacity)
    sites = {site: [places] * waves for site, places in problem.site_capacity.items()}
    groups = {group: [units] * waves for group, units in problem.spare.items()}
    return max(
        math.fsum(_alone(kind, waves) for kind in alike),
        _shared(alike, [("", 1)] * len(alike), {"": problem.wave_capacity}, waves),
        _shared(alike, [(kind.site, 1) for kind in alike], sites, waves),
        _shared(alike, [_scarcest(kind, problem) for kind in alike], groups, waves),
    )


def _alone(kind: Kind, waves: int) -> float:
    """Return what a kind costs at least: all its servers in its first permitted wave."""
    return len(kind.members) * kind.risk * (kind.waves[0] if kind.waves else 3 * waves)


def _scarcest(kind: Kind, problem: Problem) -> Use | None:
    if len(kind.loads) < 2:
        return kind.loads[0] if kind.loads else None
    # A group without spare is the scarcest; a half stands for it, so that units still count.
    return max(kind.loads, key=lambda load: (load[1] / max(problem.spare[load[0]], 0.5), load))


def _shared(
    alike: Sequence[Kind],
    uses: Sequence[Use | None],
    rooms: Mapping[str, Sequence[int]],
    waves: int,
) -> float:
    """Return a bound where each kind uses one room, or none that is limited: it goes first."""
    work: dict[str, list[Work]] = defaultdict(list)
    costs = []
    for kind, use in zip(alike, uses, strict=True):
        if use and use[0] in rooms:
            room, units = use
            work[room].append((kind.risk / units, units * len(kind.members)))
        else:
            costs.append(_alone(kind, waves))
    costs.extend(_poured(work[room], rooms[room]) for room in work)
    return math.fsum(costs)


def _poured(work: Iterable[Work], room: Sequence[int]) -> float:
    """Return the least cost when servers may be split: the dearest unit first, wave after wave.

    Costs are products of a rate and a wave, so falling rates on rising waves are optimal
    (rearrangement inequality; Hardy, Littlewood and Pólya, Inequalities, 1934, theorem 368).
    """
    costs = []
    wave, free = -1, 0
    for rate, rest in sorted(work, reverse=True):
        while rest > free and wave < len(room):
            costs.append(rate * free * wave)
            rest -= free
            wave += 1
            free = max(0, room[wave]) if wave < len(room) else 0
        costs.append(rate * rest * (wave if wave < len(room) else 3 * len(room)))
        free -= rest
    return math.fsum(costs)
