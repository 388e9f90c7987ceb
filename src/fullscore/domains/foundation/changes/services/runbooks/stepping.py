"""Bringing a run on, step by step. Whoever carries it out may die between any two lines.

What was begun and read only is begun again. What alters a host is noted as sent before it is sent,
so that a second process never sends it: it says that nobody knows, and a person looks.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from fullscore.connectors.ssh.output import plain
from fullscore.domains.foundation.changes.models import (
    Approval,
    Change,
    RunbookRun,
    RunbookStepRun,
)
from fullscore.domains.foundation.changes.services.runbooks import altering, looking, starting
from fullscore.domains.foundation.changes.services.runbooks.telling import (
    Asks,
    State,
    end,
    end_step,
    go,
    stir,
    wait,
)
from fullscore.domains.foundation.changes.services.runbooks.telling import Step as Is
from fullscore.engines import runbooks
from fullscore.engines.runbooks import Step
from fullscore.engines.runbooks.book import BACK, END, NEXT
from fullscore.kit.audit import recorded
from fullscore.kit.errors import Problem
from fullscore.kit.models import User

TAKEN_OVER = timedelta(seconds=30)  # without a beat: its process has died
MOST_IN_TURN, MOST_STEPS = 20, 300  # of one turn; of one run, where decisions lead in a circle
CUT_OFF = "It was stopped while it ran: it may be at work still. Look at the host."
LOST = "The process that ran it died meanwhile: it may have been done. Look at the host."


@dataclass(frozen=True, slots=True)
class Order:
    """A command that is to be sent to a host."""

    run: int
    step: int
    command: str
    within_seconds: int


def claim(*, by: User, holder: str, most: int, now: datetime) -> list[int]:
    """Return the runs that this process brings on from now on."""
    _wake(by=by, now=now)
    free = Q(holder="") | Q(beat_at__lte=now - TAKEN_OVER)
    found = []
    for run in RunbookRun.objects.filter(free, state=State.RUNNING).order_by("pk")[:most]:
        mine = RunbookRun.objects.filter(
            pk=run.pk, holder=run.holder, beat_at=run.beat_at, state=State.RUNNING
        )
        if mine.update(holder=holder, beat_at=now):
            found.append(run.pk)
    return found


def _wake(*, by: User, now: datetime) -> None:
    """Let runs go on whose time has come, or about whose change somebody has decided."""
    said = Approval.objects.filter(voided_at__isnull=True).values("change")
    is_decided = ~Q(change__state=Change.State.WAITING) | Q(
        change__kind="emergency", change__in=said
    )
    rows = RunbookStepRun.objects.filter(ended_at__isnull=True, run__state=State.WAITING).filter(
        Q(run__asks=Asks.TIME, due_at__lte=now) | (Q(run__asks=Asks.APPROVAL) & is_decided)
    )
    for pk in list(rows.values_list("run", flat=True)):
        with transaction.atomic():
            run = RunbookRun.objects.select_for_update().get(pk=pk)
            if run.state == State.WAITING and run.asks in (Asks.TIME, Asks.APPROVAL):
                go(run, "wake", by=by)


def beat(runs: list[int], *, holder: str, now: datetime) -> None:
    """Say that the process that carries out some runs lives."""
    RunbookRun.objects.filter(pk__in=runs, holder=holder).update(beat_at=now)


def stopping(runs: list[int]) -> list[int]:
    """Return those of some runs that somebody wants stopped."""
    rows = RunbookRun.objects.filter(pk__in=runs, is_stopping=True)
    return list(rows.values_list("pk", flat=True))


def _held(pk: int, holder: str) -> RunbookRun | None:
    """Return a run under its lock, if this process still carries it out."""
    rows = RunbookRun.objects.select_for_update(of=("self",)).select_related(
        "runbook", "version", "item", "driver"
    )
    return rows.filter(pk=pk, holder=holder, state=State.RUNNING).first()


def advance(pk: int, *, holder: str, by: User, now: datetime) -> Order | None:
    """Bring a run on until it waits, is over, or a command is to be sent; returns the command."""
    for _ in range(MOST_IN_TURN):
        with transaction.atomic():
            run = _held(pk, holder)
            if run is None:
                return None
            order = _on(run, by=by, now=now)
        if order is not None:
            return order
    RunbookRun.objects.filter(pk=pk, holder=holder).update(holder="")  # others have their turn too
    return None


def _on(run: RunbookRun, *, by: User, now: datetime) -> Order | None:
    """Do the next thing of a run."""
    last = run.steps.order_by("-number").first()
    if run.is_stopping:
        return _stop(run, last, by=by, now=now)
    if last is None or last.ended_at is not None:
        if last is not None and (why := _verified(last, by=by)):
            wait(run, Asks.FAILED, by=by)
            RunbookStepRun.objects.filter(pk=last.pk).update(result="bad", note=why)
            return None
        return _next(run, by=by, now=now)
    step = run.step(last.place)
    assert step is not None  # noqa: S101  the row was made from it
    return _go_on(run, last, step, by=by, now=now)


def _verified(last: RunbookStepRun, *, by: User) -> str:
    """Verify the change of a step that is done, once; returns what is wrong."""
    if last.state != Is.DONE or not last.is_altering or last.run.is_dry:
        return ""
    try:
        return altering.finish(last)
    except Problem as problem:
        return str(problem)


def _stop(run: RunbookRun, last: RunbookStepRun | None, *, by: User, now: datetime) -> Order | None:
    if last is not None and last.ended_at is None:
        is_out = last.is_altering and last.sent_at is not None
        end_step(last, Is.UNKNOWN if is_out else Is.STOPPED, now=now, by=by,
                 note=CUT_OFF if is_out else "")  # fmt: skip
        altering.give_up(last, "The run was stopped.", by=run.driver)
    end(run, State.STOPPED, by=by, now=now, outcome=run.outcome or "Stopped.")
    return None


# ── the next step ──────────────────────────────────────────────────────────────────────────────


def _next(run: RunbookRun, *, by: User, now: datetime) -> Order | None:
    step = run.step(run.following)
    count = run.steps.count()
    if step is None:
        told = "The way back is done." if run.is_back else "Every step is done."
        end(run, State.DONE, by=by, now=now, outcome=told)
        return None
    if count >= MOST_STEPS:
        told = f"It did {MOST_STEPS} steps and was not done: its decisions lead in a circle."
        end(run, State.FAILED, by=by, now=now, outcome=told)
        return None
    row = RunbookStepRun(
        run=run, number=count + 1, is_back=run.is_back, place=step.place, title=step.title,
        kind=step.kind, is_altering=step.is_altering, started_at=now,
        command=runbooks.filled(step.command, run.given) if step.command else "",
    )  # fmt: skip
    with recorded(row, "begin", by=by):
        pass
    return _go_on(run, row, step, by=by, now=now)


def _go_on(
    run: RunbookRun, row: RunbookStepRun, step: Step, *, by: User, now: datetime
) -> Order | None:
    """Do a step, or let the run wait for what it needs."""
    row.run = run
    if step.kind == "command":
        return _command(run, row, step, by=by, now=now)
    if step.kind in ("check", "query"):
        seen = looking.check(run, step) if step.kind == "check" else looking.query(
            run, step, now=now
        )  # fmt: skip
        _seen(run, row, seen.result, seen.output, by=by, now=now)
    elif step.kind == "wait":
        _wait(run, row, step, by=by, now=now)
    elif step.kind == "decision" and step.by:
        decide(run, row, step, _result_of(run, step.by), by=by, now=now)
    elif step.kind == "decision":
        _pause(run, row, Asks.ANSWER, by=by)
    elif run.is_dry:
        pass_on(run, row, by=by, now=now)
    else:
        _pause(run, row, Asks.READ, by=by)
    return None


def _pause(run: RunbookRun, row: RunbookStepRun, asks: str, *, by: User) -> None:
    RunbookStepRun.objects.filter(pk=row.pk).update(state=Is.WAITING)
    wait(run, asks, by=by)


def _wait(run: RunbookRun, row: RunbookStepRun, step: Step, *, by: User, now: datetime) -> None:
    if run.is_dry:
        pass_on(run, row, by=by, now=now, output=f"It would wait {step.wait_seconds} s.")
    elif row.due_at is not None and row.due_at <= now:
        pass_on(run, row, by=by, now=now)
    else:
        due = row.due_at or now + timedelta(seconds=step.wait_seconds)
        RunbookStepRun.objects.filter(pk=row.pk).update(due_at=due)
        _pause(run, row, Asks.TIME, by=by)


def _seen(
    run: RunbookRun, row: RunbookStepRun, result: str, output: str, *, by: User, now: datetime
) -> None:
    """Take what a look showed: what cannot be said is for a person to see."""
    if result:
        pass_on(run, row, by=by, now=now, result=result, output=output)
        return
    end_step(row, Is.FAILED, now=now, by=by, output=output)
    wait(run, Asks.FAILED, by=by)


def pass_on(
    run: RunbookRun, row: RunbookStepRun, *, by: User, now: datetime, result: str = "",
    output: str = "", who: User | None = None, note: str = "",
) -> None:  # fmt: skip
    """End a step well; the one after it is the next."""
    end_step(row, Is.DONE, now=now, by=by, result=result, output=output, who=who, note=note)
    RunbookRun.objects.filter(pk=run.pk).update(following=row.place + 1)
    run.following = row.place + 1


def _result_of(run: RunbookRun, title: str) -> str:
    """Return the newest result of a step of the same way."""
    rows = run.steps.filter(is_back=run.is_back, title__iexact=title).exclude(result="")
    newest: str | None = rows.order_by("-number").values_list("result", flat=True).first()
    return newest or ""


def decide(
    run: RunbookRun, row: RunbookStepRun, step: Step, answer: str, *, by: User, now: datetime,
    who: User | None = None, note: str = "",
) -> None:  # fmt: skip
    """Go where an answer leads; without one a person has to see why."""
    target = step.branches.get(answer.lower(), "")
    if not target and answer:
        target = NEXT
    if not target:
        told = f"“{step.by}” has no result: it was passed over or has not been done."
        end_step(row, Is.FAILED, now=now, by=by, output=told)
        wait(run, Asks.FAILED, by=by)
        return
    pass_on(run, row, by=by, now=now, result=answer, output=f"{answer}: {target}", who=who,
            note=note)  # fmt: skip
    _lead(run, row, target, by=by, now=now)


def _lead(run: RunbookRun, row: RunbookStepRun, target: str, *, by: User, now: datetime) -> None:
    way = {one.title.lower(): one.place for one in run.version.book.way(run.is_back)}
    name = target.lower()
    if name == END:
        end(run, State.DONE, by=by, now=now, outcome=f"Ended at “{row.title}”.")
        return
    if name == BACK:
        values = {"is_back": True, "following": 1}
    else:
        values = {"following": row.place + 1 if name == NEXT else way[name]}
    RunbookRun.objects.filter(pk=run.pk).update(**values)
    for field, value in values.items():
        setattr(run, field, value)


# ── commands ───────────────────────────────────────────────────────────────────────────────────


def _command(
    run: RunbookRun, row: RunbookStepRun, step: Step, *, by: User, now: datetime
) -> Order | None:
    if run.is_dry:
        pass_on(run, row, by=by, now=now, result="good", output=_foreseen(run, row))
        return None
    if row.sent_at is not None and row.is_altering:
        end_step(row, Is.UNKNOWN, now=now, by=by, note=LOST)
        wait(run, Asks.UNKNOWN, by=by)
        return None
    if why := starting.no_way(run.item):
        return _failed(run, row, why, by=by, now=now)
    if row.is_altering:
        return _altering(run, row, step, by=by, now=now)
    if not starting.may(run.driver, starting.RUN, run.item):
        told = f"{run.driver} may not run runbooks for {run.item}."
        return _failed(run, row, told, by=by, now=now)
    return _order(run, row, step)


def _altering(
    run: RunbookRun, row: RunbookStepRun, step: Step, *, by: User, now: datetime
) -> Order | None:
    """Send what alters a host once its change was approved and is under way."""
    before = row.change
    try:
        with transaction.atomic():
            if row.change is None:
                with recorded(row, "ask", by=by):
                    row.change = altering.ask(run, row, now=now)
            stands = altering.may_begin(row.change)
            if stands == "go":
                altering.begin(row.change)
    except Problem as problem:
        row.change = before  # one that was asked for just now is gone with what failed
        altering.give_up(row, str(problem), by=run.driver)
        return _failed(run, row, str(problem), by=by, now=now)
    if stands == "wait":
        _pause(run, row, Asks.APPROVAL, by=by)
        return None
    if stands != "go":
        altering.give_up(row, stands, by=run.driver)
        return _failed(run, row, stands, by=by, now=now)
    return _order(run, row, step)


def _order(run: RunbookRun, row: RunbookStepRun, step: Step) -> Order:
    RunbookStepRun.objects.filter(pk=row.pk).update(state=Is.RUNNING)
    return Order(run.pk, row.pk, row.command, step.within_seconds)


def _failed(
    run: RunbookRun, row: RunbookStepRun, why: str, *, by: User, now: datetime
) -> Order | None:
    end_step(row, Is.FAILED, now=now, by=by, note=why)
    wait(run, Asks.FAILED, by=by)
    return None


def _foreseen(run: RunbookRun, row: RunbookStepRun) -> str:
    """Say what a command would do, and what it would need."""
    way = getattr(run.item, "command_access", None)
    told = [f"It would run, as {way.user if way else 'an account that is not there yet'}:",
            f"    {row.command}"]  # fmt: skip
    if why := starting.no_way(run.item):
        told.append(f"It could not yet: {why}")
    if run.version.approved_by_id is None:
        told.append("Somebody else has to approve this version first.")
    if row.is_altering:
        told.append("It alters the host: a change of its own, which others approve.")
    return "\n".join(told)


@transaction.atomic
def send(order: Order, *, holder: str, now: datetime) -> bool:
    """Note that a command is sent, before it is; False: it must not be sent."""
    run = _held(order.run, holder)
    row = RunbookStepRun.objects.filter(pk=order.step, ended_at__isnull=True).first()
    if run is None or row is None or run.is_stopping:
        return False
    if row.is_altering and (row.sent_at is not None or row.change is None):
        return False
    RunbookStepRun.objects.filter(pk=row.pk).update(sent_at=now)
    stir(run)
    return True


@transaction.atomic
def fail_unsent(order: Order, why: str, *, holder: str, by: User, now: datetime) -> None:
    """Say that a command could not be sent: nothing was done."""
    run, row = _held(order.run, holder), RunbookStepRun.objects.get(pk=order.step)
    if run is None or row.ended_at is not None:
        return
    row.run = run
    altering.fail(row, why)
    _failed(run, row, why, by=by, now=now)


@transaction.atomic
def take(
    order: Order, status: int | None, output: bytes, why: str, *, holder: str, by: User,
    now: datetime,
) -> None:  # fmt: skip
    """Take what a command showed, and how it ended; `status` None: nobody knows."""
    run = _held(order.run, holder)
    row = RunbookStepRun.objects.select_related("run", "change").get(pk=order.step)
    text = plain(output)
    if run is None or row.ended_at is not None:  # another has taken the run over meanwhile
        _take_late(row, status, text)
        return
    row.run, row.status = run, status
    if status == 0:
        pass_on(run, row, by=by, now=now, result="good", output=text)
    elif status is None and row.is_altering:
        end_step(row, Is.UNKNOWN, now=now, by=by, output=text,
                 note=f"{why} It may still be at work: look at the host.")  # fmt: skip
        wait(run, Asks.UNKNOWN, by=by)
    elif status is not None and not row.is_altering and _decides(run, row):
        pass_on(run, row, by=by, now=now, result="bad", output=text)
    else:
        told = why or f"It ended with status {status}."
        altering.fail(row, f"{row.title}: {told}")
        end_step(row, Is.FAILED, now=now, by=by, result="bad", output=text, note=told)
        wait(run, Asks.FAILED, by=by)


def _take_late(row: RunbookStepRun, status: int | None, text: str) -> None:
    if row.state == Is.UNKNOWN and status is not None and row.status is None:
        told = f"{row.note} It was heard of later: it ended with status {status}."
        RunbookStepRun.objects.filter(pk=row.pk).update(status=status, note=told, output=text)
        stir(row.run)


def _decides(run: RunbookRun, row: RunbookStepRun) -> bool:
    """Say whether a later decision goes by a step's result."""
    way = run.version.book.way(run.is_back)
    return any(one.by.lower() == row.title.lower() for one in way if one.by)
