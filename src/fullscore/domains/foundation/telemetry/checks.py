"""What can be wrong with what is measured."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from fullscore.domains.foundation.telemetry.facts import (
    Churn,
    Filling,
    Lateness,
    Lead,
    Targeted,
    TurnedAway,
    Unitless,
    Unowned,
)
from fullscore.domains.foundation.telemetry.reading.facts import CHECK, Judged
from fullscore.domains.foundation.telemetry.reading.storage import LEAST_DAYS, days_left
from fullscore.interfaces.web.figures import duration, figure
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


@rule(
    "telemetry.series_late",
    title="Series that no longer come",
    every=timedelta(minutes=5),
    good_runs=2,
    follows=("servers.host_silent", "telemetry.target_down"),
    why="What does not come is never beyond a threshold: silence looks like all is well.",
    source="Three of the series' own intervals without a sample, at least three minutes; what says"
    " that it ends is not late.",
    fix="See whether the sender runs and may send; mute or forget a series that is gone for good.",
)
def series_late(items: Iterable[Lateness], *, now: datetime, limits: Limits) -> Iterator[Verdict]:
    """Say of which items, and of which senders of what is nobody's, series are late."""
    for one in items:
        record = f"telemetry.pushkey:{one.key}" if one.key else ""
        subject = Subject(item=one.item, record=record)
        if not one.late or one.since is None:
            yield good(subject)
            continue
        away = (now - one.since).total_seconds()
        many = "None" if one.late == one.series else f"{one.late:,}"
        yield bad(
            subject,
            severity=3,
            figure=away,
            limit=one.allowed_seconds,
            unit="s",
            advice=series_late.fix,
            title=f"{many} of {one.series:,} series of {one.name}"
            f" {'comes any more' if one.late == one.series else 'are late'},"
            f" for {duration(away, parts=1)}",
            evidence=one.examples,
        )


@rule(
    "telemetry.clock_skew",
    title="Senders whose clock is off",
    every=timedelta(minutes=15),
    why="Samples of a wrong clock stand at the wrong time: causes seem to follow their effects, and"
    " what is dated ahead is not judged.",
    source="The newest stamp of what arrived in an hour, against our clock: 2 s ahead, or 15 s"
    " behind, for a sender may wait some seconds before it sends.",
    fix="Let the sender's host set its clock by NTP (`chronyc tracking`), and see to ours as well.",
    limits={"ahead": 2, "behind": 15},
)
def clock_skew(senders: Iterable[Lead], *, now: datetime, limits: Limits) -> Iterator[Verdict]:
    """Say which senders stamp their samples with a clock that is off."""
    for one in senders:
        subject = Subject(item=one.item, record=f"telemetry.pushkey:{one.key}")
        mine = limits.of(one.item)
        if one.seconds is None:
            yield not_applicable(subject, why="too little came in an hour to tell its clock by")
            continue
        word = "ahead" if one.seconds > 0 else "behind"
        off, limit = abs(one.seconds), mine[word]
        if off <= limit:
            yield good(subject, figure=off, limit=limit, unit="s")
            continue
        yield bad(
            subject,
            severity=3,
            figure=off,
            limit=limit,
            unit="s",
            advice=clock_skew.fix,
            title=f"The clock of “{one.name}” is {figure(off, 's')} {word}",
            evidence=({"sender": one.name, word: figure(off, "s"), "allowed": figure(limit, "s")},),
        )


@rule(
    "telemetry.label_churn",
    title="Labels that make new series without end",
    every=timedelta(minutes=10),
    why="Each new value of a label is a new series: lists grow, charts break into pieces, and the"
    " store keeps thousands of series that never come again.",
    source="More than 5,000 new series in an hour from a source older than that; our judgement:"
    " 100,000 series would have doubled within a day.",
    fix="Drop the label where it is made (metric_relabel_configs, or the program's own code): ids,"
    " times and addresses belong into logs.",
    limits={"high": 5000},
)
def label_churn(sources: Iterable[Churn], *, now: datetime, limits: Limits) -> Iterator[Verdict]:
    """Say which sources make too many new series, and by which label."""
    for one in sources:
        record = f"telemetry.pushkey:{one.key}" if one.key else ""
        by = f" by the label “{one.label}”" if one.label else ""
        found = {
            "label": one.label,
            "different values": one.values,
            "some": ", ".join(one.examples),
        }
        yield graded(
            Subject(item=one.item, record=record),
            one.new,
            limits.of(one.item),
            unit="1",
            title=f"{one.new:,} new series in an hour from “{one.name}”{by}",
            advice=label_churn.fix,
            evidence=(found,) if one.label else (),
        )


@rule(
    "telemetry.unit_unknown",
    title="Metrics without a unit",
    why="A figure without its unit is read wrongly: 80 of what? A threshold on it means nothing.",
    source="Metrics that live, whose name does not say their unit by convention and for which"
    " nobody said it.",
    fix="Say the unit on the metric's page: By, s, Cel, Hz, ratio; 1 for what is only counted.",
)
def unit_unknown(
    families: Iterable[Unitless], *, now: datetime, limits: Limits
) -> Iterator[Verdict]:
    """Say which metrics have no unit; those that thresholds judge are graver."""
    for one in families:
        what = "metric" if one.metrics == 1 else "metrics"
        judged = f", {one.judged} with a threshold" if one.judged else ""
        yield bad(
            Subject(key=one.family),
            severity=3 if one.judged else 2,
            figure=one.metrics,
            limit=0,
            unit="1",
            advice=unit_unknown.fix,
            title=f"{one.metrics} {what} of “{one.family}” without a unit{judged}",
            evidence=tuple({"metric": name} for name in one.names),
        )


@rule(
    "telemetry.store_filling",
    title="The sample store runs full",
    every=timedelta(minutes=30),
    is_urgent=True,
    why="A full volume takes no samples: nothing is measured, and senders' buffers run over.",
    source="Forecast under 7 days (Theil–Sen over 14 days of the volume's use); our judgement.",
    fix="Enlarge the volume, keep fewer days under Storage rules, or move the store.",
    limits={"days": 7},
)
def store_filling(
    volumes: Iterable[Filling], *, now: datetime, limits: Limits
) -> Iterator[Verdict]:
    """Say in how many days the volume under the sample store is full."""
    for one in volumes:
        subject, limit = Subject(key="store"), limits.of()["days"]
        if one.days[-1] - one.days[0] < LEAST_DAYS:
            yield not_applicable(subject, why="its volume is known for less than a day")
            continue
        days = days_left(one)
        if days is None or days >= limit:
            yield good(subject, figure=days, limit=limit, unit="d")
            continue
        yield bad(
            subject,
            severity=4,
            figure=days,
            limit=limit,
            unit="d",
            advice=store_filling.fix,
            due_on=(now + timedelta(days=days)).date(),
            title=f"The sample store's volume is full in {days:.1f} days",
            evidence=({"free": figure(one.free_bytes, "By"), "of": figure(one.size_bytes, "By")},),
        )


@rule(
    "telemetry.store_refuses",
    title="The sample store takes nothing",
    every=timedelta(minutes=1),
    good_runs=2,
    is_urgent=True,
    why="Nothing is measured: no threshold is judged, and senders' buffers run over.",
    source="It turned samples away within the last three minutes.",
    fix="Free space on its volume, or keep fewer days under Storage rules.",
)
def store_refuses(
    stores: Iterable[TurnedAway], *, now: datetime, limits: Limits
) -> Iterator[Verdict]:
    """Say whether the store has just turned samples away."""
    for one in stores:
        if not one.words:
            yield good(Subject(key="store"))
            continue
        yield bad(
            Subject(key="store"), severity=5, title="The sample store takes nothing",
            advice=store_refuses.fix, evidence=({"said": one.words, "samples": one.samples},),
        )  # fmt: skip


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
