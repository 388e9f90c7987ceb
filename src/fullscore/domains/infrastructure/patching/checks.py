"""What can be wrong with how servers are patched."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from fullscore.domains.infrastructure.patching.facts import Below, EndingHold, Uncovered
from fullscore.kit.checks import Limits, Subject, Verdict, bad, good, rule


@rule(
    "patching.uncovered",
    title="Servers no campaign can reach",
    every=timedelta(hours=6),
    why="A server in no ring or without a window is left out of every campaign, unnoticed.",
    source="A baseline fits the server, but none of its rings, or no window, does.",
    fix="Add a last ring with an empty selector, and a window that fits the server.",
)
def uncovered(servers: Iterable[Uncovered], *, now: datetime, limits: Limits) -> Iterator[Verdict]:
    """Say which servers have a baseline and could still never be patched."""
    for one in servers:
        subject = Subject(item=one.item)
        if not one.lacks:
            yield good(subject)
            continue
        yield bad(
            subject,
            severity=3,
            title=f"{one.name} is in no {one.lacks}: no campaign patches it",
            advice=uncovered.fix,
        )


@rule(
    "patching.hold_presses",
    title="Holds that keep back what is exploited, or are about to end",
    every=timedelta(hours=6),
    why="A hold is a debt: it ends on a day, and what it keeps back may be used against us before.",
    source="It ends within seven days (low), or keeps back what is known to be exploited (high).",
    fix="Test the newer version and take the hold away, or say until when it is still needed.",
    limits={"days": 7},
)
def hold_presses(
    holds: Iterable[EndingHold], *, now: datetime, limits: Limits
) -> Iterator[Verdict]:
    """Say which holds have to be looked at."""
    for one in holds:
        subject = Subject(record=f"patching.hold:{one.hold}")
        days = (one.until - now.date()).days
        if one.exploited:
            yield bad(
                subject,
                severity=4,
                figure=one.exploited,
                limit=0,
                unit="servers",
                title=f"The hold of {one.package} keeps back what is known to be exploited",
                evidence=({"reason": one.reason, "until": one.until.isoformat()},),
                advice=hold_presses.fix,
            )
        elif 0 <= days <= limits.of()["days"]:
            yield bad(
                subject,
                severity=2,
                figure=days,
                limit=limits.of()["days"],
                unit="d",
                title=f"The hold of {one.package} ends on {one.until:%-d %b}",
                evidence=({"reason": one.reason},),
                advice=hold_presses.fix,
            )
        else:
            yield good(subject)


@rule(
    "patching.below_minimum",
    title="Packages older than their baseline stands for",
    every=timedelta(hours=6),
    why="A least version is written down because what is older is known to be unsafe or to break.",
    source="An installed package is older than the least version its baseline names.",
    fix="Run a campaign of the baseline; where no update waits, give the server a newer archive.",
)
def below_minimum(servers: Iterable[Below], *, now: datetime, limits: Limits) -> Iterator[Verdict]:
    """Say which servers have something older than their baseline allows."""
    for one in servers:
        subject = Subject(item=one.item)
        if not one.older:
            yield good(subject)
            continue
        package, version, least = one.older[0]
        more = f" and {len(one.older) - 1} more" if len(one.older) > 1 else ""
        yield bad(
            subject,
            severity=4,
            figure=len(one.older),
            limit=0,
            unit="packages",
            title=f"{one.name} has {package} {version}, older than {least}{more}",
            evidence=tuple(
                {"package": name, "installed": had, "least": floor}
                for name, had, floor in one.older[:20]
            ),
            advice=below_minimum.fix,
        )
