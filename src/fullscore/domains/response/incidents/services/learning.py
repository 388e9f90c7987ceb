"""What is learnt from incidents: reviews, what they want done, and which changes had a part."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from django.db import transaction

from fullscore.domains.foundation.changes import services as changes
from fullscore.domains.foundation.changes.models import Change
from fullscore.domains.foundation.directory.models import Person
from fullscore.domains.response.incidents import queries
from fullscore.domains.response.incidents.models import (
    Incident,
    IncidentChange,
    Review,
    ReviewAction,
    TimelineEntry,
)
from fullscore.domains.response.incidents.services.entries import tell
from fullscore.kit import time
from fullscore.kit.audit import recorded
from fullscore.kit.errors import Conflict, Invalid
from fullscore.kit.models import User
from fullscore.kit.perform import require
from fullscore.kit.time import in_words

Kind = TimelineEntry.Kind
LEAD, WINDOW = timedelta(days=1), timedelta(hours=1)  # of a change that an action becomes


def open_review(incident: Incident, *, by: User) -> Review:
    """Begin the review of an incident that is over, filled from its timeline."""
    if incident.merged_into_id is not None:
        raise Conflict(f"This incident was merged: review incident {incident.merged_into_id}.")
    if incident.state != Incident.State.RESOLVED:
        raise Conflict("Resolve the incident first: a review looks back.")
    if Review.objects.filter(incident=incident).exists():
        raise Conflict("This incident has a review already.")
    now = time.now()
    review = Review(
        incident=incident, due_on=queries.due_on(incident), opened_at=now,
        summary=_happened(incident), detection=_noticed(incident),
        impact=queries.impact_of(incident, now=now),
    )  # fmt: skip
    with recorded(review, "open", by=by):
        pass
    tell(incident, Kind.STATUS, f"Its review is due {review.due_on:%-d %B}.", by=by)
    return review


def begin_review(*, by: User, incident: Incident, **values: Any) -> Review:
    """Begin a review by hand; what is left empty is filled from the timeline."""
    require("incidents.add_review", incident, by=by)
    review = open_review(incident, by=by)
    told = {name: value for name, value in values.items() if value}
    return revise_review(review, by=by, **told) if told else review


def owe_reviews(ids: Iterable[int], *, by: User) -> int:
    """Begin the reviews of grave incidents that are over and have none; return how many."""
    rows = Incident.objects.filter(
        pk__in=list(ids), state=Incident.State.RESOLVED, priority__in=queries.REVIEWED,
        merged_into__isnull=True, review__isnull=True,
    )  # fmt: skip
    begun = [open_review(incident, by=by) for incident in rows]
    return len(begun)


def _happened(incident: Incident) -> str:
    """Return what is known of an incident as lines: facts, no names of people."""
    told = [f"{incident.title}."]
    for words, moment in (
        ("First symptom", incident.starts_at), ("noticed", incident.detected_at),
        ("taken", incident.acknowledged_at), ("nobody suffers any more", incident.mitigated_at),
        ("over", incident.resolved_at),
    ):  # fmt: skip
        if moment is not None:
            told.append(f"- {moment:%-d %b %H:%M} UTC: {words}")
    return "\n".join([*told, "", f"It ended so: {incident.resolution}"])


def _noticed(incident: Incident) -> str:
    seconds = (incident.detected_at - incident.starts_at).total_seconds()
    by_what = "by people" if incident.declared_by_id else "by an alert"
    return f"Noticed {by_what}, {in_words(seconds)} after the first symptom."


def revise_review(review: Review, *, by: User, **values: Any) -> Review:
    """Write in a review while it is a draft."""
    _need_draft(review)
    if values.pop("incident", review.incident) != review.incident:
        raise Conflict("A review stays with its incident.")
    with recorded(review, "revise", by=by):
        for name, value in values.items():
            setattr(review, name, value)
    return review


def fill_again(review: Review, *, by: User) -> Review:
    """Work out anew for how long each service was touched."""
    _need_draft(review)
    with recorded(review, "fill", by=by):
        review.impact = queries.impact_of(review.incident, now=time.now())
    return review


def close_review(review: Review, *, by: User, note: str = "") -> Review:
    """Say that the review is finished: what happened and what made it possible stand in it."""
    _need_draft(review)
    missing = {name: [words] for name, words in (
        ("summary", "Say what happened."), ("factors", "Say what made it possible."),
    ) if not getattr(review, name).strip()}  # fmt: skip
    if missing:
        raise Invalid(" ".join(words[0] for words in missing.values()), missing)
    with recorded(review, "close", by=by, note=note):
        review.state, review.closed_at, review.closed_by = Review.State.CLOSED, time.now(), by
    count = review.actions.count()
    text = f"Reviewed: {count} {'action' if count == 1 else 'actions'} follow from it."
    tell(review.incident, Kind.STATUS, text, by=by)
    return review


def take_up_review(review: Review, *, by: User, reason: str) -> Review:
    """Open a closed review again, because more is known."""
    if review.state != Review.State.CLOSED:
        raise Conflict("This review is open.")
    with recorded(review, "take_up", by=by, note=reason):
        review.state, review.closed_at, review.closed_by = Review.State.DRAFT, None, None
    return review


def _need_draft(review: Review) -> None:
    if review.state != Review.State.DRAFT:
        raise Conflict("This review is closed: take it up again first.")


def add_action(
    review: Review, *, by: User, title: str, kind: str, owner: Person, due_on: date
) -> ReviewAction:
    """Set what is to be done, by whom and until when."""
    require("incidents.add_reviewaction", review.incident, by=by)
    if owner.state == Person.State.LEFT:
        raise Conflict(f"{owner} has left: choose somebody who is here.")
    if due_on < time.now().date():
        words = "Choose a day that is not over."
        raise Invalid(words, {"due_on": [words]})
    action = ReviewAction(
        review=review, title=title.strip(), kind=kind, owner=owner, due_on=due_on,
        created_at=time.now(),
    )  # fmt: skip
    with recorded(action, "add", by=by):
        pass
    return action


def change_action(action: ReviewAction, *, by: User, **values: Any) -> ReviewAction:
    """Alter an action that is not done; it stays with its review."""
    if action.done_at is not None:
        raise Conflict("This action is done: what was agreed is not altered any more.")
    if values.pop("review", action.review) != action.review:
        raise Conflict("An action stays with its review: set another one there.")
    owner = values.get("owner", action.owner)
    if owner.state == Person.State.LEFT:
        raise Conflict(f"{owner} has left: choose somebody who is here.")
    with recorded(action, "change", by=by):
        for name, value in values.items():
            setattr(action, name, value)
    return action


def finish_action(action: ReviewAction, *, by: User, note: str = "") -> ReviewAction:
    """Say that an action is done; somebody else verifies it."""
    if action.done_at is not None:
        raise Conflict("This action is done already.")
    with recorded(action, "finish", by=by, note=note):
        action.done_at = max(time.now(), action.created_at)
    return action


def take_up_action(action: ReviewAction, *, by: User, reason: str) -> ReviewAction:
    """Say that an action is not done after all."""
    if action.done_at is None:
        raise Conflict("This action is still to be done.")
    with recorded(action, "take_up", by=by, note=reason):
        action.done_at = action.verified_at = action.verified_by = None
    return action


def verify_action(action: ReviewAction, *, by: User, proof: str) -> ReviewAction:
    """Say how one can tell that it works; its owner cannot."""
    if action.done_at is None:
        raise Conflict("It is not done yet: its owner finishes it first.")
    if action.verified_at is not None:
        raise Conflict(f"This action was verified by {action.verified_by}.")
    if action.owner.user_id == by.pk:
        raise Conflict("Somebody else must verify what is yours.")
    if not proof.strip():
        words = "Say how one can tell: a test, a measurement, a drill."
        raise Invalid(words, {"proof": [words]})
    with recorded(action, "verify", by=by, note=proof):
        action.verified_at, action.verified_by = max(time.now(), action.done_at), by
        action.proof = proof.strip()
    return action


@transaction.atomic
def ask_change(action: ReviewAction, *, by: User, note: str = "") -> Change:
    """Ask for a change that does what the action wants, on the items of its incident."""
    if action.change_id is not None:
        raise Conflict(f"Change {action.change_id} was asked for already.")
    if action.done_at is not None:
        raise Conflict("This action is done.")
    require("changes.add_change", by=by)
    incident = action.review.incident
    seen = queries.items_in(incident).visible_to(by)  # type: ignore[attr-defined]
    items = list(seen)
    if not items:
        raise Conflict("No item you may see alerted in this incident: ask for the change by hand.")
    starts_at = time.now().replace(second=0, microsecond=0) + LEAD
    change = changes.request(
        by=by, items=items, title=action.title[:160], starts_at=starts_at,
        ends_at=starts_at + WINDOW, rollback="none",
        description=f"Action {action.pk} of the review of incident {incident.pk}. {note}".strip(),
    )  # fmt: skip
    with recorded(action, "ask_change", by=by, note=f"change {change.pk}"):
        action.change = change
    return change


def link_change(incident: Incident, *, by: User, change: Change, part: str) -> IncidentChange:
    """Say that a change caused the incident (`cause`), or was made because of it (`fix`)."""
    if part not in IncidentChange.Kind.values:
        words = "Say whether the change was the cause or the fix."
        raise Invalid(words, {"part": [words]})
    link = IncidentChange(incident=incident, change=change, kind=part, at=time.now(), by=by)
    with recorded(link, "link", by=by):
        pass
    tell(incident, Kind.CHANGE, f"Change {change.pk} {link.get_kind_display()}.", by=by,
         link=f"/changes/{change.pk}")  # fmt: skip
    return link
