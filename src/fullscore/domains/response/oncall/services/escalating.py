"""Escalations begin, go from step to step by timers that are rows, and end by an answer.

A step is taken in one transaction with all that follows from it: the pages, their deliveries and
the next timer. Killed before its end, nothing of it happened; after it, all of it. What leaves the
machine is `sending`'s.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import InterfaceError, OperationalError, transaction

from fullscore.domains.foundation.directory.models import Person, Team
from fullscore.domains.foundation.estate.models import Item
from fullscore.domains.response.oncall.announcements import StepWants
from fullscore.domains.response.oncall.models import (
    EscalationPolicy,
    EscalationRoute,
    EscalationStep,
    Run,
    RunEvent,
    Timer,
)
from fullscore.domains.response.oncall.queries import paging
from fullscore.domains.response.oncall.services import calling
from fullscore.engines import escalation
from fullscore.engines.escalation import Place
from fullscore.kit import live, time
from fullscore.kit.announcements import announce
from fullscore.kit.audit import noun_of, recorded
from fullscore.kit.log import get_logger
from fullscore.kit.models import User

LATE = timedelta(seconds=60)
HOLD = timedelta(seconds=30)
AT_ONCE = 500  # steps in one turn: what is left is due a second later
RESUMED: dict[str, str] = {
    Run.State.RUNNING: "Whoever it was handed to did not answer.",
    Run.State.ACKNOWLEDGED: "The answer ran out and it is not over.",
    Run.State.SNOOZED: "The pause is over.",
    Run.State.UNANSWERED: "Nobody answered.",
}
CRITICAL = 5
URGENCY_ORDER = ("normal", "important")
log = get_logger()
CONDITIONS = frozenset({"severity", "hours", "alerts"})
ACTS = frozenset({"webhook", "declare", "resolve"})
MOST_ALERTS = 500  # whose beginnings are kept: a condition asks for far fewer
CALLS = frozenset({"person", "schedule", "next", "team", "role", "robin"})


class Subject(NamedTuple):
    """What an escalation is about, as its owner tells it."""

    noun: str  # such as incidents.incident
    record: int
    title: str
    url: str
    severity: int
    item: Item | None = None
    team: Team | None = None
    alerts: Sequence[float] = ()  # when each began, in Unix seconds
    priority: int | None = None  # 1 for P1; None: nobody weighed it yet


def start(subject: Subject, *, by: User) -> Run | None:
    """Begin calling people for something; None where no route leads to a policy.

    What is running already is not begun twice: it becomes as severe as told, and calls again if
    that is more than when somebody answered.
    """
    with transaction.atomic():
        known = paging.runs_of(subject.noun, subject.record).select_for_update().live().first()
        if known is not None:
            return _raised(known, subject, by)
        route = _route(subject)
        if route is None:
            return None
        return begin(subject, route.policy, _urgency(route, subject), by=by)


def _route(subject: Subject) -> EscalationRoute | None:
    team = subject.team.pk if subject.team else None
    item = subject.item.pk if subject.item else None
    return paging.route_for(severity=subject.severity, item=item, team=team)


def _urgency(route: EscalationRoute, subject: Subject) -> str:
    return "important" if subject.severity >= route.important_from else "normal"


def begin(subject: Subject, policy: EscalationPolicy | None, urgency: str, *, by: User) -> Run:
    """Begin calling by a policy; without one, nobody yet: people are added by hand."""
    run = Run(
        subject=subject.noun, record=subject.record, title=subject.title[:300], url=subject.url,
        severity=subject.severity, urgency=urgency, item=subject.item, team=subject.team,
        policy=policy, plan=paging.plan_of(policy) if policy else [], started_at=time.now(),
        alerts=list(subject.alerts)[-MOST_ALERTS:], priority=subject.priority,
    )  # fmt: skip
    with recorded(run, "start", by=by):
        pass
    tell(run, f"Calls by “{policy}”." if policy else "Begun by hand.")
    if policy is not None:
        set_timer(run, Place(0, 0), time.now())
    return run


def _raised(run: Run, subject: Subject, by: User) -> Run:
    """Let what runs follow its subject: by the route that fits now, and never less urgently.

    One that a person began by hand has no policy until a route gives it one.
    """
    has_risen = subject.severity > run.severity
    route = _route(subject) if has_risen or run.policy_id is None else None
    if route is None and not has_risen:
        return run
    is_quiet = run.state in (Run.State.ACKNOWLEDGED, Run.State.SNOOZED)
    with recorded(run, "raise", by=by):
        run.severity = max(run.severity, subject.severity)
        is_other = route is not None and route.policy_id != run.policy_id
        if route is not None:
            run.urgency = max(run.urgency, _urgency(route, subject), key=URGENCY_ORDER.index)
            if is_other:
                run.policy, run.plan = route.policy, paging.plan_of(route.policy)
        if has_risen and is_quiet:
            anew(run, "It became more severe.")
        elif is_other and not is_quiet:
            run.timers.filter(state=Timer.State.WAITING).update(state=Timer.State.CANCELLED)
            anew(run, f"By “{run.policy}” from now on.")
    return run


def rename(subject: Subject, *, by: User) -> None:
    """Let what runs be called as its subject is now, and be about the same item and team."""
    with transaction.atomic():
        run = paging.runs_of(subject.noun, subject.record).select_for_update().live().first()
        if run is not None:
            with recorded(run, "rename", by=by):
                run.title, run.item, run.team = subject.title[:300], subject.item, subject.team


def heard(noun: str, record: int, alerts: Sequence[float]) -> None:
    """Let what runs know when the alerts of its subject began, in Unix seconds."""
    kept = list(alerts)[-MOST_ALERTS:]
    paging.runs_of(noun, record).live().update(alerts=kept)


def weighed(noun: str, record: int, priority: int) -> None:
    """Let what runs know how urgent its subject is: what was answered is asked about by that."""
    run = paging.runs_of(noun, record).select_for_update().live().first()
    if run is None or run.priority == priority:
        return
    run.priority = priority
    if run.state == Run.State.ACKNOWLEDGED:
        run.resumes_at = asks_again_at(run)
    run.save(update_fields=["priority", "resumes_at"])


def asks_again_at(run: Run) -> datetime | None:
    """Return when whoever answered is asked again: for P1, so many minutes after the answer.

    What nobody has weighed yet counts by its severity: it may turn out to be P1.
    """
    minutes = run.policy.ack_minutes if run.policy else 0
    is_pressing = run.severity == CRITICAL if run.priority is None else run.priority == 1
    if not minutes or not is_pressing or run.answered_at is None:
        return None
    return run.answered_at + timedelta(minutes=minutes)


def anew(run: Run, why: str) -> None:
    """Let the steps begin from the first; the caller records the run."""
    run.state, run.resumes_at = Run.State.RUNNING, None
    newest = run.timers.order_by("-round").values_list("round", flat=True).first()
    run.first_round = 0 if newest is None else newest + 1
    tell(run, f"Calls again. {why}")
    set_timer(run, Place(0, run.first_round), time.now())


def is_live(noun: str, record: int) -> bool:
    """Say whether people are called for something, or were and it is not over."""
    return bool(paging.runs_of(noun, record).live().exists())


def stop(noun: str, records: list[int], *, by: User, why: str) -> None:
    """Let nobody be called any more for what is over."""
    for run in Run.objects.live().filter(subject=noun, record__in=records).order_by("pk"):
        with transaction.atomic():
            run = Run.objects.select_for_update().get(pk=run.pk)
            if run.state == Run.State.OVER:
                continue
            with recorded(run, "stop", by=by, note=why):
                run.state, run.over_at, run.resumes_at = Run.State.OVER, time.now(), None
                tell(run, why)
                hush(run)


def hush(run: Run) -> None:
    """Let nothing that waits of a run happen: steps and deliveries."""
    run.timers.filter(state=Timer.State.WAITING).update(state=Timer.State.CANCELLED)
    calling.cancel_deliveries(run)


def resume(*, now: datetime, by: User) -> None:
    """Call again where an answer or a pause has run out."""
    due = Run.objects.filter(resumes_at__lte=now).order_by("resumes_at")
    for pk in list(due.values_list("pk", flat=True)):
        with transaction.atomic():
            run = Run.objects.select_for_update().get(pk=pk)
            if run.resumes_at is None or run.resumes_at > now or run.state == Run.State.OVER:
                continue
            with recorded(run, "resume", by=by):
                anew(run, RESUMED[run.state])


def take_due(*, now: datetime, by: User) -> int:
    """Take every step that is due; returns how many. Several processes may do so at once."""
    taken = 0
    waiting = Timer.objects.filter(state=Timer.State.WAITING)
    while taken < AT_ONCE:
        due = list(waiting.filter(due_at__lte=now).values_list("pk", flat=True)[:50])
        moved = [pk for pk in due if _took(pk, now, by)]
        taken += len(moved)
        if not moved:
            break
    return taken


def _took(pk: int, now: datetime, by: User) -> bool:
    """Take one step; one that fails is tried again in a while, and holds up no other."""
    try:
        return _take(pk, now, by)
    except (OperationalError, InterfaceError):
        raise
    except Exception:
        log.exception("a step of an escalation failed", timer=pk)
        Timer.objects.filter(pk=pk).update(due_at=now + HOLD)
        return False


@transaction.atomic
def _take(pk: int, now: datetime, by: User) -> bool:
    """Take one step, unless another process did meanwhile."""
    found = Timer.objects.filter(pk=pk).values_list("run", flat=True).first()
    if found is None:
        return False
    run = Run.objects.select_for_update().select_related(None).get(pk=found)  # always first
    timer = Timer.objects.select_for_update().get(pk=pk)
    if timer.state != Timer.State.WAITING or timer.due_at > now:
        return False
    if run.state not in (Run.State.RUNNING, Run.State.UNANSWERED):
        _settle(timer, now, Timer.State.CANCELLED)
        return True
    late = now - timer.due_at
    if late > LATE:
        tell(run, f"A step comes {time.in_words(late.total_seconds())} late; it is taken at once.")
    if timer.step >= len(run.plan):
        _last_resort(run, timer, now, by)
    else:
        _step(run, timer, now, by)
    live.publish(noun_of(Run), run.pk)
    return True


def _step(run: Run, timer: Timer, now: datetime, by: User) -> None:
    step, found_nobody = run.plan[timer.step], False
    if step["kind"] in CALLS:
        told = paging.called_by(step, now=now, round=timer.round)
        urgency = "normal" if run.urgency == "normal" else step["urgency"]
        reached = calling.call(run, told.people, urgency=urgency, why=told.why, now=now, by=by)
        if not reached:
            if _held(run, timer, step, now):
                return
            found_nobody = not _caught(run, step, now, by)
    elif step["kind"] in ACTS:
        _act(run, step, now)
    elif step["kind"] in CONDITIONS:
        engine_step = paging.engine_steps([step])[0]
        if not escalation.holds(engine_step, severity=run.severity, at=now, alerts=run.alerts):
            tell(run, f"Step {timer.step + 2} is passed over: its condition does not hold.")
    _settle(timer, now, Timer.State.DONE)
    _follow(run, timer, now, found_nobody)


def _act(run: Run, step: dict, now: datetime) -> None:
    """Do what a step does beside calling people."""
    if step["kind"] == EscalationStep.Kind.WEBHOOK:
        if calling.hook(run, step, now=now):
            tell(run, f"A webhook is called: {step['address']}")
        else:
            tell(run, "The webhook of a step has no key to sign with: it is not called.")
        return
    words = "declared a major incident" if step["kind"] == "declare" else "resolved"
    tell(run, f"Wants it {words}, by a step of “{run.policy}”.")
    announce(StepWants(run.subject, run.record, step["kind"], str(run.policy or "")))


def _held(run: Run, timer: Timer, step: dict, now: datetime) -> bool:
    """Where a policy wants it, wait until somebody is on call: the same timer, a bit later."""
    policy = run.policy
    if policy is None or policy.when_empty != EscalationPolicy.Empty.HOLD:
        return False
    if step["kind"] not in ("schedule", "next"):
        return False
    if not timer.note:
        tell(run, f"Nobody is on call for step {timer.step + 1}: waits until somebody is.")
    Timer.objects.filter(pk=timer.pk).update(due_at=now + HOLD, note="nobody is on call")
    return True


def _caught(run: Run, step: dict, now: datetime, by: User) -> bool:
    """Where a policy wants it, call the catch-all person in place of nobody."""
    policy = run.policy
    if policy is None or policy.when_empty != EscalationPolicy.Empty.CATCH:
        return False
    person = policy.catch_all
    if person is None or person.state == Person.State.LEFT:
        return False
    why = "nobody else is on call"
    return bool(calling.call(run, [person], urgency=step["urgency"], why=why, now=now, by=by))


def _last_resort(run: Run, timer: Timer, now: datetime, by: User) -> None:
    if run.state != Run.State.UNANSWERED:
        with recorded(run, "give_up", by=by, note="no step of the policy was answered"):
            run.state = Run.State.UNANSWERED
        tell(run, "Every step was taken and nobody answered: the last resort is called.")
    people = paging.last_resort(run, now=now)
    why = "nobody answered"
    if not calling.call(run, people, urgency="important", why=why, now=now, by=by):
        tell(run, "There is nobody left to call.")
    _settle(timer, now, Timer.State.DONE)
    _follow(run, timer, now, found_nobody=False)


def _follow(run: Run, timer: Timer, now: datetime, found_nobody: bool) -> None:
    repeats = run.policy.repeats if run.policy else 0
    first = run.timers.filter(step=0, round=timer.round).values_list("due_at", flat=True).first()
    place, due = escalation.following(
        Place(timer.step, timer.round), paging.engine_steps(run.plan), now=now,
        severity=run.severity, last_round=run.first_round + repeats,
        round_began=max(first or now, now - escalation.ROUND_LASTS), found_nobody=found_nobody,
        alerts=run.alerts,
    )  # fmt: skip
    set_timer(run, place, due)


def set_timer(run: Run, place: Place, due: datetime) -> None:
    """Let a step be due, once."""
    Timer.objects.get_or_create(
        run=run, step=place.step, round=place.round, defaults={"due_at": due}
    )


def _settle(timer: Timer, now: datetime, state: str) -> None:
    Timer.objects.filter(pk=timer.pk).update(state=state, done_at=now)


def tell(run: Run, text: str) -> None:
    """Put something on the run's own story."""
    RunEvent.objects.create(run=run, at=time.now(), text=text[:300])
