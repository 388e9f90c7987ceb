"""What can be wrong with how changes are made."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from fullscore.domains.foundation.changes.facts import Altered, Ended, Repeated
from fullscore.kit.checks import Limits, Subject, Verdict, bad, good, rule


@rule(
    "changes.unreviewed",
    title="Changes nobody looked back on",
    every=timedelta(hours=6),
    why="What went wrong once goes wrong again where nobody asks why.",
    source="An emergency is reviewed within two working days, other changes within five.",
    fix="Review it: what went well, what did not, and what follows.",
)
def unreviewed(changes: Iterable[Ended], *, now: datetime, limits: Limits) -> Iterator[Verdict]:
    """Say which changes are over and should have been reviewed."""
    for one in changes:
        if one.review_due_at is None:
            continue
        subject = Subject(item=one.item, record=f"changes.change:{one.change}")
        days = (now - one.ended_at) / timedelta(days=1)
        if now <= one.review_due_at:
            yield good(subject, figure=days, unit="d")
            continue
        yield bad(
            subject,
            severity=3,
            title=f"“{one.title}” was not reviewed"[:300],
            figure=days,
            limit=(one.review_due_at - one.ended_at) / timedelta(days=1),
            unit="d",
            advice=unreviewed.fix,
            team=one.owner,
        )


@rule(
    "changes.failed_twice",
    title="Changes that fail again",
    every=timedelta(hours=6),
    why="Two failures of one kind on one item are no accident.",
    source="Our judgement: two failed or rolled back within 90 days.",
    fix="Rehearse it elsewhere, write the plan anew, and let somebody else read it.",
    limits={"failures": 2},
)
def failed_twice(
    records: Iterable[Repeated], *, now: datetime, limits: Limits
) -> Iterator[Verdict]:
    """Say on which items changes of one kind failed more than once."""
    for one in records:
        subject, most = Subject(item=one.item, key=one.kind), limits.of(one.item)["failures"]
        if one.failed < most:
            yield good(subject, figure=one.failed, limit=most, unit="changes")
            continue
        yield bad(
            subject,
            severity=3,
            figure=one.failed,
            limit=most,
            unit="changes",
            title=f"{one.failed} {one.kind} changes of {one.name} failed in 90 days"[:300],
            evidence=tuple({"change": number} for number in one.changes),
            advice=failed_twice.fix,
        )


@rule(
    "changes.unrecorded",
    title="Alterations outside any change",
    every=timedelta(hours=1),
    why="What nobody announced, nobody weighed, and nobody finds when it breaks something.",
    source="The facts of a host were altered while no change of it was under way.",
    fix="Record the change, link it to its request, or find out who did it.",
)
def unrecorded(facts: Iterable[Altered], *, now: datetime, limits: Limits) -> Iterator[Verdict]:
    """Say which items were altered outside the window of any change."""
    for one in facts:
        subject = Subject(item=one.item, key=one.what)
        if one.change is not None:
            yield good(subject)
            continue
        yield bad(
            subject,
            severity=3,
            title=f"{one.what.capitalize()} of {one.name} were altered outside any change",
            evidence=({"altered": one.at.isoformat(), "what": one.told},),
            advice=unrecorded.fix,
        )
