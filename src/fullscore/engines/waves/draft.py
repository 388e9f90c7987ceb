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
        self._wave_of_awaited: dict[str, int] = {}

    def put(self, number: int, wave: int, wanted: int) -> None:
        """Put up to `wanted` servers of a kind into a wave: as many as are left and fit."""
        count = min(wanted, self._left[number], fitting(self._rows[number], wave))
        if count < 1 or wave < self._earliest(number):
            return
        place(self._rows[number], wave, count)
        self._placed[number][wave] = self._placed[number].get(wave, 0) + count
        self._left[number] -= count
        if len(self._kinds[number].members) == 1:
            self._wave_of_awaited[self._kinds[number].members[0]] = wave

    def fill(self) -> None:
        """Put all that is left where it first fits. Afterwards nothing left fits anywhere."""
        for number, kind in enumerate(self._kinds):
            if not self._left[number]:
                continue
            first = self._earliest(number)
            for wave in kind.waves:
                if wave >= first and fitting(self._rows[number], wave):
                    self.put(number, wave, self._left[number])
                    if not self._left[number]:
                        break

    def pull_forward(self) -> None:
        """Move what is placed into earlier waves as far as there is room."""
        for number, kind in enumerate(self._kinds):
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
        placed = self._placed[number]
        count = min(placed[late], fitting(self._rows[number], early))
        if count < 1 or early < self._earliest(number):
            return
        place(self._rows[number], late, -count)
        self._left[number] += count
        placed[late] -= count
        if not placed[late]:
            del placed[late]
        self.put(number, early, count)

    def _earliest(self, number: int) -> int:
        """Return the first wave behind all the kind waits for; none while one of them is left."""
        after = self._kinds[number].after
        never = len(self._problem.wave_capacity)
        return max((self._wave_of_awaited.get(each, never) + 1 for each in after), default=0)

    def _reason(self, number: int) -> str:
        kind = self._kinds[number]
        blocked = Counter(reason for wave in kind.waves for reason in self._blocking(number, wave))
        return min(blocked, key=lambda reason: _rank(reason, blocked), default="no wave")

    def _blocking(self, number: int, wave: int) -> Iterator[str]:
        kind = self._kinds[number]
        yield from self._room.blocking(kind, wave)
        for other in kind.after:
            if self._wave_of_awaited.get(other, wave) >= wave:
                yield f"after:{other}"


def _rank(reason: str, blocked: Mapping[str, int]) -> tuple[int, int, str]:
    return -blocked[reason], ORDER.index(reason.partition(":")[0]), reason
