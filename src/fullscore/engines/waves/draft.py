"""A plan while it is being made: sound at every moment."""

from collections import Counter
from collections.abc import Iterator, Mapping

from .kinds import Kind
from .problem import Plan, Problem, cost_of
from .room import Room, fitting, place

ORDER = ("wave", "site", "group", "after")  # of equal reasons the first is told


class Draft:
    """Kinds and how many of each are in which wave; nothing is put where it does not fit."""

    def __init__(self, problem: Problem, kinds: tuple[Kind, ...]) -> None:
        self._problem = problem
        self._kinds = kinds
        self._room = Room(problem)
        self._rows = [self._room.rows(kind) for kind in kinds]
        self._placed: list[dict[int, int]] = [{} for _ in kinds]
        self._left = [len(kind.members) for kind in kinds]
        self._wave_of_single: dict[str, int] = {}

    def put(self, number: int, wave: int, wanted: int) -> None:
        """Put up to `wanted` servers of a kind into a wave: as many as are left and fit."""
        count = min(wanted, self._left[number], fitting(self._rows[number], wave))
        if count > 0 and wave >= self._earliest(number):
            self._take(number, wave, count)

    def fill(self) -> None:
        """Put all that is left where it first fits. Afterwards nothing left fits anywhere."""
        for number, kind in enumerate(self._kinds):
            if not self._left[number]:
                continue
            rows, first = self._rows[number], self._earliest(number)
            for wave in kind.waves:
                if wave >= first and (count := fitting(rows, wave)):
                    self._take(number, wave, min(count, self._left[number]))
                    if not self._left[number]:
                        break

    def pull_forward(self) -> None:
        """Move what is placed into earlier waves as far as there is room, the riskiest first."""
        for number, kind in sorted(enumerate(self._kinds), key=lambda each: -each[1].risk):
            for late in sorted(self._placed[number], reverse=True):
                for early in kind.waves:
                    if early >= late or late not in self._placed[number]:
                        break
                    self._move(number, late, early)

    def plan(self, bound: float) -> Plan:
        """Return the plan as it stands; `bound` is what no plan can cost less than."""
        wave_of: dict[str, int] = {}
        unplaced: dict[str, str] = {}
        for number, kind in enumerate(self._kinds):
            waves = (w for w, n in sorted(self._placed[number].items()) for _ in range(n))
            wave_of.update(zip(kind.members, waves, strict=False))
            if self._left[number]:
                reason = self._reason(number)
                unplaced.update(dict.fromkeys(kind.members[-self._left[number] :], reason))
        cost = cost_of(self._problem, wave_of)
        return Plan(wave_of, unplaced, cost, min(bound, cost))

    def _move(self, number: int, late: int, early: int) -> None:
        count = min(self._placed[number][late], fitting(self._rows[number], early))
        if count > 0 and early >= self._earliest(number):
            self._take(number, late, -count)
            self._take(number, early, count)

    def _take(self, number: int, wave: int, count: int) -> None:
        """Place servers that fit; a negative count lifts them again."""
        place(self._rows[number], wave, count)
        self._left[number] -= count
        placed = self._placed[number]
        placed[wave] = placed.get(wave, 0) + count
        if not placed[wave]:
            del placed[wave]
        elif len(self._kinds[number].members) == 1:
            self._wave_of_single[self._kinds[number].members[0]] = wave

    def _earliest(self, number: int) -> int:
        """Return the first wave behind all the kind waits for; none while one of them is left."""
        after = self._kinds[number].after
        if not after:
            return 0
        never = len(self._problem.wave_capacity)
        return max(self._wave_of_single.get(each, never) + 1 for each in after)

    def _reason(self, number: int) -> str:
        kind = self._kinds[number]
        blocked = Counter(reason for wave in kind.waves for reason in self._blocking(number, wave))
        return min(blocked, key=lambda reason: _rank(reason, blocked), default="no wave")

    def _blocking(self, number: int, wave: int) -> Iterator[str]:
        kind = self._kinds[number]
        yield from self._room.blocking(kind, wave)
        for other in kind.after:
            if self._wave_of_single.get(other, wave) >= wave:
                yield f"after:{other}"


def _rank(reason: str, blocked: Mapping[str, int]) -> tuple[int, int, str]:
    return -blocked[reason], ORDER.index(reason.partition(":")[0]), reason
