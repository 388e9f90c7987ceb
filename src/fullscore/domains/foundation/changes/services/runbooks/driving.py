"""What a person does to a run: read on, answer, repeat, pass over, stop, go back, rate it."""

from typing import Literal

from django.db import IntegrityError, transaction

from fullscore.domains.foundation.changes.models import RunbookRun, RunbookStepRun
from fullscore.domains.foundation.changes.services.runbooks import altering, stepping
from fullscore.domains.foundation.changes.services.runbooks.telling import (
    Asks,
    State,
    end,
    end_step,
    go,
)
from fullscore.domains.foundation.changes.services.runbooks.telling import Step as Is
from fullscore.kit import time
from fullscore.kit.audit import recorded
from fullscore.kit.errors import Conflict, Invalid
from fullscore.kit.models import User

TO_SEE = (Asks.FAILED, Asks.UNKNOWN)


def _need(run: RunbookRun, *asks: str, to: str) -> None:
    if run.asks not in asks:
        now = run.get_asks_display() if run.asks else ""
        stands = f"waits for {now}" if now else f"is {run.get_state_display()}"
        raise Conflict(f"It {stands}: there is nothing to {to}.")


def _say(note: str, name: str = "note") -> str:
    if not note.strip():
        raise Invalid("Say in a sentence what you saw.", {name: ["Say what you saw."]})
    return note.strip()


def _last(run: RunbookRun) -> RunbookStepRun:
    last = run.steps.order_by("-number").first()
    if last is None:
        raise Conflict("It has not begun.")
    last.run = run
    return last


@transaction.atomic
def go_on(run: RunbookRun, *, by: User, answer: str = "", note: str = "") -> RunbookRun:
    """Say that a step was read and done, or answer a question."""
    _need(run, Asks.READ, Asks.ANSWER, to="go on with")
    row, now = _last(run), time.now()
    step = run.step(row.place)
    if run.asks == Asks.ANSWER and step is not None:
        known = list(step.branches)
        if answer.strip().lower() not in known:
            told = f"Answer {' or '.join(known)}."
            raise Invalid(told, {"answer": [told]})
        run.driver = by
        go(run, "answer", by=by, note=answer)
        said = answer.strip().lower()
        stepping.decide(run, row, step, said, by=by, now=now, who=by, note=note.strip())
        return run
    run.driver = by
    go(run, "go_on", by=by, note=note)
    stepping.pass_on(run, row, by=by, now=now, who=by, note=note.strip())
    return run


@transaction.atomic
def repeat_step(run: RunbookRun, *, by: User, note: str = "") -> RunbookRun:
    """Do the last step again; what alters a host is a new change, approved anew.

    Where nobody knows whether it was done, say first what you saw on the host.
    """
    _need(run, *TO_SEE, to="repeat")
    row = _last(run)
    if run.asks == Asks.UNKNOWN:
        altering.fail(row, f"It was not done: {_say(note)}")
    elif row.state == Is.DONE:  # done, and something was wrong afterwards
        altering.fail(row, f"It is repeated: {_say(note)}")
    RunbookStepRun.objects.filter(pk=row.pk).update(note=_joined(row.note, note), by=by)
    run.driver, run.following = by, row.place
    go(run, "repeat_step", by=by, note=note)
    return run


@transaction.atomic
def skip_step(run: RunbookRun, *, by: User, note: str) -> RunbookRun:
    """Go on with the next step, saying what you saw: it was done after all, or is not needed."""
    _need(run, *TO_SEE, to="pass over")
    told, row = _say(note), _last(run)
    if run.asks == Asks.UNKNOWN and (wrong := altering.finish(row)):
        raise Conflict(f"{wrong} Repeat the step, go back, or stop.")
    if row.state != Is.DONE:
        with recorded(row, "skip", by=by, note=told):
            row.state, row.by, row.note = Is.SKIPPED, by, _joined(row.note, told)
    run.driver, run.following = by, row.place + 1
    go(run, "skip_step", by=by, note=told)
    return run


@transaction.atomic
def stop_run(run: RunbookRun, *, by: User, reason: str) -> RunbookRun:
    """Stop: no further step is done. A command that runs is left, and nobody knows then."""
    if not run.is_live:
        raise Conflict("It is over already.")
    told = f"Stopped by {by}: {_say(reason, 'reason')}"
    if run.state == State.RUNNING:  # whoever carries it out lets go within a second
        with recorded(run, "stop", by=by, note=reason):
            run.is_stopping, run.outcome = True, told[:300]
        return run
    now, row = time.now(), run.steps.filter(ended_at__isnull=True).first()
    if row is not None:
        row.run = run
        altering.give_up(row, told, by=by)
        end_step(row, Is.STOPPED, now=now, by=by, note=reason)
    end(run, State.STOPPED, by=by, now=now, outcome=told)
    return run


@transaction.atomic
def roll_back_run(run: RunbookRun, *, by: User, reason: str) -> RunbookRun:
    """Go the way back, from its first step."""
    if run.is_dry:
        raise Conflict("A dry run altered nothing: there is nothing to put back.")
    if run.is_back:
        raise Conflict("It is on the way back already.")
    if not run.version.book.back:
        raise Conflict("This runbook has no way back: its altering steps are put back by hand.")
    if run.state == State.RUNNING:
        raise Conflict("A step is being done: stop it first.")
    told, now = _say(reason, "reason"), time.now()
    row = run.steps.filter(ended_at__isnull=True).first()
    if row is not None:
        row.run = run
        altering.give_up(row, told, by=by)
        end_step(row, Is.STOPPED, now=now, by=by, note=told)
    run.is_back, run.following, run.ended_at, run.outcome = True, 1, None, ""
    run.driver = by
    try:
        go(run, "roll_back", by=by, note=told)
    except IntegrityError as error:
        raise Conflict("It is being run for this item anew: stop that first.") from error
    return run


def rate_run(run: RunbookRun, *, by: User, helped: Literal["yes", "no"]) -> RunbookRun:
    """Say whether it helped; how often it did is shown where it is suggested."""
    if run.is_live or run.is_dry:
        raise Conflict("Only a real run that is over can have helped.")
    with recorded(run, "rate", by=by):
        run.helped = helped == "yes"
    return run


def _joined(*texts: str) -> str:
    return " ".join(text.strip() for text in texts if text.strip())
