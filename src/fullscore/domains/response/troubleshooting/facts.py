"""What is looked at when something broke: plain values, no rows."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

NO_TIME = timedelta(0)


@dataclass(frozen=True, slots=True)
class Kind:
    """What sort of thing happens to items, and how often it is to blame where it came before."""

    name: str
    usual_rate: float  # 0 … 1: our judgement, until causes that were named say more


KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind("change", 0.5),
        Kind("packages", 0.3),
        Kind("kernel", 0.4),
        Kind("units", 0.4),
        Kind("settings", 0.4),
        Kind("network", 0.4),
        Kind("storage", 0.4),
        Kind("certificates", 0.4),
        Kind("restart", 0.3),
        Kind("accounts", 0.1),
        Kind("login", 0.2),
        Kind("dependency", 0.2),
        Kind("record", 0.05),
    )
}
ITEM = "item"  # the kind of a cause that is an item itself, not something that happened to it


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that happened to an item, in words that name no other item and no person's own."""

    item: int
    at: datetime  # when it was seen
    kind: str  # of `KINDS`
    text: str
    url: str = ""
    slack: timedelta = NO_TIME  # it was by this much earlier at most: facts are read now and then

    @property
    def is_change(self) -> bool:
        """Say whether it is a change of `foundation/changes`, whose page `url` is."""
        return self.kind == "change"

    @property
    def key(self) -> str:
        """Return what tells this happening from others, in addresses."""
        return f"{self.kind}:{self.item}:{int(self.at.timestamp() * 1000)}"


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """Items and what they depend on, with how many steps it is there."""

    hops: Mapping[int, int]  # item → steps from the nearest of those asked about
    needs: tuple[tuple[int, int], ...]  # (item, depends on)
