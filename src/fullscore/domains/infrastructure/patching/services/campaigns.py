"""From a draft to an approved plan: drafted, planned, simulated, proposed, approved."""

from datetime import datetime
from typing import Any

from django.db import transaction

from fullscore.connectors.ansible import client as ansible
from fullscore.domains.foundation.changes import services as changes
from fullscore.domains.foundation.changes.models import Change
from fullscore.domains.foundation.estate import support
from fullscore.domains.foundation.estate.models import Item
from fullscore.domains.infrastructure.patching.announcements import PlanAsked
from fullscore.domains.infrastructure.patching.models import (
    AcceptedOutage,
    Campaign,
    ServerRun,
)
from fullscore.domains.infrastructure.patching.queries import looks
from fullscore.domains.infrastructure.patching.services import planning
from fullscore.kit import time
from fullscore.kit.announcements import announce
from fullscore.kit.audit import recorded
from fullscore.kit.errors import Conflict, Invalid
from fullscore.kit.models import User

State = Campaign.State
DIGEST_LETTERS = 8  # as many as a person types, and no two plans share by accident
MOST_LINES = 99  # of a change's plan


def draft(*, by: User, **values: Any) -> Campaign:
    """Draft a campaign; plan it next."""
    campaign = Campaign(drafted_by=by, **values)
    _check_release(campaign)
    _check_way(campaign)
    _check_settling(campaign)
    with recorded(campaign, "draft", by=by):
        pass
    campaign.authors.add(by)
    return campaign


def _check_release(campaign: Campaign) -> None:
    """Refuse an upgrade from what nothing follows, or not on a running machine."""
    if not campaign.release_from:
        return
    os_id, _, release = campaign.release_from.strip().lower().partition(" ")
    if os_id not in support.IN_PLACE or not support.next_release(os_id, release):
        told = (
            "Only Debian and Ubuntu go to the next release in place: write such as debian 12,"
            " or set the servers up anew."
        )
        raise Invalid(told, {"release_from": [told]})
    campaign.release_from = f"{os_id} {release}"


def _check_way(campaign: Campaign) -> None:
    """Refuse Ansible where it cannot be had."""
    if campaign.way == Campaign.Way.ANSIBLE and (lacking := ansible.lacks()):
        raise Invalid(lacking, {"way": [lacking]})


def _check_settling(campaign: Campaign) -> None:
    """Refuse a watch that leaves no time for what is watched."""
    if 2 * (campaign.settle_minutes or 0) > (campaign.run_minutes or 0):
        told = "It is watched for at most half of what a server takes: choose a shorter time."
        raise Invalid(told, {"settle_minutes": [told]})


@transaction.atomic
def revise(campaign: Campaign, *, by: User, **values: Any) -> Campaign:
    """Alter a campaign that does not run; its plan and what was approved of it are void."""
    need(campaign, *Campaign.PLANNABLE, to="an edit")
    with recorded(campaign, "revise", by=by):
        for name, value in values.items():
            setattr(campaign, name, value)
        _check_release(campaign)
        _check_way(campaign)
        _check_settling(campaign)
        void(campaign)
        campaign.digest, campaign.planned_at = "", None
        campaign.is_looking, campaign.looked_at = False, None
    campaign.authors.add(by)
    abandon(campaign, by=by)
    return campaign


def need(campaign: Campaign, *states: str, to: str) -> None:
    """Refuse what the state of a campaign does not allow."""
    if campaign.state not in states:
        wanted = " or ".join(State(state).label.lower() for state in states)
        raise Conflict(
            f"The campaign is {campaign.get_state_display().lower()}; {to} needs one that is"
            f" {wanted}."
        )


def void(campaign: Campaign) -> None:
    """Let a campaign be a draft that nobody has approved; the caller records it."""
    campaign.state, campaign.approved_by, campaign.approved_at = State.DRAFT, None, None
    campaign.approved_digest = ""


@transaction.atomic
def plan(campaign: Campaign, *, by: User) -> Campaign:
    """Have it planned anew, in the background; what was approved of an older plan is void."""
    need(campaign, *Campaign.PLANNABLE, to="a plan")
    with recorded(campaign, "request_plan", by=by):
        void(campaign)
        campaign.is_planning, campaign.is_looking = True, False
    campaign.authors.add(by)
    abandon(campaign, by=by)
    announce(PlanAsked(campaign.pk))
    return campaign


def abandon(campaign: Campaign, *, by: User) -> None:
    """Give up the change that asked for an older plan."""
    change = campaign.change
    if change is not None and change.state in Change.EDITABLE:
        changes.abandon(change, by=by, reason="The campaign is planned anew.")
    Campaign.objects.filter(pk=campaign.pk).update(change=None)
    campaign.change = None


def simulate(campaign: Campaign, *, by: User) -> Campaign:
    """Play its plan through on the estate as it is now: would anything fall, has anything come?"""
    if not campaign.digest:
        raise Conflict("There is no plan yet: plan it first.")
    with recorded(campaign, "simulate", by=by):
        campaign.problems = planning.problems(campaign, now=time.now())
        campaign.simulated_at = time.now()
    return campaign


@transaction.atomic
def accept_outage(
    campaign: Campaign,
    *,
    by: User,
    service: Item,
    starts_at: datetime,
    ends_at: datetime,
    reason: str,
) -> AcceptedOutage:
    """Let a service be down within a time; what only that allows is planned into it."""
    need(campaign, *Campaign.PLANNABLE, to="an accepted outage")
    if not reason.strip():
        raise Invalid("Say why.", {"reason": ["Say why."]})
    accepted = AcceptedOutage(
        campaign=campaign, service=service, starts_at=starts_at, ends_at=ends_at, reason=reason,
        by=by,
    )  # fmt: skip
    with recorded(accepted, "accept", by=by, note=reason):
        pass
    plan(campaign, by=by)
    return accepted


@transaction.atomic
def propose(campaign: Campaign, *, by: User) -> Campaign:
    """Ask others to approve the plan; it becomes a change with its window and its risk card."""
    need(campaign, State.DRAFT, to="a proposal")
    if campaign.is_planning or not campaign.digest:
        raise Conflict("There is no plan to propose yet: plan it first.")
    if campaign.is_looking:
        raise Conflict("Its hosts are being looked at: propose it when they have answered.")
    if looks.is_stale(campaign, time.now()):
        raise Conflict("Its hosts were looked at more than a day ago: look again.")
    if told := planning.problems(campaign, now=time.now()):
        raise Conflict(f"{told[0]} Plan it anew.")
    if not campaign.waves.exists():
        raise Conflict("No server is in any wave: see why each is left out.")
    change = _asked(campaign, by=by)
    with recorded(campaign, "propose", by=by):
        campaign.state, campaign.change = State.PROPOSED, change
    return campaign


def _asked(campaign: Campaign, *, by: User) -> Change:
    """Ask for the change a campaign is."""
    waves = list(campaign.waves.order_by("number"))
    items = Item.objects.filter(server__patch_runs__wave__in=waves).distinct()
    lines = [
        f"Wave {wave.number}, {wave.starts_at:%-d %b %H:%M} UTC: {wave.runs.count()} servers"
        for wave in waves[:MOST_LINES]
    ]
    is_kept = campaign.way_back == Campaign.WayBack.DOWNGRADE
    lost = campaign.runs.filter(wave__in=waves).exclude(lacks=[]).count() if is_kept else 0
    but = f", but for {lost} on which not all can be kept" if lost else ""
    change = changes.request(
        by=by,
        items=items,
        title=f"{'Upgrade' if campaign.release_from else 'Patch'}: {campaign.title}"[:160],
        description=f"Baseline {campaign.baseline}, plan {campaign.digest[:DIGEST_LETTERS]}.",
        starts_at=waves[0].starts_at,
        ends_at=waves[-1].ends_at,
        plan="\n".join(lines),
        rollback="rehearsed" if is_kept else "none",
        rollback_plan=f"Downgrade each server to the packages that were kept{but}"
        if is_kept
        else "",
    )
    changes.assess(change, by=by)
    return changes.submit(change, by=by)


@transaction.atomic
def approve(campaign: Campaign, *, by: User, digest: str, note: str = "") -> Campaign:
    """Say yes to exactly the plan whose digest begins so; another plan needs another yes."""
    need(campaign, State.PROPOSED, to="an approval")
    if campaign.drafted_by_id == by.pk or campaign.authors.filter(pk=by.pk).exists():
        raise Conflict("Someone must approve it who neither wrote nor altered nor planned it.")
    if by.kind != User.Kind.PERSON:
        raise Conflict("A person has to approve a plan.")
    wanted = digest.strip().lower()
    if len(wanted) < DIGEST_LETTERS or not campaign.digest.startswith(wanted):
        told = (
            f"The plan's digest begins with {campaign.digest[:DIGEST_LETTERS]}: look at it first."
        )
        raise Invalid(told, {"digest": [told]})
    change = campaign.change
    if change is not None and change.state == Change.State.WAITING:
        changes.approve(change, by=by, note=note)
        change.refresh_from_db()
    if change is None or change.state != Change.State.APPROVED:
        return campaign  # a policy wants another yes as well; the page of the change says which
    with recorded(campaign, "approve", by=by, note=note):
        campaign.state, campaign.approved_by, campaign.approved_at = State.APPROVED, by, time.now()
        campaign.approved_digest = campaign.digest
    return campaign


@transaction.atomic
def skip(run: ServerRun, *, by: User, reason: str) -> ServerRun:
    """Leave one server out of its campaign, saying why; it needs no new approval."""
    if run.state != ServerRun.State.PLANNED:
        raise Conflict("Only what has not begun can be left out.")
    if not reason.strip():
        raise Invalid("Say why.", {"reason": ["Say why."]})
    with recorded(run, "skip", by=by, note=reason):
        run.state, run.why, run.is_live = ServerRun.State.SKIPPED, reason.strip()[:300], False
    return run
