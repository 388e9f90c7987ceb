"""What happens to a run beside its own: who waits hears of it, and so do open pages."""

from datetime import datetime

from fullscore.domains.foundation.changes.announcements import RunbookAsks, RunbookTold
from fullscore.domains.foundation.changes.models import RunbookRun, RunbookStepRun
from fullscore.kit import live
from fullscore.kit.announcements import announce
from fullscore.kit.audit import recorded
from fullscore.kit.models import User

State, Asks, Step = RunbookRun.State, RunbookRun.Asks, RunbookStepRun.State
MOST_OUTPUT = 64 * 1024
SPOKEN = ("check", "query", "command", "decision")  # kinds of steps that are told of elsewhere


def kept(text: str) -> str:
    """Return as much of an output as is kept, in bytes of UTF-8."""
    raw = text.encode()
    return text if len(raw) <= MOST_OUTPUT else raw[:MOST_OUTPUT].decode(errors="ignore")


def end_step(
    step: RunbookStepRun,
    state: str,
    *,
    now: datetime,
    by: User,
    result: str = "",
    output: str = "",
    note: str = "",
    who: User | None = None,
) -> None:
    """Say how a step ended, and what it showed."""
    with recorded(step, f"step {state}", by=who or by, note=note):
        step.state, step.ended_at, step.result = state, now, result[:60]
        step.output = kept(output) if output else step.output
        step.note, step.by = note or step.note, who or step.by
    if step.kind in SPOKEN and not step.run.is_dry:
        announce(RunbookTold(step.pk))


def wait(run: RunbookRun, asks: str, *, by: User) -> None:
    """Let a run wait for something; who drives it hears of it, unless it is only time."""
    with recorded(run, "wait", by=by, note=asks):
        run.state, run.asks, run.holder, run.beat_at = State.WAITING, asks, "", None
    if asks not in (Asks.TIME, Asks.READ):
        announce(RunbookAsks(run.pk))


def end(run: RunbookRun, state: str, *, by: User, now: datetime, outcome: str) -> None:
    """End a run."""
    with recorded(run, state, by=by, note=outcome):
        run.state, run.asks, run.ended_at, run.outcome = state, "", now, outcome[:300]
        run.is_stopping, run.holder, run.beat_at = False, "", None
    announce(RunbookAsks(run.pk))


def go(run: RunbookRun, verb: str, *, by: User, note: str = "") -> None:
    """Let a run go on: whoever runs them takes it up within a second."""
    with recorded(run, verb, by=by, note=note):
        run.state, run.asks, run.holder, run.beat_at = State.RUNNING, "", "", None


def stir(run: RunbookRun) -> None:
    """Let open pages know that something of a run is new."""
    live.publish("changes.runbookrun", str(run.pk))
