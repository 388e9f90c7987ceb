"""Carrying a change out: start, steps, the end of it, and giving it up."""

from datetime import datetime, timedelta

from django.db import transaction

from fullscore.domains.foundation.changes import rules
from fullscore.domains.foundation.changes.announcements import ChangeFinished, ChangeStarted
from fullscore.domains.foundation.changes.models import Change, ChangeStep, Trouble
from fullscore.domains.foundation.changes.models.words import Kind, Result
from fullscore.domains.foundation.changes.queries import overlaps
from fullscore.domains.foundation.changes.services import approving, verifying
from fullscore.domains.foundation.changes.services.telling import happened, need
from fullscore.kit import time
from fullscore.kit.announcements import announce
from fullscore.kit.audit import recorded
from fullscore.kit.errors import Conflict, Invalid
from fullscore.kit.models import User

State = Change.State
EMERGENCY_REVIEW_DAYS = 2  # working days
REVIEW_DAYS = 5  # working days
WEEKEND = (5, 6)


@transaction.atomic
def start(change: Change, *, by: User) -> Change:
    """Begin to carry out an approved change, inside its window and outside freezes."""
    need(change, State.APPROVED, to="a start")
    now = time.now()
    if not change.starts_at <= now < change.ends_at:
        raise Conflict(
            f"Its window is {change.starts_at:%-d %b %H:%M} to {change.ends_at:%-d %b %H:%M} UTC:"
            " choose another one, and have it approved."
        )
    if lacking := approving.still_missing(change):
        raise Conflict(f"It still needs {' and '.join(lacking)}.")
    _check_apart(change, by=by)
    _check_freeze(change, now)
    return _begin(change, "start", by=by, now=now, text="")


@transaction.atomic
def start_emergency(change: Change, *, by: User, reason: str) -> Change:
    """Begin an emergency at once: one approver is enough, or whoever commands the incident.

    A review is due within two working days.
    """
    states = (State.DRAFT, State.ASSESSED, State.WAITING, State.APPROVED)
    need(change, *states, to="an emergency start")
    if change.kind != Kind.EMERGENCY:
        raise Conflict("Only an emergency starts at once: say so in its kind first.")
    if not reason.strip():
        raise Invalid("Say why.", {"reason": ["Say why."]})
    now = time.now()
    if not (approved := approving.said(change)):
        change.commanded_for = _commanded_by(change, by)
    approving.weigh(change, now=now)
    _check_apart(change, by=by)
    _check_freeze(change, now)
    told = "approved by one" if approved else f"ordered for {change.commanded_for}"
    change.starts_at = min(change.starts_at, now)
    change.ends_at = max(change.ends_at, now + timedelta(hours=1))
    return _begin(change, "start_emergency", by=by, now=now, text=f"Emergency, {told}: {reason}")


def _commanded_by(change: Change, by: User) -> str:
    """Return the open trouble on its items that somebody commands. Raises Conflict."""
    rows = Trouble.objects.filter(item__in=change.items.all(), until__isnull=True, commander=by)
    reference: str | None = rows.order_by("since").values_list("reference", flat=True).first()
    if reference is None:
        raise Conflict("Somebody must approve it, or you must command an incident on its items.")
    return reference


def _check_apart(change: Change, *, by: User) -> None:
    """Refuse whoever carries out what is risky and alone approved it, and who was not named."""
    if change.executor_id not in (None, by.pk):
        raise Conflict(f"{change.executor} carries it out: assign it anew first.")
    if change.band == "high" and rules.only_said_by(by.pk, approving.said(change)):
        raise Conflict("You alone approved it: somebody else must carry it out.")


def _check_freeze(change: Change, now: datetime) -> None:
    if change.freeze_broken_by_id is not None:
        return
    items = list(change.items.values_list("pk", flat=True))
    for freeze in overlaps.freezes_over(items, now, now + timedelta(seconds=1)):
        raise Conflict(
            f"“{freeze}” holds until {freeze.ends_at:%-d %b %H:%M} UTC: it starts only with an"
            " exception."
        )


def _begin(change: Change, verb: str, *, by: User, now: datetime, text: str) -> Change:
    change.findings_before = verifying.bad_now(change)
    with recorded(change, verb, by=by, note=text):
        change.state, change.executor, change.started_at = State.RUNNING, by, now
    happened(change, "started", by=by, text=text)
    announce(ChangeStarted(change.pk))
    return change


@transaction.atomic
def finish_step(step: ChangeStep, *, by: User, note: str = "") -> ChangeStep:
    """Tick a step off."""
    change = Change.objects.select_for_update().get(pk=step.change_id)
    need(change, *Change.UNDER_WAY, to="a step")
    step.refresh_from_db()
    if step.done_at is not None:
        raise Conflict("This step is done already.")
    with recorded(step, "finish_step", by=by, note=note):
        step.done_at, step.done_by, step.note = time.now(), by, note.strip()
    kind = "step back" if step.is_back else "step"
    happened(change, kind, by=by, text=f"{step.place}. {step.title} {note}")
    return step


@transaction.atomic
def finish(change: Change, *, by: User, outcome: str = "") -> Change:
    """Say that it is done: its result was checked and is good."""
    need(change, State.VERIFYING, to="finishing")
    if change.result != Result.GOOD:
        raise Conflict("Its result is not good: verify it again, roll it back, or say it failed.")
    return _end(change, State.DONE, "finish", by=by, outcome=outcome or "As planned.")


@transaction.atomic
def fail(change: Change, *, by: User, outcome: str) -> Change:
    """Say that it failed, and how things stand now."""
    need(change, *Change.UNDER_WAY, to="failing")
    return _end(change, State.FAILED, "fail", by=by, outcome=outcome)


@transaction.atomic
def roll_back(change: Change, *, by: User, outcome: str) -> Change:
    """Say that everything was put back as it was, and why."""
    need(change, *Change.UNDER_WAY, to="rolling back")
    return _end(change, State.ROLLED_BACK, "roll_back", by=by, outcome=outcome)


def abandon(change: Change, *, by: User, reason: str) -> Change:
    """Give a change up before it starts."""
    need(change, *Change.EDITABLE, to="abandoning")
    with recorded(change, "abandon", by=by, note=reason):
        change.state, change.outcome = State.ABANDONED, reason.strip()
    happened(change, "abandoned", by=by, text=reason)
    return change


def _end(change: Change, state: str, verb: str, *, by: User, outcome: str) -> Change:
    if not outcome.strip():
        wanted = "Say in a sentence how it ended."
        raise Invalid(wanted, {"outcome": [wanted]})
    now = time.now()
    with recorded(change, verb, by=by, note=outcome):
        change.state, change.outcome, change.ended_at = state, outcome.strip(), now
        change.watched_until = min(change.watched_until or now, now)
        change.review_due_at = review_due(change, now)
    happened(change, state, by=by, text=outcome)
    announce(ChangeFinished(change.pk))
    return change


def review_due(change: Change, now: datetime) -> datetime | None:
    """Return by when it has to be looked back on; a standard change that went well never."""
    if change.kind == Kind.EMERGENCY:
        return after_working_days(now, EMERGENCY_REVIEW_DAYS)
    if change.kind == Kind.STANDARD and change.state == State.DONE:
        return None
    return after_working_days(now, REVIEW_DAYS)


def after_working_days(moment: datetime, days: int) -> datetime:
    """Return the same time of day some working days later, Monday to Friday."""
    while days:
        moment += timedelta(days=1)
        days -= moment.weekday() not in WEEKEND
    return moment


def review(change: Change, *, by: User, text: str) -> Change:
    """Look back: what went well, what did not, what follows."""
    need(change, *Change.CLOSED, to="a review")
    if change.reviewed_at is not None:
        raise Conflict("It was reviewed already.")
    if not text.strip():
        raise Invalid("Write something first.", {"text": ["Write something first."]})
    with recorded(change, "review", by=by, note=text):
        change.review, change.reviewed_at = text.strip(), time.now()
    happened(change, "reviewed", by=by, text=text)
    return change
