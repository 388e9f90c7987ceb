"""What a package manager would do to a host, and how that differs from what was approved. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

MOST_TOLD = 5
KINDS = ("upgraded", "added", "removed")


class Altered(NamedTuple):
    """One package that would be altered."""

    name: str  # as it is asked for: an architecture may follow
    old: str  # the version before; “” for what is added, or is not told
    new: str  # the version afterwards; “” for what is removed
    origin: str = ""  # where the new version comes from, as the host's lists say

    @property
    def bare(self) -> str:
        """Return the name without an architecture."""
        return self.name.partition(":")[0]


Rows = dict[str, list[list[str]]]  # upgraded, added, removed → [name, before, afterwards]


@dataclass(frozen=True, slots=True)
class Transaction:
    """What would be done."""

    upgraded: tuple[Altered, ...] = ()
    added: tuple[Altered, ...] = ()
    removed: tuple[Altered, ...] = ()

    def differs_from(self, approved: "Transaction") -> str:
        """Say in words what it would do that was not approved, or not do that was; “”: nothing."""
        told = [f"also install {one.bare}" for one in _beyond(self.added, approved.added)]
        told += [f"remove {one.bare}" for one in _beyond(self.removed, approved.removed)]
        told += [
            f"bring {one.bare} to {one.new}" for one in _beyond(self.upgraded, approved.upgraded)
        ]
        here = {one.bare for one in self.upgraded}
        told += [f"leave {one.bare} as it is" for one in approved.upgraded if one.bare not in here]
        told += [f"not install {one.bare}" for one in _beyond(approved.added, self.added)]
        told += [f"not remove {one.bare}" for one in _beyond(approved.removed, self.removed)]
        return ", ".join(dict.fromkeys(told[:MOST_TOLD]))

    def leaves(self, planned: "Transaction") -> str:
        """Say in words which planned upgrades it would not do, or do otherwise; “”: none."""
        now = {one.bare: one.new for one in self.upgraded}
        told = [
            f"bring {one.bare} to {now[one.bare]}" if one.bare in now else
            f"leave {one.bare} as it is"
            for one in planned.upgraded
            if now.get(one.bare) != one.new
        ]  # fmt: skip
        return ", ".join(told[:MOST_TOLD])

    def dependencies(self) -> tuple[Altered, ...]:
        """Return what is added and comes from where the upgraded packages come from.

        Recommended packages are never asked for, so that what is added is needed by what is
        upgraded.
        """
        known = {origin for one in self.upgraded for origin in origins(one.origin)}
        return tuple(one for one in self.added if known.issuperset(origins(one.origin)))

    def filled(
        self, packages: Iterable[Sequence[str]], versions: Mapping[str, str]
    ) -> "Transaction":
        """Return it with the versions of before: as planned, else as installed.

        What is called upgraded and is not installed is added.
        """
        planned = {one[0].partition(":")[0]: one for one in packages}
        upgraded, added = list[Altered](), list(self.added)
        for one in self.upgraded:
            if known := planned.get(one.bare):
                upgraded.append(one._replace(name=known[0], old=known[1]))
            elif old := one.old or versions.get(one.bare, ""):
                upgraded.append(one._replace(old=old))
            else:
                added.append(one)
        return replace(self, upgraded=tuple(upgraded), added=tuple(added))

    def rows(self) -> Rows:
        """Return it as it is kept."""
        return {kind: [list(one[:3]) for one in sorted(getattr(self, kind))] for kind in KINDS}


def kept(rows: Mapping[str, Any]) -> Transaction:
    """Return what was kept as `rows`."""
    return Transaction(*(tuple(Altered(*one) for one in rows.get(kind, ())) for kind in KINDS))


def planned(packages: Iterable[Sequence[str]]) -> Transaction:
    """Return what upgrades packages, each name, before and afterwards, and does nothing else."""
    return Transaction(tuple(Altered(one[0], one[1], one[2]) for one in packages))


def origins(text: str) -> frozenset[str]:
    """Return who an origin is told to be, such as Debian: its security archive is its own."""
    words = (word.strip().partition(":")[0] for word in text.split(","))
    return frozenset(word.removesuffix("-Security") for word in words)


def _beyond(some: Iterable[Altered], others: Iterable[Altered]) -> list[Altered]:
    known = {(one.bare, one.new or one.old) for one in others}
    return [one for one in some if (one.bare, one.new or one.old) not in known]
