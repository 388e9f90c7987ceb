"""What can be wrong with the checks themselves."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from fullscore.domains.foundation.findings.facts import GaveUp, Ran
from fullscore.kit.checks import Limits, Subject, Verdict, bad, good, rule


@rule(
    "findings.check_failing", title="Checks that fail", every=timedelta(minutes=15),
    why="A check that cannot run finds nothing, and nothing looks like all is well.",
    source="The newest run raised an error, or is held.",
    fix="Read the run's error on the check's page; report it if it is ours.",
)  # fmt: skip
def check_failing(runs: Iterable[Ran], *, now: datetime, limits: Limits) -> Iterator[Verdict]:
    """Say which checks failed in their newest run."""
    for one in runs:
        subject = Subject(record=f"findings.check:{one.check}")
        if one.state == "failed":
            yield bad(
                subject, severity=3, title=f"The check “{one.title}” fails",
                advice=check_failing.fix,
                evidence=({"error": one.problem[:500]},),
            )  # fmt: skip
        elif one.state == "held":
            yield bad(
                subject, severity=3, title=f"A run of “{one.title}” is held",
                advice="It would close many findings at once: look at it, then release it.",
            )  # fmt: skip
        else:
            yield good(subject)


@rule(
    "findings.job_failed", title="Jobs that gave up", every=timedelta(minutes=5),
    why="What the job should have done was not done, and nobody else does it.",
    source="It failed at its last attempt and nobody queued it again or discarded it.",
    fix="Read what went wrong under Dead letters, mend that, then queue it again.",
)  # fmt: skip
def job_failed(jobs: Iterable[GaveUp], *, now: datetime, limits: Limits) -> Iterator[Verdict]:
    """Say which jobs failed for good and wait for somebody."""
    for one in jobs:
        times = "once" if one.times == 1 else f"{one.times} times"
        yield bad(
            Subject(key=one.task), severity=3, figure=one.times, limit=0, unit="1",
            title=f"The job {one.task.rpartition('.')[2].replace('_', ' ')} gave up {times}",
            advice=job_failed.fix, evidence=({"error": one.error},),
        )  # fmt: skip
