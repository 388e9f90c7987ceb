"""Founding Brightwater's changes: what was done, what runs, and what waits for a yes."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from fullscore.domains.foundation.changes.models import (
    Approval,
    ApprovalPolicy,
    Change,
    ChangeEvent,
    ChangeStep,
    Freeze,
    StandardChange,
)
from fullscore.domains.foundation.changes.services import approving, executing
from fullscore.domains.foundation.estate.models import Item
from fullscore.domains.overview.demo import plans
from fullscore.domains.overview.demo.plans import Planned
from fullscore.domains.overview.demo.services import keeping
from fullscore.domains.overview.demo.services.people import People, address
from fullscore.kit import search
from fullscore.kit.audit import snapshot
from fullscore.kit.models import User

HOUR = timedelta(hours=1)
BEGUN = ("running", "verifying", "done", "failed", "rolled_back")
ASKED_BEFORE = timedelta(days=4)
WATCHED = timedelta(minutes=20)


def found(
    people: People, items: Mapping[str, Item], *, by: User, now: datetime, began: datetime
) -> None:
    """Make templates, policies, freezes and changes."""
    users = {user.email: user for user in User.objects.all()}
    templates = keeping.made(list(_templates(users, began)), by=by, began=began)
    keeping.made(list(_policies(people)), by=by, began=began)
    keeping.made(list(_freezes(now)), by=by, began=began)
    known = {template.title: template for template in templates}
    rows = [_row(one, users, items, known, now) for one in plans.CHANGES]
    changes = keeping.made(rows, by=by, began=began, keeps=False)
    for change, one in zip(changes, plans.CHANGES, strict=True):
        change.items.set([items[name] for name in one.items])
        _beside(change, one, users, now)
    keeping.founded(Change, [(c, snapshot(c)) for c in changes], by=by, began=began)
    search.refresh_many(Change, [change.pk for change in changes])


def _user(users: Mapping[str, User], name: str) -> User:
    return users[address(name)]


def _templates(users: Mapping[str, User], began: datetime) -> Iterator[StandardChange]:
    for one in plans.TEMPLATES:
        yield StandardChange(
            title=one.title,
            selector=one.selector,
            plan=one.plan,
            written_by=_user(users, one.written_by),
            approved_by=_user(users, one.approved_by),
            approved_at=began,
        )


def _policies(people: People) -> Iterator[ApprovalPolicy]:
    for name, kind, band, environment, tag, needed, team in plans.POLICIES:
        yield ApprovalPolicy(
            name=name,
            kind=kind,
            band=band,
            environment=environment,
            tag=tag,
            needed=needed,
            team=people.teams[team] if team else None,
        )


def _freezes(now: datetime) -> Iterator[Freeze]:
    for name, reason, selector, first, last in plans.FREEZES:
        yield Freeze(
            name=name,
            reason=reason,
            selector=selector,
            starts_at=_hour(now) + first * HOUR,
            ends_at=_hour(now) + last * HOUR,
        )


def _hour(now: datetime) -> datetime:
    return now.replace(minute=0, second=0, microsecond=0)


def _row(
    one: Planned,
    users: Mapping[str, User],
    items: Mapping[str, Item],
    templates: Mapping[str, StandardChange],
    now: datetime,
) -> Change:
    """Return a change as it stands, still without its risk card."""
    is_recorded, is_near = one.state == "recorded", abs(one.starts) < 2
    starts_at = (now if is_near else _hour(now)) + one.starts * HOUR
    change = Change(
        title=one.title,
        kind=one.kind,
        description=one.why,
        state="draft",
        standard=templates.get(one.template),
        owner=items[one.items[0]].owner,
        requested_by=_user(users, one.requested_by),
        executor=_user(users, one.executor) if one.executor else None,
        starts_at=starts_at,
        ends_at=starts_at + one.hours * HOUR,
        plan=templates[one.template].plan if one.template else one.plan,
        rollback="none" if is_recorded else one.rollback,
        rollback_plan="Load the former state" if one.rollback == "rehearsed" else "",
        verification="none" if is_recorded else one.verification,
    )
    if one.state in BEGUN or is_recorded:
        change.started_at = starts_at
    if one.state in BEGUN[2:] or is_recorded:
        change.ended_at = starts_at + 0.8 * one.hours * HOUR
    return change


def _beside(change: Change, one: Planned, users: Mapping[str, User], now: datetime) -> None:
    """Weigh a change, bring it to where it stands, and write what happened to it."""
    if one.state not in ("draft", "recorded"):
        approving.weigh(change, now=change.starts_at - ASKED_BEFORE)
    change.is_recorded = one.state == "recorded"
    change.state = Change.State.DONE if change.is_recorded else Change.State(one.state)
    change.outcome = "Made outside, and told of." if change.is_recorded else one.outcome
    if one.state in ("verifying", "done"):
        change.result, change.verified_at = "good", change.started_at
    if one.state == "verifying":
        change.watched_until = now + WATCHED
    if change.ended_at and not change.is_recorded:
        change.review_due_at = executing.review_due(change, change.ended_at)
        if change.ended_at < now - timedelta(days=2) and change.review_due_at:
            change.reviewed_at = change.ended_at + timedelta(days=1)
            change.review = "Looked at together; nothing more follows."
    change.save()
    _steps(change)
    asked_at = min(change.starts_at - ASKED_BEFORE, now - HOUR)
    for place, name in enumerate(one.approvers):
        Approval.objects.create(
            change=change,
            person=_user(users, name),
            requested_by=change.requested_by,
            decision="approved",
            rule=approving.needed(change).why[:300],
            at=asked_at + (place + 1) * HOUR / 2,
        )
    _events(change, one, users, asked_at)


def _steps(change: Change) -> None:
    """Write the steps; of what runs the first is done, of what is over all."""
    for is_back, text in ((False, change.plan), (True, change.rollback_plan)):
        for place, title in enumerate(text.splitlines(), 1):
            is_done = not is_back and (
                change.state in ("verifying", "done") or (change.state == "running" and place == 1)
            )
            ChangeStep.objects.create(
                change=change,
                is_back=is_back,
                place=place,
                title=title,
                done_at=change.started_at if is_done else None,
                done_by=change.executor if is_done else None,
            )


def _events(change: Change, one: Planned, users: Mapping[str, User], asked_at: datetime) -> None:
    """Write the timeline as the verbs would have."""
    told: list[tuple[datetime, User, str, str]] = []
    if change.is_recorded:
        told.append((change.starts_at, change.requested_by, "recorded", ""))
    else:
        told.append((asked_at, change.requested_by, "requested", change.description))
    if change.points is not None:
        card = f"{change.points} points: {change.band} risk."
        told.append((asked_at, change.requested_by, "assessed", card))
    for place, name in enumerate(one.approvers):
        told.append((asked_at + (place + 1) * HOUR / 2, _user(users, name), "approved", ""))
    if change.started_at and change.executor:
        told.append((change.started_at, change.executor, "started", ""))
    if change.ended_at and change.executor:
        told.append((change.ended_at, change.executor, change.state, change.outcome))
    ChangeEvent.objects.bulk_create(
        [
            ChangeEvent(change=change, at=at, by=by, kind=kind, text=text)
            for at, by, kind, text in told
        ]
    )
