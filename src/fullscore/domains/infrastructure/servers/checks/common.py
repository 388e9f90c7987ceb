"""What every check of facts does first: refuse to judge what is not known."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

from fullscore.domains.infrastructure.servers.queries import Host
from fullscore.kit.checks import Limits, Subject, Verdict, not_applicable, unknown

Inside = Callable[[Host, Any, datetime, Any], Iterable[Verdict]]
# What the probe left out of a section it did tell: then a row that is absent may be there.
PARTIAL = ("cut", "time", "failed")


def told(
    hosts: Iterable[Host],
    section: str,
    inside: Inside,
    *,
    now: datetime,
    limits: Limits,
    blinded_by: str = "",
) -> Iterator[Verdict]:
    """Judge one section of each host; stale, missing or unpermitted facts are *unknown*, never
    good.

    `blinded_by` is a part of the reason for which this check cannot trust a section that is there.
    """
    for host in hosts:
        content = host.section(section)
        reasons = host.gaps.get(section, ())
        if host.is_stale(now):
            yield unknown(
                Subject(item=host.item), why="the facts are older than 45 minutes",
                remedy="systemctl status fullscore-probe.timer",
            )  # fmt: skip
        elif content is None:
            yield _missing(host, section, reasons)
        else:
            for verdict in inside(host, content, now, limits.of(host.item)):
                yield replace(verdict, facts_at=host.at)
            for reason in reasons:
                if reason.startswith(PARTIAL) or (blinded_by and blinded_by in reason):
                    yield not_told(host, f"{section}: {reason}")
                    break


def _missing(host: Host, section: str, reasons: tuple[str, ...]) -> Verdict:
    if not reasons:
        return unknown(
            Subject(item=host.item), why=f"the probe told nothing of {section}",
            remedy="Update the probe.",
        )  # fmt: skip
    if all(reason.startswith("absent") for reason in reasons):
        return not_applicable(Subject(item=host.item), why=reasons[0])
    return not_told(host, f"{section}: {reasons[0]}")


def not_told(host: Host, why: str, *, key: str = "") -> Verdict:
    """Say that a host may not or could not tell, and which grant opens it."""
    return unknown(
        Subject(item=host.item, key=key), why=why, remedy=f"fullscore server grants {host.name}"
    )
