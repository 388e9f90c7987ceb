"""What an item depends on, directly and within a few hops."""

from collections import defaultdict
from collections.abc import Iterable, Mapping


class Estate:
    """Dependency edges, compiled. Duplicate edges count once, an edge to itself not at all."""

    def __init__(self, edges: Iterable[tuple[str, str]], hops: int) -> None:
        """Take (item, depends_on) pairs; `hops` says how far a cause may lie from its effect."""
        supports: dict[str, dict[str, None]] = defaultdict(dict)
        dependents: dict[str, int] = defaultdict(int)
        for item, support in dict.fromkeys(edges):
            if item != support:
                supports[item][support] = None
                dependents[support] += 1
        self._hops = hops
        self._supports = {item: tuple(names) for item, names in supports.items()}
        self._dependents = dict(dependents)
        self._causes: dict[str, Mapping[str, int]] = {}

    def __contains__(self, item: str) -> bool:
        return item in self._supports or item in self._dependents

    def supports(self, item: str) -> tuple[str, ...]:
        """Return what the item depends on directly."""
        return self._supports.get(item, ())

    def dependents(self, item: str) -> int:
        """Return how many items depend on this one directly."""
        return self._dependents.get(item, 0)

    def causes(self, item: str) -> Mapping[str, int]:
        """Return what could make the item fail, each with its distance in hops; not itself."""
        if item not in self:
            return {}
        if item not in self._causes:
            self._causes[item] = self._found(item)
        return self._causes[item]

    def _found(self, item: str) -> Mapping[str, int]:
        distance = {item: 0}
        front = [item]
        for hop in range(1, self._hops + 1):
            reached = {name for each in front for name in self.supports(each)}
            front = sorted(reached - distance.keys())
            distance.update(dict.fromkeys(front, hop))
        del distance[item]
        return distance
