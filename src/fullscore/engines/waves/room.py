"""What is still free in each wave while a plan is being filled."""

from collections.abc import Iterator

from .kinds import Kind
from .problem import Problem

Row = tuple[list[int], int]  # free per wave, and how much of it one server takes


class Room:
    """Free places by wave, by site and by group; placing takes them, lifting gives them back."""

    def __init__(self, problem: Problem) -> None:
        waves = len(problem.wave_capacity)
        self._wave = [max(0, places) for places in problem.wave_capacity]
        self._site = {s: [max(0, places)] * waves for s, places in problem.site_capacity.items()}
        self._group = {group: [max(0, units)] * waves for group, units in problem.spare.items()}

    def rows(self, kind: Kind) -> list[Row]:
        """Return the figures that limit a kind; they follow what is placed and lifted."""
        rows = [(self._wave, 1)]
        if kind.site in self._site:
            rows.append((self._site[kind.site], 1))
        rows.extend((self._group[group], units) for group, units in kind.loads)
        return rows

    def blocking(self, kind: Kind, wave: int) -> Iterator[str]:
        """Yield, in words of the contract, all that keeps one server out of a wave."""
        if self._wave[wave] < 1:
            yield "wave"
        if kind.site in self._site and self._site[kind.site][wave] < 1:
            yield f"site:{kind.site}"
        for group, units in kind.loads:
            if self._group[group][wave] < units:
                yield f"group:{group}"


def fitting(rows: list[Row], wave: int) -> int:
    """Return how many servers with these rows still fit into a wave."""
    least = rows[0][0][wave]  # the places of the wave: one for each server
    for free, units in rows:
        if free[wave] < least * units:
            least = free[wave] // units
    return least


def place(rows: list[Row], wave: int, count: int) -> None:
    """Take the room of `count` servers; a negative count lifts them again."""
    for free, units in rows:
        free[wave] -= units * count
