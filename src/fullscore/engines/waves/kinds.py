"""Servers that are alike, counted as one; in an order that does not depend on the input's."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from operator import lt

from .problem import Problem, Server

Loads = tuple[tuple[str, int], ...]
Key = tuple[float, tuple[int, ...], str, Loads, str]


@dataclass(frozen=True, slots=True)
class Kind:
    """Servers equal in risk, waves, site and loads; one alone when others wait for it, or it."""

    members: tuple[str, ...]  # ascending
    risk: float
    waves: tuple[int, ...]  # ascending, each once
    site: str
    loads: Loads  # ascending, each group once
    after: tuple[str, ...]  # ascending, each once


def kinds(problem: Problem) -> tuple[Kind, ...]:
    """Return the kinds, those with the fewest permitted waves and the highest risk first.

    A kind stands behind all it waits for.
    """
    awaited = {other for server in problem.servers for other in server.after}
    ample = _ample(problem)
    alike: dict[Key, list[Server]] = defaultdict(list)
    for server in problem.servers:
        name = server.id if server.after or server.id in awaited else ""
        loads = tuple(load for load in server.loads if load[0] not in ample)
        alike[server.risk, server.waves, server.site, loads, name].append(server)
    found = sorted((_kind(key[3], servers) for key, servers in alike.items()), key=_urgency)
    return tuple(_behind_what_they_wait_for(found)) if awaited else tuple(found)


def _ample(problem: Problem) -> set[str]:
    """Return the groups that could be away as a whole: they limit nothing, and part no kinds."""
    total: dict[str, int] = dict.fromkeys(problem.spare, 0)
    for server in problem.servers:
        for group, units in server.loads:
            total[group] += units
    return {group for group, units in total.items() if units <= problem.spare[group]}


def _kind(loads: Loads, servers: list[Server]) -> Kind:
    one = servers[0]
    return Kind(
        members=tuple(sorted([server.id for server in servers])),
        risk=one.risk,
        waves=one.waves if _rises(one.waves) else tuple(sorted(set(one.waves))),
        site=one.site,
        loads=_summed(loads) if len(loads) > 1 else loads,
        after=tuple(sorted(set(one.after))) if one.after else (),
    )


def _rises(waves: tuple[int, ...]) -> bool:
    return all(map(lt, waves, waves[1:]))


def _summed(loads: Loads) -> Loads:
    """Return each group once, with all its units: a machine may carry two members of one."""
    units: dict[str, int] = {}
    for group, each in loads:
        units[group] = units.get(group, 0) + each
    return tuple(sorted(units.items()))


def _urgency(kind: Kind) -> tuple[int, float, str]:
    return len(kind.waves), -kind.risk, kind.members[0]


def _behind_what_they_wait_for(found: list[Kind]) -> Iterator[Kind]:
    """Yield the kinds by urgency; what an urgent one waits for goes with it, just before."""
    of_server = {kind.members[0]: kind for kind in found}
    done: set[str] = set()
    for kind in found:
        path = [kind]
        while path:
            last = path[-1]
            if last.members[0] in done:
                path.pop()
            elif ahead := [of_server[each] for each in last.after if each not in done]:
                path.extend(reversed(ahead))
            else:
                done.add(last.members[0])
                yield path.pop()
