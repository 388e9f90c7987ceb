"""What can be wrong with what is measured."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from fullscore.domains.foundation.telemetry.facts import Targeted, Unowned
from fullscore.kit.checks import Limits, Subject, Verdict, bad, good, graded, rule


@rule(
    "telemetry.unowned",
    title="Samples without an owner",
    codes=["M3"],
    why="What is nobody's stands on no page, is in no check, and wakes nobody up.",
    source="Series of a sender that no rule gives to an item: the labels item, host_id, host_name"
    " and instance name none, or name two.",
    fix="Add the item, give it the address or name the label says, or bind the series by hand.",
)
def unowned(senders: Iterable[Unowned], *, now: datetime, limits: Limits) -> Iterator[Verdict]:
    """Say which senders send what is nobody's."""
    for one in senders:
        subject = Subject(item=one.item, record=f"telemetry.pushkey:{one.key}")
        if not one.unowned:
            yield good(subject)
            continue
        yield bad(
            subject,
            severity=2,
            figure=one.unowned,
            limit=0,
            unit="1",
            advice=unowned.fix,
            title=f"{one.unowned} of {one.series} series from “{one.name}” are nobody's",
            evidence=one.examples,
        )


@rule(
    "telemetry.target_down",
    title="Targets that cannot be scraped",
    codes=["M2"],
    every=timedelta(minutes=1),
    why="While nothing is measured, nothing that goes wrong there is seen.",
    source="Three scrapes in a row that failed.",
    fix="Read the error: start the exporter, open the way to it, or give its credential anew.",
    limits={"high": 2},
)
def target_down(targets: Iterable[Targeted], *, now: datetime, limits: Limits) -> Iterator[Verdict]:
    """Say which targets failed three times in a row."""
    for one in targets:
        yield graded(
            Subject(item=one.item, key=one.url),
            one.failures,
            limits.of(one.item),
            unit="1",
            title=f"{one.item_name} cannot be scraped at {one.url}",
            advice=target_down.fix,
            evidence=({"error": one.error},),
        )
