"""What every check of facts does first: refuse to judge what is not known."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Any

from fullscore.domains.infrastructure.servers.queries import Host
from fullscore.kit.checks import Limits, Subject, Verdict, not_applicable, unknown

GRANTS = "fullscore server grants {name}"
Inside = Callable[[Host, Any, datetime, Any], Iterable[Verdict]]


def told(
    hosts: Iterable[Host],
    section: str,
    inside: Inside,
    *,
    now: datetime,
    limits: Limits,
    needs_root: bool = False,
) -> Iterator[Verdict]:
    """Judge one section of each host.

    Stale, missing or unpermitted facts are *unknown*, never good.
    """
    for host in hosts:
        subject = Subject(item=host.item)
        if host.is_stale(now):
            yield unknown(
                subject, why="the facts are older than 45 minutes", remedy="Is the probe running?"
            )
            continue
        content = host.section(section)
        gap = host.gaps.get(section, "")
        if gap.startswith("absent"):
            yield not_applicable(subject, why=gap)
        elif gap and (needs_root or not content):
            yield unknown(subject, why=f"{section}: {gap}", remedy=GRANTS.format(name=host.name))
        elif content is None:
            yield unknown(
                subject, why=f"the probe told nothing of {section}", remedy="Update the probe."
            )
        else:
            yield from inside(host, content, now, limits.of(host.item))
