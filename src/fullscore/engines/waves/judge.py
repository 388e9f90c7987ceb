"""Whether a plan is sound."""

from collections import Counter
from collections.abc import Iterator, Mapping

from .problem import Problem, Server, check


def violations(problem: Problem, wave_of: Mapping[str, int]) -> tuple[str, ...]:
    """Return in words what a placement breaks, in a fixed order; () means it is sound.

    Who is left out is no violation. ValueError: as for `plan`, when the problem is at fault.
    """
    check(problem)
    servers = {server.id: server for server in problem.servers}
    placed = {server: wave for server, wave in sorted(wave_of.items()) if server in servers}
    return (
        *(f"{name} is unknown" for name in sorted(wave_of.keys() - servers.keys())),
        *(each for name in placed for each in _misplaced(servers[name], wave_of)),
        *_overfull(problem, {servers[name]: wave for name, wave in placed.items()}),
    )


def _misplaced(server: Server, wave_of: Mapping[str, int]) -> Iterator[str]:
    wave = wave_of[server.id]
    if wave not in server.waves:
        yield f"{server.id} is in wave {wave}, which it is not permitted"
    for other in sorted(set(server.after)):
        if other not in wave_of:
            yield f"{server.id} is in wave {wave}, but {other}, which comes before it, in none"
        elif wave_of[other] >= wave:
            yield f"{server.id} is in wave {wave}, but must come after {other} in {wave_of[other]}"


def _overfull(problem: Problem, placed: Mapping[Server, int]) -> Iterator[str]:
    taken: Counter[tuple[int, str, str]] = Counter()
    for server, wave in placed.items():
        taken[wave, "wave", ""] += 1
        taken[wave, "site", server.site] += 1
        for group, units in server.loads:
            taken[wave, "group", group] += units
    for (wave, sort, name), units in sorted(taken.items()):
        limit = _limit(problem, wave, sort, name)
        if limit is not None and units > max(0, limit):
            yield f"wave {wave} holds {units} of {max(0, limit)} in {f'{sort} {name}'.rstrip()}"


def _limit(problem: Problem, wave: int, sort: str, name: str) -> int | None:
    """Return what a wave may hold; None is no limit."""
    if sort == "site":
        return problem.site_capacity.get(name)
    if sort == "group":
        return problem.spare[name]
    return problem.wave_capacity[wave] if 0 <= wave < len(problem.wave_capacity) else None
