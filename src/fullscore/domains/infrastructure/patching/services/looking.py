"""Looking at hosts before a plan is approved: what each would do, and what could be put back."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet

from fullscore.domains.infrastructure.patching.facts import Update
from fullscore.domains.infrastructure.patching.models import Campaign, ServerRun
from fullscore.domains.infrastructure.patching.queries import standing
from fullscore.domains.infrastructure.patching.rules import pending
from fullscore.domains.infrastructure.patching.services import planning
from fullscore.domains.infrastructure.patching.services.campaigns import abandon, need, void
from fullscore.kit import live
from fullscore.kit.audit import recorded
from fullscore.kit.errors import Conflict, Invalid
from fullscore.kit.models import User

TAKEN_OVER = timedelta(seconds=60)  # without a beat: its process has died


@transaction.atomic
def look(campaign: Campaign, *, by: User) -> Campaign:
    """Ask every planned host what it would do; alters nothing but its lists of what there is.

    What was approved is void: the answers are part of the plan.
    """
    need(campaign, *Campaign.PLANNABLE, to="a look")
    if campaign.is_planning or not campaign.digest:
        raise Conflict("There is no plan yet: plan it first.")
    if campaign.release_from:
        raise Conflict("A release upgrade is carried out by hand: nothing is asked of its hosts.")
    if not campaign.waves.exists():
        raise Conflict("No server is in any wave: see why each is left out.")
    campaign.runs.update(
        looked_at=None, transaction={}, lacks=[], unseen="", holder="", beat_at=None
    )
    with recorded(campaign, "look", by=by):
        void(campaign)
        campaign.is_looking, campaign.looked_at = True, None
        campaign.digest = planning.digest(campaign)
    campaign.authors.add(by)
    abandon(campaign, by=by)
    return campaign


@transaction.atomic
def accept_no_way_back(campaign: Campaign, *, by: User, reason: str) -> Campaign:
    """Let what cannot be put back be altered all the same; it is part of what is approved."""
    need(campaign, Campaign.State.DRAFT, to="this")
    if campaign.is_planning or campaign.is_looking or not campaign.digest:
        raise Conflict("There is no plan yet, or its hosts are being looked at.")
    if not reason.strip():
        raise Invalid("Say why.", {"reason": ["Say why."]})
    with recorded(campaign, "accept_no_way_back", by=by, note=reason):
        campaign.no_way_back = Campaign.NoWayBack.ACCEPTED
        campaign.digest = planning.digest(campaign)
    campaign.authors.add(by)
    return campaign


def waiting() -> QuerySet[ServerRun]:
    """Return the runs whose hosts are still to be looked at."""
    return ServerRun.objects.filter(
        campaign__is_looking=True, campaign__state=Campaign.State.DRAFT,
        state=ServerRun.State.PLANNED, looked_at=None, unseen="",
    )  # fmt: skip


def claim(
    *, holder: str, most: int, now: datetime, holding: Collection[int] = ()
) -> list[ServerRun]:
    """Return the runs whose hosts this process looks at from now on."""
    free = Q(holder="") | Q(beat_at__lte=now - TAKEN_OVER) | Q(holder=holder)
    found = []
    for pk, before in (
        waiting()
        .filter(free)
        .exclude(pk__in=holding)
        .order_by("pk")
        .values_list("pk", "holder")[:most]
    ):
        if waiting().filter(pk=pk, holder=before).update(holder=holder, beat_at=now):
            found.append(pk)
    return list(ServerRun.objects.filter(pk__in=found).select_related("server__item", "campaign"))


@transaction.atomic
def answer(
    run: ServerRun,
    *,
    by: User,
    now: datetime,
    rows: Mapping[str, Any],
    lacks: Collection[str],
    unseen: str = "",
) -> None:
    """Keep what a host said it would do, or why it could not be asked; the last ends the look.

    Nothing is kept where it was planned anew meanwhile, or another process looks at the host.
    """
    mine = waiting().filter(pk=run.pk, holder=run.holder)
    told = {"unseen": unseen[:300]} if unseen else {
        "looked_at": now, "transaction": dict(rows), "lacks": sorted(lacks),
        "unseen": "",
    }  # fmt: skip
    campaign = Campaign.objects.select_for_update(no_key=True).get(pk=run.campaign_id)
    if not mine.update(holder="", beat_at=None, **told):
        return
    if waiting().filter(campaign=campaign).exists():
        live.publish("patching.campaign", str(campaign.pk))
        return
    with recorded(campaign, "see", by=by):
        campaign.is_looking, campaign.looked_at = False, now
        campaign.digest = planning.digest(campaign)


def held_along(run: ServerRun, rows: Mapping[str, Any], *, now: datetime) -> str:
    """Say which package would come along that the baseline holds; “” where none would."""
    planned = {one[0].partition(":")[0] for one in run.packages}
    along = [row for kind in ("upgraded", "added") for row in rows[kind]]
    held = standing.wanted(run.campaign.baseline).holds
    for told, _, version in along:
        name = told.partition(":")[0]
        update = Update(run.manager, name, "", version, False, None)
        if name not in planned and (hold := pending.held(update, held, now.date())):
            return f"{name} would come along, which is held until {hold.until:%-d %b}."
    return ""
