"""What is to be planned, the plan, and what makes a problem impossible to read."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter


@dataclass(frozen=True, slots=True)
class Server:
    """One server to patch: when it may be, what is away meanwhile, and what comes before it."""

    id: str
    risk: float  # cost of each wave of waiting, > 0
    waves: tuple[int, ...]  # permitted, ascending
    site: str
    loads: tuple[tuple[str, int], ...] = ()  # (group, units it takes away), units ≥ 1
    after: tuple[str, ...] = ()  # servers that must be in an earlier wave


@dataclass(frozen=True, slots=True)
class Problem:
    """Servers, and how many may be away at once. A figure below zero counts as zero."""

    servers: tuple[Server, ...]
    spare: Mapping[str, int]  # group → units that may be away in one wave
    wave_capacity: tuple[int, ...]  # servers, one figure per wave
    site_capacity: Mapping[str, int]  # servers per wave; a site not named is unlimited


@dataclass(frozen=True, slots=True)
class Plan:
    """Every server in exactly one of the two maps; the optimal cost lies in [bound, cost]."""

    wave_of: Mapping[str, int]
    unplaced: Mapping[str, str]  # server → the constraint that blocks it in most of its waves
    cost: float  # Σ risk × wave; an unplaced server counts as three times the number of waves
    bound: float


def cost_of(problem: Problem, wave_of: Mapping[str, int]) -> float:
    """Return Σ risk × wave, with every server left out at three times the number of waves."""
    left_out = 3 * len(problem.wave_capacity)
    # Exact summation, so that the order of the servers cannot show in the last digit.
    return math.fsum(each.risk * wave_of.get(each.id, left_out) for each in problem.servers)


def check(problem: Problem) -> None:
    """Raise ValueError for a problem that contradicts itself, naming the server at fault."""
    known = {server.id for server in problem.servers}
    if len(known) < len(problem.servers):
        raise ValueError(f"Server {_repeated(s.id for s in problem.servers)} is named twice.")
    waves = len(problem.wave_capacity)
    for server in problem.servers:
        _check_server(server, waves, problem.spare)
        for other in server.after:
            if other not in known:
                raise ValueError(f"Server {server.id} comes after {other}, which is unknown.")
    _check_order(problem.servers)


def _check_server(server: Server, waves: int, spare: Mapping[str, int]) -> None:
    if not (math.isfinite(server.risk) and server.risk > 0):
        raise ValueError(f"Server {server.id} has a risk that is not above zero.")
    if server.waves and not (min(server.waves) >= 0 and max(server.waves) < waves):
        raise ValueError(f"Server {server.id} names a wave outside 0 … {waves - 1}.")
    for group, units in server.loads:
        if group not in spare:
            raise ValueError(f"Server {server.id} loads group {group}, which is unknown.")
        if units < 1:
            raise ValueError(f"Server {server.id} loads group {group} with less than one unit.")


def _check_order(servers: Iterable[Server]) -> None:
    ordered = TopologicalSorter({s.id: s.after for s in servers if s.after})
    try:
        ordered.prepare()
    except CycleError as error:
        raise ValueError(f"Servers wait for each other: {' → '.join(error.args[1])}.") from error


def _repeated(names: Iterable[str]) -> str:
    return next(name for name, times in Counter(names).items() if times > 1)
