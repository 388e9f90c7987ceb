"""Problems for tests, and slow restatements of what the contract says."""

from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import product

from hypothesis import strategies as st

from fullscore.engines.waves import Problem, Server

AMPLE = 1_000


def problem(*servers: Server, spare: Mapping[str, int] = {}, waves: int = 2) -> Problem:
    """Return a problem in which only groups are short."""
    return Problem(servers, spare, (AMPLE,) * waves, {})


def server(name: str, **given) -> Server:
    """Return a server that may go in waves 0 and 1, with no load."""
    return Server(**({"id": name, "risk": 1.0, "waves": (0, 1), "site": "here"} | given))


@st.composite
def problems(draw, most=5) -> Problem:
    """Up to five servers over three waves, with everything scarce; the order is drawn too."""
    waves = draw(st.integers(1, 3))
    figure = st.integers(0, 2)
    load = st.tuples(st.sampled_from("xy"), st.integers(1, 2))
    made: list[Server] = []
    for name in draw(st.lists(st.sampled_from("abcdefg"), unique=True, max_size=most)):
        permitted = draw(st.lists(st.integers(0, waves - 1), unique=True, max_size=waves))
        before = st.lists(st.sampled_from([each.id for each in made] or [""]), max_size=2)
        made.append(
            Server(
                id=name,
                risk=draw(st.sampled_from([0.5, 1.0, 3.0, 7.25])),
                waves=tuple(sorted(permitted)),
                site=draw(st.sampled_from(["near", "far"])),
                loads=tuple(draw(st.lists(load, max_size=2))),
                after=tuple(draw(before)) if made else (),
            )
        )
    return Problem(
        servers=tuple(draw(st.permutations(made))),
        spare={group: draw(st.integers(-1, 3)) for group in "xy"},
        wave_capacity=tuple(draw(st.lists(figure, min_size=waves, max_size=waves))),
        site_capacity={"near": draw(figure)},
    )


def blocked_by(server: Server, wave: int, wave_of: Mapping[str, int], of: Problem) -> set[str]:
    """Return all that keeps a server out of a wave when the others stand as given."""
    there = [each for each in of.servers if wave_of.get(each.id) == wave and each != server]
    near = [each for each in there if each.site == server.site]
    away: Counter[str] = Counter()
    for each in [server, *there]:
        for group, units in each.loads:
            away[group] += units
    reasons = {f"after:{a}" for a in server.after if wave_of.get(a, len(of.wave_capacity)) >= wave}
    reasons |= {f"group:{group}" for group, _ in server.loads if away[group] > of.spare[group]}
    if len(there) >= of.wave_capacity[wave]:
        reasons.add("wave")
    if len(near) >= of.site_capacity.get(server.site, AMPLE):
        reasons.add(f"site:{server.site}")
    return reasons


def is_sound(wave_of: Mapping[str, int], of: Problem) -> bool:
    return all(
        wave_of[each.id] in each.waves and not blocked_by(each, wave_of[each.id], wave_of, of)
        for each in of.servers
        if each.id in wave_of
    )


def placements(of: Problem) -> Iterator[dict[str, int]]:
    """Yield every way to put the servers into permitted waves, or leave them out."""
    names = [each.id for each in of.servers]
    for waves in product(*((*each.waves, None) for each in of.servers)):
        yield {name: wave for name, wave in zip(names, waves, strict=True) if wave is not None}


def price(wave_of: Mapping[str, int], of: Problem) -> float:
    never = 3 * len(of.wave_capacity)
    return sum(each.risk * wave_of.get(each.id, never) for each in of.servers)


def lowest_cost(of: Problem) -> float:
    return min(price(each, of) for each in placements(of) if is_sound(each, of))
