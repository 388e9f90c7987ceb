"""What can be wrong with alerts and their senders."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from fullscore.domains.response.incidents.facts import (
    Heard,
    Late,
    Owed,
    Rang,
    Swung,
    Unlinked,
    Waiting,
)
from fullscore.kit.checks import Limits, Subject, Verdict, bad, good, rule
from fullscore.kit.time import in_words

NOISE_DAYS = 7
FLAPPING = timedelta(minutes=30)
LEFT_OUT = timedelta(hours=24)
MOST_NAMED = 4


def _of_key(source: int, key: str, item: int | None) -> Subject:
    return Subject(item=item, record=f"incidents.alertsource:{source}", key=key[:200])


@rule(
    "incidents.alert_noisy", title="Alerts nobody acts on", every=timedelta(hours=6),
    why="Whoever is called for nothing ten times does not come the eleventh time.",
    source="Our judgement: ten alerts of one key in seven days, none of them acknowledged.",
    fix="Raise the threshold at its sender, let it wait longer, or delete the rule.",
    limits={"alerts": 10},
)  # fmt: skip
def alert_noisy(keys: Iterable[Rang], *, now: datetime, limits: Limits) -> Iterator[Verdict]:
    """Say which keys ring often and are never acknowledged."""
    for one in keys:
        subject, most = _of_key(one.source, one.key, one.item), limits.of(one.item)["alerts"]
        if one.times < most or one.acknowledged:
            yield good(subject, figure=one.times, limit=most)
            continue
        yield bad(
            subject, severity=2, title=f"“{one.title}” rang {one.times} times for nobody"[:300],
            figure=one.times, limit=most, unit="alerts", advice=alert_noisy.fix,
            evidence=({"alerts in 7 days": one.times, "acknowledged": one.acknowledged},),
        )  # fmt: skip


@rule(
    "incidents.alert_flapping", title="Alerts that come and go", every=timedelta(minutes=5),
    why="An alert that comes and goes hides whether it is over, and fills every timeline.",
    source="Our judgement: five changes of state in thirty minutes.",
    fix="Let the rule wait before it fires (`for`), and resolve only well below the threshold.",
    limits={"changes": 5}, good_runs=2,
)  # fmt: skip
def alert_flapping(keys: Iterable[Swung], *, now: datetime, limits: Limits) -> Iterator[Verdict]:
    """Say which keys change their state again and again."""
    for one in keys:
        subject, most = _of_key(one.source, one.key, one.item), limits.of(one.item)["changes"]
        if one.changes < most:
            yield good(subject, figure=one.changes, limit=most)
            continue
        yield bad(
            subject, severity=2, title=f"“{one.title}” comes and goes"[:300], figure=one.changes,
            limit=most, unit="changes", advice=alert_flapping.fix,
            evidence=({"changes in 30 min": one.changes},),
        )  # fmt: skip


@rule(
    "incidents.source_silent", title="Senders of alerts that are silent",
    every=timedelta(minutes=5),
    why="A sender that is gone sends no alerts, and no alerts look like all is well.",
    source="The interval the source itself was given.",
    fix="See whether the sender runs, reaches this address, and has the right token.",
)  # fmt: skip
def source_silent(sources: Iterable[Heard], *, now: datetime, limits: Limits) -> Iterator[Verdict]:
    """Say which sources were not heard within their interval."""
    for one in sources:
        if one.expected_seconds is None:
            continue
        subject = Subject(record=f"incidents.alertsource:{one.source}")
        seconds = (now - one.seen_at).total_seconds()
        if seconds <= one.expected_seconds:
            yield good(subject, figure=seconds, limit=one.expected_seconds, unit="s")
            continue
        yield bad(
            subject, severity=4, title=f"{one.name} has not been heard for {in_words(seconds)}",
            figure=seconds, limit=one.expected_seconds, unit="s", advice=source_silent.fix,
        )  # fmt: skip


@rule(
    "incidents.source_garbled", title="Senders that are not understood or not heard in full",
    every=timedelta(minutes=15),
    why="What is refused or left out is an alert nobody hears of.",
    source="A body of the last day was rejected, or its sender said that it left alerts out; or "
    "syslog came faster than it may, or the mailbox cannot be read now.",
    fix="Read the problem on the source's page; then mend the sender, and replay what was "
    "rejected. An Alertmanager leaves nothing out where `max_alerts` is 0.",
)  # fmt: skip
def source_garbled(sources: Iterable[Heard], *, now: datetime, limits: Limits) -> Iterator[Verdict]:
    """Say which sources sent what could not be read, or less than there is."""
    for one in sources:
        subject = Subject(record=f"incidents.alertsource:{one.source}")
        leaves_out = one.left_out_at is not None and now - one.left_out_at <= LEFT_OUT
        if one.problem:
            yield bad(
                subject, severity=4, title=f"The mailbox of {one.name} cannot be read",
                evidence=({"problem": one.problem},), advice=source_garbled.fix,
            )  # fmt: skip
            continue
        if not one.rejected and not leaves_out:
            yield good(subject)
            continue
        what = f"{one.rejected} bodies of {one.name} could not be read"
        yield bad(
            subject, severity=3, title=what if one.rejected else f"{one.name} leaves alerts out",
            figure=one.rejected, advice=source_garbled.fix,
        )  # fmt: skip


@rule(
    "incidents.alert_unlinked", title="Alerts of which no item is known",
    every=timedelta(hours=6),
    why="Without an item nobody knows whose it is, what depends on it and what changed before, and "
    "alerts of one cause do not come together.",
    source="Our judgement: five alerts in seven days of one source that name the same thing.",
    fix="Give the item this name, or this address as an identifier; or say on the source's page "
    "which of its labels name the item; or let the sender add the label fullscore_item.",
    limits={"alerts": 5},
)  # fmt: skip
def alert_unlinked(
    sources: Iterable[Unlinked], *, now: datetime, limits: Limits
) -> Iterator[Verdict]:
    """Say which sources keep naming what is not known here."""
    most = limits.of()["alerts"]
    for one in sources:
        subject = Subject(record=f"incidents.alertsource:{one.source}", key="unlinked")
        often = {called: n for called, n in one.called.items() if n >= most}
        count = sum(often.values())
        if not often:
            yield good(subject, figure=max(one.called.values(), default=0), limit=most)
            continue
        ranked = sorted(often.items(), key=lambda pair: (-pair[1], pair[0]))
        names = ", ".join(_called(*called) for called, _ in ranked[:MOST_NAMED])
        more = f" and {len(ranked) - MOST_NAMED} more" if len(ranked) > MOST_NAMED else ""
        evidence = [{"named": _called(*called), "alerts in 7 days": n} for called, n in ranked[:20]]
        if one.labels:
            evidence.append({"labels they have": ", ".join(one.labels)})
        yield bad(
            subject, severity=2, figure=count, limit=most, unit="alerts",
            title=f"{count} alerts of {one.name} have no item: {names}{more}"[:300],
            advice=alert_unlinked.fix, evidence=tuple(evidence),
        )  # fmt: skip


def _called(label: str, value: str) -> str:
    return f"{label}={value}" if label else "no label that names one"


@rule(
    "incidents.backlog", title="Alerts that wait to be read", every=timedelta(minutes=1),
    why="An alert that was received and not read calls nobody.",
    source="The oldest receipt has waited for more than 30 seconds.",
    fix="See that a worker runs, and what else is in its queue.",
    limits={"seconds": 30},
)  # fmt: skip
def backlog(waiting: Iterable[Waiting], *, now: datetime, limits: Limits) -> Iterator[Verdict]:
    """Say that what came in is not read in time."""
    for one in waiting:
        subject, most = Subject(key="backlog"), limits.of()["seconds"]
        seconds = (now - one.oldest_at).total_seconds() if one.oldest_at else 0.0
        if seconds <= most:
            yield good(subject, figure=seconds, limit=most, unit="s")
            continue
        yield bad(
            subject, severity=4, title=f"{one.bodies} bodies with alerts wait to be read",
            figure=seconds, limit=most, unit="s", advice=backlog.fix,
        )  # fmt: skip


@rule(
    "incidents.unreviewed", title="Incidents nobody has learnt from", every=timedelta(hours=1),
    why="What is not understood happens again; after a week nobody remembers how it was.",
    source="Reviews of P1 and P2 are obligatory within five working days.",
    fix="Write down what happened and what made it possible, set actions, then close the review.",
)  # fmt: skip
def unreviewed(incidents: Iterable[Owed], *, now: datetime, limits: Limits) -> Iterator[Verdict]:
    """Say which grave incidents were not reviewed in time. Titles may be confidential."""
    for one in incidents:
        subject = Subject(record=f"incidents.incident:{one.incident}", key="review")
        days = (now.date() - one.due_on).days
        if one.is_reviewed or days <= 0:
            yield good(subject)
            continue
        title = f"Incident {one.incident} (P{one.priority}) is not reviewed"
        yield bad(subject, severity=3, title=title, figure=days, limit=0, unit="days late",
                  advice=unreviewed.fix)  # fmt: skip


@rule(
    "incidents.action_late", title="Actions of reviews that are late", every=timedelta(hours=1),
    why="A review whose actions are not done has changed nothing.",
    source="The day the review itself set.",
    fix="Do it, give it to somebody who can, or set a day that can be kept and say why.",
)  # fmt: skip
def action_late(actions: Iterable[Late], *, now: datetime, limits: Limits) -> Iterator[Verdict]:
    """Say which actions are not done though their day has passed."""
    for one in actions:
        subject = Subject(record=f"incidents.reviewaction:{one.action}")
        days = (now.date() - one.due_on).days
        if one.is_done or days <= 0:
            yield good(subject)
            continue
        title = f"Action {one.action} after incident {one.incident} is late"
        yield bad(subject, severity=3, title=title, figure=days, limit=0, unit="days late",
                  advice=action_late.fix)  # fmt: skip
