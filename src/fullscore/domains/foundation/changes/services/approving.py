"""Weighing a change, and saying yes or no to it."""

from datetime import datetime

from django.db import IntegrityError, transaction

from fullscore.domains.foundation.changes import rules
from fullscore.domains.foundation.changes.announcements import ApprovalAsked
from fullscore.domains.foundation.changes.models import Approval, ApprovalPolicy, Change
from fullscore.domains.foundation.changes.models.words import Kind
from fullscore.domains.foundation.changes.queries import blast, overlaps, standing, weighing
from fullscore.domains.foundation.changes.services.telling import happened, need
from fullscore.domains.foundation.directory.models import Membership
from fullscore.engines import risk
from fullscore.kit import time
from fullscore.kit.announcements import announce
from fullscore.kit.audit import recorded
from fullscore.kit.errors import Conflict, Invalid
from fullscore.kit.models import User

State = Change.State
Decision = Approval.Decision


def assess(change: Change, *, by: User) -> Change:
    """Weigh the risk: what it could take with it, what gets in its way, what its like did."""
    need(change, State.DRAFT, State.ASSESSED, to="an assessment")
    with recorded(change, "assess", by=by):
        weigh(change, now=time.now())
        change.state = State.ASSESSED
    happened(change, "assessed", by=by, text=f"{change.points} points: {change.band} risk.")
    return change


def weigh(change: Change, *, now: datetime) -> None:
    """Put the risk card on a change; the caller records it."""
    draft = weighing.draft_of(change)
    way = overlaps.in_the_way(draft)
    card = risk.assess(weighing.facts(draft, blast.blast(draft.items), way))
    change.points, change.band, change.assessed_at = card.points, card.band, now
    change.terms = [
        {"name": t.name, "points": round(t.points, 1), "reason": t.reason} for t in card.terms
    ]
    change.may_auto_approve = card.may_auto_approve


@transaction.atomic
def submit(change: Change, *, by: User) -> Change:
    """Ask for approval; what policies let go by itself is approved at once."""
    need(change, State.ASSESSED, to="submitting")
    if change.ends_at <= time.now():
        raise Conflict("Its window has passed: choose another one first.")
    wanted = needed(change)
    with recorded(change, "submit", by=by, note=wanted.why):
        weigh(change, now=time.now())
        wanted = needed(change)
        change.state = State.APPROVED if wanted.count == 0 else State.WAITING
    if change.state == State.APPROVED:
        happened(change, "approved", by=by, text=f"Goes ahead by itself: {wanted.why}.")
    else:
        asked = "1 approval" if wanted.count == 1 else f"{wanted.count} approvals"
        happened(change, "submitted", by=by, text=f"Needs {asked} ({wanted.why}).")
        announce(ApprovalAsked(change.pk))
    return change


@transaction.atomic
def approve(change: Change, *, by: User, note: str = "") -> Change:
    """Say yes to a change that somebody else asks for."""
    _check_decides(change, by=by)
    _decide(change, Decision.APPROVED, by=by, note=note)
    if change.state == State.WAITING and not still_missing(change):
        with recorded(change, "approve", by=by, note=note):
            change.state = State.APPROVED
    return change


@transaction.atomic
def reject(change: Change, *, by: User, note: str) -> Change:
    """Say no, and why; it is a draft again, and what others approved counts no more."""
    _check_decides(change, by=by)
    if not note.strip():
        raise Invalid("Say why.", {"note": ["Say why."]})
    _decide(change, Decision.REJECTED, by=by, note=note)
    change.approvals.filter(voided_at__isnull=True).update(voided_at=time.now())
    with recorded(change, "reject", by=by, note=note):
        change.state = State.DRAFT
    return change


def _check_decides(change: Change, *, by: User) -> None:
    """Refuse what nobody asked for, one's own, and a second decision."""
    wanted = [State.WAITING]
    if change.kind == Kind.EMERGENCY:
        wanted += [State.DRAFT, State.ASSESSED]
    need(change, *wanted, to="a decision")
    if change.requested_by_id == by.pk:
        raise Conflict("Someone else must approve your change.")
    if by.kind != User.Kind.PERSON:
        raise Conflict("A person has to decide about a change.")
    if change.approvals.filter(person=by, voided_at__isnull=True).exists():
        raise Conflict("You have decided about this change already.")


def _decide(change: Change, decision: str, *, by: User, note: str) -> None:
    decided = Approval(
        change=change,
        person=by,
        requested_by=change.requested_by,
        decision=decision,
        rule=needed(change).why[:300],
        note=note.strip(),
        at=time.now(),
    )
    try:
        with recorded(decided, decision, by=by, note=note):
            pass
    except IntegrityError as error:  # two windows of one person at the same moment
        raise Conflict("You have decided about this change already.") from error
    happened(change, decision, by=by, text=note)


def needed(change: Change) -> rules.Needed:
    """Return what a change needs before it may start."""
    items = list(change.items.all())
    standard = change.standard
    case = rules.Case(
        kind=change.kind,
        band=change.band,
        environments=frozenset(item.environment for item in items),
        tags=frozenset(tag for item in items for tag in item.tags),
        may_auto_approve=change.may_auto_approve,
        is_preapproved=standard is not None and standard.approved_by_id is not None,
    )
    return rules.needed(_policies(), case)


def _policies() -> list[rules.Policy]:
    return [
        rules.Policy(
            row.name,
            row.kind,
            row.band,
            row.environment,
            row.tag,
            row.needed,
            row.team_id,
            row.person.user_id if row.person else None,
        )
        for row in ApprovalPolicy.objects.select_related("person")
    ]


def still_missing(change: Change) -> list[str]:
    """Return what has still to be said before a change may start."""
    return rules.missing(needed(change), said(change))


def said(change: Change) -> list[rules.Yes]:
    """Return the approvals that count, each with the teams its person is in today."""
    people = list(standing.live_approvals(change).values_list("person_id", flat=True))
    today = Membership.objects.on(time.now().date()).filter(person__user__in=people)
    teams: dict[int, set[int]] = {}
    for user, team in today.values_list("person__user_id", "team_id"):
        teams.setdefault(user, set()).add(team)
    return [rules.Yes(person, frozenset(teams.get(person, ()))) for person in people]


def break_freeze(change: Change, *, by: User, reason: str) -> Change:
    """Let a change start although a freeze holds, saying why."""
    need(change, *Change.EDITABLE, to="an exception")
    if not reason.strip():
        raise Invalid("Say why.", {"reason": ["Say why."]})
    if change.requested_by_id == by.pk:
        raise Conflict("Someone else must let your change into a freeze.")
    with recorded(change, "break_freeze", by=by, note=reason):
        change.freeze_broken_by = by
    happened(change, "freeze", by=by, text=f"May start inside a freeze: {reason}")
    return change
