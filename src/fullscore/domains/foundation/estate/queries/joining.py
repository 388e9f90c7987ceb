"""What an inventory says of links and needs, beside those the record has."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from fullscore.connectors.inventory.shapes import End, Thing
from fullscore.domains.foundation.estate.kinds import HARD_LINKS, LINK_CHOICES, SOFT_LINKS
from fullscore.domains.foundation.estate.models import Link, Requirement

LINK_KINDS = frozenset(name for name, _ in LINK_CHOICES)
Needs = dict[tuple[str, str], int | None]  # kind and name → how many; None is all


class Wrong(Exception):
    """Why a thing cannot be taken."""


class Tie(NamedTuple):
    """A link of a thing: the other end's place in the inventory and its item, as far as known."""

    kind: str
    place: int | None
    item: int | None
    need: str | None = None  # the name of the need it serves; None was not said
    confidence: float | None = None
    attributes: Mapping[str, Any] | None = None


Ends = Callable[[str, str], tuple[int | None, int | None]]


def ties(thing: Thing, end_of: Ends) -> list[Tie]:
    """Return the links of a thing, each once; raises Wrong for what cannot be joined."""
    made: dict[tuple[str, int | None, int | None], Tie] = {}
    for kind, end, need in _told(thing):
        if kind not in LINK_KINDS:
            raise Wrong(f"“{kind[:30]}” is no kind of link.")
        place, item = end_of(kind, end.ref)
        tie = Tie(kind, place, item, need, end.confidence, end.attributes)
        first = made.setdefault((kind, place, item), tie)
        if (first.need or "") != (need or ""):
            raise Wrong(f"{kind} “{end.ref[:60]}” twice: a link serves one need.")
    return list(made.values())


def _told(thing: Thing) -> Iterator[tuple[str, End, str | None]]:
    for kind, ref in thing.links:
        yield kind, End(ref), None
    for group in thing.groups:
        for end in group.of:
            yield group.kind, end, group.name


class Standing(NamedTuple):
    """A link of the record: the need it serves, and what is said of it."""

    need: int | None
    confidence: float
    attributes: Mapping[str, Any]


@dataclass(slots=True)
class Joined:
    """The links and needs of the record."""

    links: dict[tuple[str, int, int], Standing] = field(default_factory=dict)
    needs: dict[tuple[int, str, str], tuple[int, int | None]] = field(default_factory=dict)
    served: dict[int, set[int]] = field(default_factory=dict)  # need → items

    @classmethod
    def now(cls) -> "Joined":
        """Return those of this moment, in two statements."""
        made = cls()
        for pk, item, kind, name, needed in Requirement.objects.order_by().values_list(
            "pk", "dependent_id", "kind", "name", "needed"
        ):
            made.needs[item, kind, name] = (pk, needed)
        for kind, own, other, *said in Link.objects.order_by().values_list(
            "kind", "from_item_id", "to_item_id", "requirement_id", "confidence", "attributes"
        ):
            made.learns((kind, own, other), Standing(*said))
        return made

    def learns(self, ends: tuple[str, int, int], link: Standing) -> None:
        """Let a link be known."""
        self.links[ends] = link
        if link.need is not None:
            self.served.setdefault(link.need, set()).add(ends[2])

    def needed(self, thing: Thing, told: Sequence[Tie], item: int | None) -> Needs:
        """Return how many of each need a thing says it needs; raises Wrong for more than serve."""
        made: Needs = {}
        for group in thing.groups:
            if group.kind not in HARD_LINKS or group.needed is None:
                continue
            key, needed = (group.kind, group.name), None if group.needed == "all" else group.needed
            if made.setdefault(key, needed) != needed:
                raise Wrong(f"“{group.name or group.kind}” is given two numbers.")
            count = self._serving(key, told, item)
            if needed is not None and needed > count:
                called = group.name or group.kind
                raise Wrong(f"{needed} are needed, but only {count} serve “{called}”.")
        return made

    def _serving(self, key: tuple[str, str], told: Sequence[Tie], item: int | None) -> int:
        """Count what serves a need once the inventory is written."""
        kind, name = key
        mine = [tie for tie in told if tie.kind == kind and (tie.need or "") == name]
        known = self.needs.get((item, kind, name)) if item is not None else None
        others = self.served.get(known[0], set()) if known else set()
        return len(mine) + len(others - {tie.item for tie in mine})

    def altered(self, item: int, told: Sequence[Tie], needs: Needs) -> dict[str, str]:
        """Return in words what of an item's needs and links would change.

        Raises Wrong for a link that serves another need: whether that one can do without is for a
        person to say.
        """
        words = {}
        for (kind, name), needed in needs.items():
            known = self.needs.get((item, kind, name))
            if known is not None and known[1] != needed:
                words[f"{kind} {name}".strip()] = f"{'all' if needed is None else needed} needed"
        for tie in told:
            link = self.links.get((tie.kind, item, tie.item)) if tie.item is not None else None
            if link is None:
                continue
            if tie.need is not None and tie.kind in (*HARD_LINKS, *SOFT_LINKS):
                served = self.needs.get((item, tie.kind, tie.need))
                if served is None or served[0] != link.need:
                    raise Wrong(f"A “{tie.kind}” of it serves another need than “{tie.need}”:"
                                " unlink it there first.")  # fmt: skip
            if told_of(tie, link) != (link.confidence, link.attributes):
                words[f"{tie.kind}, a link"] = "more is known of it"
        return words


def told_of(tie: Tie, link: Standing) -> tuple[float, Mapping[str, Any]]:
    """Return the confidence and attributes a link has once what is told of it is written."""
    attributes = link.attributes if tie.attributes is None else tie.attributes
    return link.confidence if tie.confidence is None else tie.confidence, attributes
