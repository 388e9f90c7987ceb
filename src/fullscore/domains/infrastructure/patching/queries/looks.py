"""What the hosts of a plan said they would do, gathered for whoever approves it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from fullscore.domains.infrastructure.patching.models import Campaign, ServerRun

STALE = timedelta(hours=24)  # our judgement: archives move daily
MOST_NAMED = 5


@dataclass(frozen=True, slots=True)
class Told:
    """One thing that would be done beyond the plan, or could not, and on which servers."""

    what: str
    servers: tuple[str, ...]  # some of them
    count: int


@dataclass(frozen=True, slots=True)
class Looks:
    """What is known of a plan's hosts."""

    asked: int
    seen: int
    added: tuple[Told, ...]
    upgraded: tuple[Told, ...]  # beyond the planned packages
    removed: tuple[Told, ...]
    lacking: tuple[Told, ...]  # packages whose version of before cannot be kept
    unseen: tuple[Told, ...]  # why hosts were not looked at


def looks(runs: Iterable[ServerRun]) -> Looks:
    """Return what the hosts of some runs said, told once for all that said the same."""
    rows = list(runs)
    seen = [run for run in rows if run.looked_at]

    def told(*, kind: str, beyond: bool = False) -> tuple[Told, ...]:
        found: list[tuple[str, str]] = []
        for run in seen:
            planned = {one[0] for one in run.packages} if beyond else set()
            for name, before, after in run.transaction.get(kind, ()):
                if name not in planned:
                    found.append((f"{name} {after or before}", run.server.item.name))
        return _gathered(found)

    return Looks(
        asked=len(rows),
        seen=len(seen),
        added=told(kind="added"),
        upgraded=told(kind="upgraded", beyond=True),
        removed=told(kind="removed"),
        lacking=_gathered((name, run.server.item.name) for run in seen for name in run.lacks),
        unseen=_gathered((run.unseen, run.server.item.name) for run in rows if run.unseen),
    )


def _gathered(found: Iterable[tuple[str, str]]) -> tuple[Told, ...]:
    by_what: dict[str, list[str]] = {}
    for what, server in found:
        by_what.setdefault(what, []).append(server)
    return tuple(
        Told(what, tuple(sorted(servers)[:MOST_NAMED]), len(servers))
        for what, servers in sorted(by_what.items(), key=lambda one: (-len(one[1]), one[0]))
    )


def is_stale(campaign: Campaign, now: datetime) -> bool:
    """Say whether what the hosts said is too old to be approved."""
    return campaign.looked_at is not None and campaign.looked_at + STALE < now


def objections(campaign: Campaign) -> Iterator[str]:
    """Yield what the answers of the hosts have against a plan."""
    if (
        campaign.way_back == Campaign.WayBack.DOWNGRADE
        and campaign.no_way_back == Campaign.NoWayBack.REFUSED
    ):
        planned = campaign.runs.filter(state=ServerRun.State.PLANNED).exclude(lacks=[])
        if first := planned.select_related("server__item").first():
            others = planned.count() - 1
            more = f" and {others} more" if others else ""
            yield (
                f"{first.server}{more} would have no way back ({', '.join(first.lacks[:5])}):"
                " accept that, or leave them out."
            )
