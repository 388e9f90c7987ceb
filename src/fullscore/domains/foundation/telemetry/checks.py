"""What can be wrong with what is measured."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from fullscore.domains.foundation.telemetry.facts import Targeted, Unowned
from fullscore.domains.foundation.telemetry.reading.facts import CHECK, Judged
from fullscore.interfaces.web.figures import figure
from fullscore.kit.checks import (
    Limits,
    Subject,
    Verdict,
    bad,
    good,
    graded,
    not_applicable,
    rule,
    unknown,
)


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


FIX = "See what changed since it began, and bring the figure back to the good side of “clear”."


@rule(
    CHECK, title="Values beyond a threshold", every=timedelta(minutes=5), good_runs=2,
    is_urgent=True,
    why="Somebody said from which value on this metric means trouble.",
    source="The thresholds under Telemetry, each with a source of its own.",
    fix=FIX,
)  # fmt: skip
def threshold(judged: Iterable[Judged], *, now: datetime, limits: Limits) -> Iterator[Verdict]:
    """Say which series are beyond their thresholds. A job judges every 15 seconds."""
    for one in judged:
        subject = Subject(item=one.item, key=one.key)
        if one.said == "late":
            many = f"{one.many} series of {one.what}" if one.many > 1 else one.what
            yield unknown(
                subject, why=f"nothing came of {many} for three windows",
                remedy="See whether its sender runs and may send.",
            )  # fmt: skip
        elif one.said == "unsure":
            yield unknown(subject, why=f"no sample of {one.what} in the newest window")
        elif one.said in ("muted", "ignored"):
            why = "the series is muted" if one.said == "muted" else "nothing comes of it any more"
            yield not_applicable(subject, why=why)
        elif one.said == "good":
            yield good(subject, figure=one.value, limit=one.limit, unit=one.unit)
        else:
            yield _bad(subject, one, now)


def _bad(subject: Subject, one: Judged, now: datetime) -> Verdict:
    is_silent = one.value is None
    told = "no samples" if is_silent else figure(one.value, one.unit)
    since = one.since or now
    limit = figure(one.limit, one.unit)
    advice = f"{one.runbook or FIX} Its chart is at /explore?series={one.series}."
    evidence = ({"series": one.what, "value": told, "limit": f"{one.rule} {limit}",
                 "since": f"{since:%F %T} UTC"},)  # fmt: skip
    return bad(
        subject, severity=one.severity, title=f"{one.what}: {told} ({one.rule} {limit})",
        figure=one.value, limit=one.limit, unit=one.unit, evidence=evidence, advice=advice,
    )  # fmt: skip
