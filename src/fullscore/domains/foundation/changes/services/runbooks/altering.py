"""A step that alters a host is a change: asked for, approved by others, started, verified."""

from datetime import datetime, timedelta

from fullscore.domains.foundation.changes.models import (
    Change,
    RunbookRun,
    RunbookStepRun,
    StandardChange,
    Trouble,
)
from fullscore.domains.foundation.changes.models.words import Kind, Result, Rollback
from fullscore.domains.foundation.changes.services import (
    approving,
    executing,
    requesting,
    verifying,
)
from fullscore.domains.foundation.changes.services.runbooks import starting
from fullscore.domains.foundation.estate import queries as estate
from fullscore.kit.errors import Conflict, Problem
from fullscore.kit.models import User

State = Change.State
WINDOW = timedelta(hours=2)


def reference(run: RunbookRun) -> str:
    """Return the words by which a change names the run it belongs to."""
    return f"runbook run {run.pk}"


def ask(run: RunbookRun, step: RunbookStepRun, *, now: datetime) -> Change:
    """Ask for the change that a step is, in the name of whoever drives the run.

    Raises Conflict where that person may not alter the item.
    """
    driver = run.driver
    if not starting.may(driver, starting.ALTER, run.item):
        raise Conflict(
            f"{driver} may not alter {run.item}: somebody who may carry out changes there has to"
            " repeat this step."
        )
    standard = _standard(run)
    back = run.version.book.back if not run.is_back else ()
    change = requesting.request(
        by=driver,
        items=[run.item],
        title=f"{run.runbook}: {step.title}"[:160],
        kind=Kind.STANDARD if standard else Kind.EMERGENCY,
        standard=standard,
        description=f"Step {step.place} of “{run.version}”, on {run.item}:\n\n    {step.command}",
        starts_at=now,
        ends_at=now + WINDOW,
        plan=step.command[:300],
        rollback=Rollback.WRITTEN if back else Rollback.NONE,
        rollback_plan="\n".join(one.title for one in back),
        external_ref=reference(run),
    )
    approving.assess(change, by=driver)
    if standard is None and commands(driver, run):
        return change
    return approving.submit(change, by=driver)


def _standard(run: RunbookRun) -> StandardChange | None:
    """Return the template that is approved beforehand, where it covers the item."""
    standard = run.version.standard
    if standard is None or standard.approved_by_id is None:
        return None
    covers = estate.selected(standard.selector).filter(pk=run.item_id).exists()
    return standard if covers else None


def commands(user: User, run: RunbookRun) -> bool:
    """Say whether somebody commands an open incident on the item."""
    open_ones = Trouble.objects.open().filter(item=run.item_id, commander=user)
    return open_ones.exists()


def may_begin(change: Change) -> str:
    """Say where a change stands: “go”, “wait”, or a sentence in which it came to nothing."""
    if change.state in (State.RUNNING, State.APPROVED):
        return "go"
    is_emergency = change.kind == Kind.EMERGENCY
    is_early = change.state in (State.DRAFT, State.ASSESSED, State.WAITING)
    if is_emergency and is_early and (approving.said(change) or _is_ordered(change)):
        return "go"
    if change.state == State.WAITING:
        return "wait"
    if change.state in (State.DRAFT, State.ASSESSED):
        last = change.approvals.filter(decision="rejected").order_by("-at").first()
        return f"It was rejected: {last.note}" if last else "Its change was taken back."
    return f"Its change is {change.get_state_display().lower()}: repeat the step to ask anew."


def _is_ordered(change: Change) -> bool:
    rows = Trouble.objects.open().filter(item__in=change.items.all(), commander=change.requested_by)
    return change.state == State.ASSESSED and rows.exists()


def begin(change: Change) -> None:
    """Start the change in the name of whoever asked for it. Raises Conflict with what keeps it."""
    if change.state == State.RUNNING:
        return
    if change.kind == Kind.EMERGENCY:
        executing.start_emergency(change, by=change.requested_by, reason=change.title)
    else:
        executing.start(change, by=change.requested_by)


def finish(step: RunbookStepRun) -> str:
    """Tick its steps off and verify it; returns what went wrong, empty when it is well."""
    change = step.change
    if change is None or change.state != State.RUNNING or change.executor is None:
        return ""
    for one in change.steps.filter(is_back=False, done_at__isnull=True):
        executing.finish_step(one, by=change.executor, note=f"By {reference(step.run)}.")
    verifying.verify(change, by=change.executor)
    if change.result == Result.GOOD:
        return ""
    found = verifying.new_findings(change).order_by("-severity")[:5]
    return "Afterwards something was wrong: " + "; ".join(str(one) for one in found)


def fail(step: RunbookStepRun, why: str) -> None:
    """Say that the change failed."""
    change = step.change
    if change is not None and change.state in Change.UNDER_WAY:
        executing.fail(change, by=change.executor or change.requested_by, outcome=why)


def give_up(step: RunbookStepRun, why: str, *, by: User) -> None:
    """Give a change up that has not started."""
    change = step.change
    if change is not None and change.state in Change.EDITABLE:
        executing.abandon(change, by=by, reason=why)


def close(change: Change) -> bool:
    """Finish a change whose half hour of watching passed without a word; says whether it did."""
    try:
        executing.finish(change, by=change.executor or change.requested_by)
    except Problem:
        return False
    return True
