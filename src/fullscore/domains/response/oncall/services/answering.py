"""What people do with escalations."""

from datetime import datetime, timedelta

from django.core import signing
from django.db import transaction

from fullscore.domains.foundation.directory import queries as directory
from fullscore.domains.foundation.directory.models import Person
from fullscore.domains.response.oncall.announcements import RunAcknowledged
from fullscore.domains.response.oncall.models import Attempt, Run, Timer
from fullscore.domains.response.oncall.queries import paging
from fullscore.domains.response.oncall.services import calling, escalating
from fullscore.domains.response.oncall.services.escalating import Subject, hush, tell
from fullscore.kit import time
from fullscore.kit.announcements import announce
from fullscore.kit.audit import recorded
from fullscore.kit.errors import Conflict, Invalid, NotFound
from fullscore.kit.models import User
from fullscore.kit.models.user import system

LINK_HOLDS = timedelta(hours=24)
LONGEST_SNOOZE = timedelta(hours=24)
LINKS = signing.Signer(salt="oncall.answer")


def acknowledge(run: Run, *, by: User, note: str = "") -> Run:
    """Say that one is on it: nobody is called any more, for what is P1 for a while only."""
    _check_live(run)
    if run.state == Run.State.ACKNOWLEDGED:
        raise Conflict(f"{run.answered_by or 'Somebody'} is on it already.")
    _answer(run, directory.person_of(by), by, note)
    announce(RunAcknowledged(run.subject, run.record, by.pk, str(by)))
    return run


def answered_elsewhere(noun: str, record: int, *, by: User) -> None:
    """Stop calling because the subject itself was taken by somebody."""
    with transaction.atomic():
        run = paging.runs_of(noun, record).select_for_update().live().first()
        if run is not None and run.state != Run.State.ACKNOWLEDGED:
            _answer(run, directory.person_of(by), by, "")


def _answer(run: Run, person: Person | None, by: User, note: str) -> None:
    now = time.now()
    with recorded(run, "acknowledge", by=by, note=note):
        run.state, run.answered_at, run.answered_by = Run.State.ACKNOWLEDGED, now, person
        run.resumes_at = escalating.asks_again_at(run)
        hush(run)
        tell(run, f"{person or by} is on it. {note}".strip())


def snooze(run: Run, *, by: User, minutes: int = 30) -> Run:
    """Call nobody for a while; then all begins anew."""
    _check_live(run)
    if not 1 <= minutes <= LONGEST_SNOOZE / timedelta(minutes=1):
        words = "Between one minute and 24 hours."
        raise Invalid(words, {"minutes": [words]})
    with recorded(run, "snooze", by=by):
        run.state = Run.State.SNOOZED
        run.resumes_at = time.now() + timedelta(minutes=minutes)
        hush(run)
        tell(run, f"{by} wants quiet for {minutes} min.")
    return run


def reassign(run: Run, *, by: User, person: Person) -> Run:
    """Hand it to somebody: they are called, and whoever had it is free of it."""
    _check_live(run)
    _check_here(person)
    with recorded(run, "reassign", by=by):
        run.state, run.answered_by, run.answered_at = Run.State.RUNNING, None, None
        run.resumes_at = None
        hush(run)
        tell(run, f"{by} hands it to {person}.")
        _call(run, person, urgency=run.urgency, why=f"handed over by {by}", by=by)
    # Should they not answer either, the policy begins anew.
    Run.objects.filter(pk=run.pk).update(resumes_at=time.now() + timedelta(minutes=5))
    return run


def add_responder(run: Run, *, by: User, person: Person) -> Run:
    """Call one more person; what runs goes on."""
    if run.state == Run.State.OVER:
        raise Conflict("This is over.")
    _check_here(person)
    _call(run, person, urgency="important", why=f"asked for by {by}", by=by)
    return run


def _call(run: Run, person: Person, *, urgency: str, why: str, by: User) -> None:
    """Call one person. Raises Conflict for whoever can be reached by nothing."""
    if not calling.call(run, [person], urgency=urgency, why=why, now=time.now(), by=by):
        raise Conflict(f"{person} has no way to be reached: choose somebody else.")


def escalate(run: Run, *, by: User) -> Run:
    """Take the next step now, without waiting."""
    _check_live(run)
    now = time.now()
    waiting = run.timers.filter(state=Timer.State.WAITING)
    if not waiting.exists():
        with recorded(run, "escalate", by=by):
            escalating.anew(run, f"{by} does not want to wait.")
        return run
    with recorded(run, "escalate", by=by):
        waiting.update(due_at=now)
        tell(run, f"{by} does not want to wait: the next step is taken now.")
    return run


def call_in(subject: Subject, *, by: User, person: Person) -> Run:
    """Call somebody for a subject, whether or not it has an escalation yet."""
    _check_here(person)
    with transaction.atomic():
        run = paging.runs_of(subject.noun, subject.record).select_for_update().live().first()
        if run is None:
            run = escalating.begin(subject, None, "important", by=by)
        return add_responder(run, by=by, person=person)


# ── links ──────────────────────────────────────────────────────────────────────────────────────


def link_of(attempt: Attempt) -> str:
    """Return the path by which a delivery is answered, the same however often it is sent."""
    return f"/answer/{LINKS.sign(attempt.key)}"


def behind_link(token: str) -> Attempt:
    """Return the delivery a link belongs to. NotFound: made up, or older than a day."""
    try:
        key = LINKS.unsign(token)
    except signing.BadSignature as error:
        raise NotFound("This link is not one of ours.") from error
    rows = Attempt.objects.filter(key=key, kind=Attempt.Kind.PAGE)
    attempt = rows.select_related("page__run", "page__person__user").first()
    if attempt is None or time.now() - attempt.due_at > LINK_HOLDS:
        raise NotFound("This link no longer counts: sign in and see what is open.")
    return attempt


def answer_by_link(token: str) -> Run:
    """Say by a link that one is on it. It works once, and only while people are called."""
    with transaction.atomic():
        attempt = behind_link(token)
        person, pk = attempt.page.person, attempt.page.run_id  # type: ignore[union-attr]
        run = Run.objects.select_for_update().get(pk=pk)
        if not Attempt.objects.filter(pk=attempt.pk, link_used_at=None).update(
            link_used_at=time.now()
        ):
            raise Conflict("This link was used already.")
        _check_live(run)
        if run.state == Run.State.ACKNOWLEDGED:
            raise Conflict(f"{run.answered_by or 'Somebody'} is on it already.")
        by = person.user or system()
        _answer(run, person, by, "by the link of a page")
        user = person.user_id
        announce(RunAcknowledged(run.subject, run.record, user, str(person)))
    return run


def _check_live(run: Run) -> None:
    if run.state == Run.State.OVER:
        raise Conflict("This is over.")


def _check_here(person: Person) -> None:
    if person.state == Person.State.LEFT:
        raise Conflict(f"{person} has left.")


def forget_runs(*, before: datetime) -> None:
    """Forget escalations that were over long ago, with all that belongs to them."""
    Run.objects.filter(state=Run.State.OVER, over_at__lt=before).delete()
