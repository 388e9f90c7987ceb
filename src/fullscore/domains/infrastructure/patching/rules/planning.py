"""From what is given to waves: the engine places, the simulation objects, until it has nothing to
object."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from fullscore.domains.infrastructure.patching.facts import Arranged, Candidate, Given, Group
from fullscore.engines import waves

MOST_ROUNDS = 20
SECONDS = 10.0  # in each round

# Which watched services go down when these items are away at once.
Falls = Callable[[Iterable[int]], frozenset[int]]


@dataclass
class _Rules:
    """What the simulation has added so far."""

    together: dict[str, frozenset[int]] = field(default_factory=dict)  # never all in one wave
    not_before: dict[int, int] = field(default_factory=dict)  # ring → slot
    dropped: set[int] = field(default_factory=set)  # servers no round could place soundly


def arrange(
    given: Given, *, falls: Falls, seconds: float = SECONDS, rounds: int = MOST_ROUNDS
) -> Arranged:
    """Return a plan in which no wave takes a watched service down.

    What is left over after the last round is taken out of the plan, the least urgent first, so that
    what is returned is always sound.
    """
    rules, made, number = _Rules(), None, 0
    while True:
        number += 1
        problem = _problem(given, rules)
        made = waves.plan(problem, seconds=seconds)
        wave_of = {int(name): wave for name, wave in made.wave_of.items()}
        objections = list(_objections(given, wave_of, falls, rules))
        if not objections:
            break
        for add in objections:
            add(number > rounds)
    told = {int(name): reason for name, reason in made.unplaced.items()}
    words = {pk: in_words(reason, given) for pk, reason in told.items()}
    words |= {pk: DROPPED for pk in rules.dropped if pk not in wave_of}
    return Arranged(wave_of, {**words, **given.left_out}, made.cost, made.bound, number)


DROPPED = (
    "With whatever else is patched at that time a service would fall: plan it in a campaign of"
    " its own."
)


def _problem(given: Given, rules: _Rules) -> waves.Problem:
    spare = {key: group.spare for key, group in given.groups.items()}
    extra: dict[int, list[tuple[str, int]]] = {}
    for key, members in rules.together.items():
        spare[key] = len(members) - 1
        for server in members:
            extra.setdefault(server, []).append((key, 1))
    return waves.Problem(
        servers=tuple(
            waves.Server(
                one.id,
                one.risk,
                () if one.server in rules.dropped else _permitted(one, rules),
                one.site,
                (*one.loads, *extra.get(one.server, ())),
                tuple(f"{other:09}" for other in one.after),
            )
            for one in given.candidates
        ),
        spare=spare,
        wave_capacity=given.wave_capacity,
        site_capacity=given.site_capacity,
    )


def _permitted(one: Candidate, rules: _Rules) -> tuple[int, ...]:
    first = rules.not_before.get(one.ring, 0)
    return tuple(wave for wave in one.waves if wave >= first)


def _objections(
    given: Given, wave_of: Mapping[int, int], falls: Falls, rules: _Rules
) -> Iterator[Callable[[bool], None]]:
    """Yield, for each thing that is wrong with a plan, how the next round learns of it."""
    known = {one.server: one for one in given.candidates}
    for wave, members in sorted(by_wave(wave_of).items()):
        for service in sorted(falls(known[pk].item for pk in members)):
            if not is_accepted(given, service, wave):
                yield _never_together(known, _least(known, members, service, falls), rules)
    yield from _soaks(given, wave_of, rules)


def by_wave(wave_of: Mapping[int, int]) -> dict[int, list[int]]:
    """Return the servers of each wave, in their order."""
    found: dict[int, list[int]] = {}
    for server, wave in sorted(wave_of.items()):
        found.setdefault(wave, []).append(server)
    return found


def is_accepted(given: Given, service: int, wave: int) -> bool:
    """Say whether a service may be down in a wave."""
    slot = given.slots[wave]
    return any(
        one.service == service and one.starts_at <= slot.starts_at and slot.ends_at <= one.ends_at
        for one in given.outages
    )


def _least(
    known: Mapping[int, Candidate], members: Iterable[int], service: int, falls: Falls
) -> frozenset[int]:
    """Return a smallest set of a wave's servers that takes a service down: none can be spared."""
    left = list(members)
    for server in sorted(left, key=lambda pk: -known[pk].risk):
        fewer = [pk for pk in left if pk != server]
        if service in falls(known[pk].item for pk in fewer):
            left = fewer
    return frozenset(left)


def _never_together(
    known: Mapping[int, Candidate], members: frozenset[int], rules: _Rules
) -> Callable[[bool], None]:
    def add(is_late: bool) -> None:
        if is_late or len(members) < 2:
            rules.dropped.add(min(members, key=lambda pk: (known[pk].risk, pk)))
        else:
            rules.together["together:" + ",".join(map(str, sorted(members)))] = members

    return add


def _soaks(
    given: Given, wave_of: Mapping[int, int], rules: _Rules
) -> Iterator[Callable[[bool], None]]:
    """Yield what makes a ring wait until those before it have stood long enough."""
    ring_of = {one.server: one.ring for one in given.candidates}
    last: dict[int, int] = {}
    for server, wave in wave_of.items():
        last[ring_of[server]] = max(wave, last.get(ring_of[server], 0))
    for ring, place, _ in given.rings:
        earliest = max(
            (
                given.slots[last[other]].ends_at + timedelta(hours=soak)
                for other, before, soak in given.rings
                if before < place and other in last
            ),
            default=None,
        )
        if earliest is None:
            continue
        first = next(
            (n for n, slot in enumerate(given.slots) if slot.starts_at >= earliest),
            len(given.slots),
        )
        mine = [wave for server, wave in wave_of.items() if ring_of[server] == ring]
        if mine and min(mine) < first:
            yield _wait(rules, ring, first)


def _wait(rules: _Rules, ring: int, first: int) -> Callable[[bool], None]:
    def add(is_late: bool) -> None:
        rules.not_before[ring] = first

    return add


# ── words ──────────────────────────────────────────────────────────────────────────────────────


def in_words(reason: str, given: Given) -> str:
    """Say what keeps a server out of every wave, and what would help."""
    kind, _, name = reason.partition(":")
    if kind == "group" and name in given.groups:
        return _group_in_words(given.groups[name])
    if kind == "group":
        return "It would take a service down with others that are patched then: add a window."
    if kind == "site":
        return "Its site takes no more servers in any wave: raise the window's limit, or add one."
    if kind == "wave":
        return "Every wave it could be in is full: raise the window's limit, or add a window."
    if kind == "after":
        other = next((one.name for one in given.candidates if one.id == name), name)
        return f"It comes after {other}, which is in no wave itself."
    return "No window is open for it after its ring begins and outside every freeze."


def _group_in_words(group: Group) -> str:
    what = group.what or "supports"
    return (
        f"{group.name} needs {group.needed} of {group.up} {what} that are up:"
        f" accept an outage, or add one."
    )
