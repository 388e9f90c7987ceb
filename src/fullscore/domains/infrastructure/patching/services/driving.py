"""Campaigns under way: started, paused, stopped; waves opened and closed; who runs what."""

from collections.abc import Collection
from datetime import datetime, timedelta
from math import ceil

from django.db import transaction
from django.db.models import Q

from fullscore.domains.foundation.changes import services as changes
from fullscore.domains.foundation.changes.models import Change, Trouble
from fullscore.domains.foundation.changes.queries import overlaps
from fullscore.domains.foundation.changes.queries.blast import blast
from fullscore.domains.infrastructure.patching.announcements import CampaignPaused
from fullscore.domains.infrastructure.patching.models import Campaign, ServerRun, Wave
from fullscore.domains.infrastructure.patching.reading import given as reading
from fullscore.domains.infrastructure.patching.services import planning, running
from fullscore.domains.infrastructure.patching.services.campaigns import need
from fullscore.kit import time
from fullscore.kit.announcements import announce
from fullscore.kit.audit import recorded
from fullscore.kit.errors import Conflict, Invalid, Problem
from fullscore.kit.models import User

State, Run = Campaign.State, ServerRun.State
LEAST_BORNE, SHARE_BORNE = 1, 0.05
WAITING = 50  # runs that wait, looked at in one turn
TAKEN_OVER = timedelta(seconds=60)  # without a beat: its process has died
SILENT = timedelta(minutes=15)  # then nobody knows what happened meanwhile
TROUBLED = 3


@transaction.atomic
def start(campaign: Campaign, *, by: User) -> Campaign:
    """Let an approved plan run, as the change that was approved, within its window."""
    need(campaign, State.APPROVED, to="a start")
    if campaign.release_from:
        raise Conflict(
            "A release upgrade is planned and approved here and carried out by hand: start its"
            " change, and go wave by wave."
        )
    if planning.digest(campaign) != campaign.approved_digest:
        raise Conflict("It is not the plan that was approved: plan it and have it approved anew.")
    if told := planning.problems(campaign, now=time.now()):
        raise Conflict(f"{told[0]} Plan it anew.")
    placed = campaign.runs.filter(state=Run.PLANNED)
    busy = ServerRun.objects.filter(server__in=placed.values("server"), is_live=True)
    if other := busy.select_related("server__item", "campaign").first():
        raise Conflict(f"“{other.campaign}” is patching {other.server}: wait until it is over.")
    if campaign.change is not None:
        changes.start(campaign.change, by=by)
    placed.update(is_live=True)
    with recorded(campaign, "start", by=by):
        campaign.state, campaign.started_at = State.RUNNING, time.now()
    return campaign


def pause(campaign: Campaign, *, by: User, reason: str) -> Campaign:
    """Let no further server begin; what has begun is brought to its end."""
    need(campaign, State.RUNNING, to="a pause")
    if not reason.strip():
        raise Invalid("Say why.", {"reason": ["Say why."]})
    with recorded(campaign, "pause", by=by, note=reason):
        campaign.state, campaign.why = State.PAUSED, reason.strip()[:300]
    announce(CampaignPaused(campaign.pk))
    return campaign


def resume(campaign: Campaign, *, by: User, note: str = "") -> Campaign:
    """Go on, after somebody has looked; the failures so far count no more."""
    need(campaign, State.PAUSED, to="going on")
    with recorded(campaign, "resume", by=by, note=note):
        campaign.state, campaign.why = State.RUNNING, ""
        campaign.borne = _failed(campaign)
    return campaign


@transaction.atomic
def stop(campaign: Campaign, *, by: User, reason: str) -> Campaign:
    """End it for good: what has not begun stays as it is, what was done stays done."""
    need(campaign, *Campaign.UNDER_WAY, to="a stop")
    if not reason.strip():
        raise Invalid("Say why.", {"reason": ["Say why."]})
    if campaign.runs.filter(state=Run.RUNNING).exists():
        raise Conflict("Servers are being patched: pause it, and stop it when they are done.")
    open_runs = campaign.runs.filter(state=Run.PLANNED)
    open_runs.update(state=Run.SKIPPED, why=f"Stopped: {reason.strip()}"[:300])
    campaign.runs.update(is_live=False)
    with recorded(campaign, "stop", by=by, note=reason):
        campaign.state, campaign.why = State.STOPPED, reason.strip()[:300]
        campaign.ended_at = time.now()
    if campaign.change is not None and campaign.change.state in Change.UNDER_WAY:
        changes.fail(campaign.change, by=by, outcome=f"Stopped: {reason.strip()}")
    return campaign


@transaction.atomic
def roll_back_wave(wave: Wave, *, by: User, reason: str) -> Wave:
    """Put back every server of a wave that was altered; the campaign pauses first."""
    campaign = wave.campaign
    if campaign.state == State.RUNNING:
        pause(campaign, by=by, reason=f"{str(wave).capitalize()} is rolled back: {reason}")
    kept = wave.runs.filter(state__in=[Run.DONE, *ServerRun.WENT_WRONG], steps__name="save",
                            steps__state="done", steps__told__lost=[]).distinct()  # fmt: skip
    rows = [run for run in kept if not running.is_untouched(run)]
    if not rows:
        raise Conflict("No server of this wave was altered and can be put back.")
    for run in rows:
        running.roll_back(run, by=by, reason=reason)
    return wave


# ── by the clock ───────────────────────────────────────────────────────────────────────────────


def turn(*, by: User, now: datetime) -> None:
    """Bring every running campaign on: open the wave that is due, close what is over.

    One that cannot go on is paused with the reason, and holds up no other.
    """
    for pk in list(Campaign.objects.filter(state=State.RUNNING).values_list("pk", flat=True)):
        try:
            with transaction.atomic():
                campaign = Campaign.objects.select_for_update().get(pk=pk)
                if campaign.state == State.RUNNING:
                    _turn(campaign, by=by, now=now)
        except Problem as problem:
            pause(Campaign.objects.get(pk=pk), by=by, reason=str(problem) or "It cannot go on.")


def _turn(campaign: Campaign, *, by: User, now: datetime) -> None:
    if why := _objection(campaign):
        pause(campaign, by=by, reason=why)
        return
    for wave in campaign.waves.filter(state=Wave.State.RUNNING):
        _close(wave, now)
    if campaign.waves.filter(state=Wave.State.RUNNING).exists():
        return
    for wave in campaign.waves.filter(state=Wave.State.PLANNED).order_by("number"):
        if wave.ends_at <= now:
            _miss(wave)
            continue
        if wave.starts_at <= now:
            if why := _closed_gate(campaign, wave, now):
                pause(campaign, by=by, reason=why)
            else:
                Wave.objects.filter(pk=wave.pk).update(state=Wave.State.RUNNING, started_at=now)
        return
    _finish(campaign, by=by, now=now)


def _failed(campaign: Campaign) -> int:
    wrong = Q(state__in=ServerRun.WENT_WRONG) | Q(is_back=True)
    return campaign.runs.filter(wrong).count()


def limit(campaign: Campaign) -> int:
    """Return how many failures are borne: as said, else one or a twentieth, the larger."""
    if campaign.error_limit is not None:
        return campaign.error_limit
    placed = campaign.runs.exclude(state=Run.UNPLACED).count()
    return max(LEAST_BORNE, ceil(SHARE_BORNE * placed))


def _objection(campaign: Campaign) -> str:
    """Say why a campaign must not go on; empty: it may."""
    failed = _failed(campaign) - campaign.borne
    if failed > limit(campaign):
        last = campaign.runs.filter(state__in=ServerRun.WENT_WRONG).order_by("-ended_at").first()
        told = f"{last.server}: {last.why}" if last else ""
        servers = "1 server" if failed == 1 else f"{failed} servers"
        return f"{servers} failed, {limit(campaign)} are borne. {told}"
    touched = list(
        campaign.runs.filter(started_at__isnull=False).values_list("server__item_id", flat=True)
    )
    reached = [one.item for one in blast(touched).touched if one.criticality <= TROUBLED]
    trouble = Trouble.objects.open().filter(
        item__in=[*touched, *reached], since__gte=campaign.started_at
    )
    if one := trouble.first():
        return f"{one.reference} began since: {one.title}"
    return ""


def _closed_gate(campaign: Campaign, wave: Wave, now: datetime) -> str:
    """Say why a wave must not begin; empty: it may."""
    runs = list(wave.runs.filter(state=Run.PLANNED).select_related("server", "ring"))
    items = [run.server.item_id for run in runs]
    change = campaign.change
    if change is None or change.freeze_broken_by_id is None:
        for freeze in overlaps.freezes_over(items, now, wave.ends_at):
            return f"{str(wave).capitalize()} lies in the freeze “{freeze}”."
    world = reading.world()
    rows = campaign.outages.filter(starts_at__lte=wave.starts_at, ends_at__gte=wave.ends_at)
    fallen = world.falls(items) - set(rows.values_list("service_id", flat=True))
    if fallen:
        name = reading.name_of(world, min(fallen))
        return f"{str(wave).capitalize()} would take {name} down as things stand now."
    places = [run.ring.place for run in runs if run.ring]
    return _unsoaked(campaign, max(places), now) if places else ""


def _unsoaked(campaign: Campaign, place: int, now: datetime) -> str:
    """Say which earlier ring has not stood long enough yet."""
    for ring in campaign.baseline.rings.filter(place__lt=place):
        runs = campaign.runs.filter(ring=ring)
        last = runs.filter(ended_at__isnull=False).order_by("-ended_at").first()
        if runs.filter(state__in=ServerRun.OPEN).exists():
            return f"Ring {ring} is not done yet."
        ended = last.ended_at if last else None
        if ended and ended + timedelta(hours=ring.soak_hours) > now:
            return f"Ring {ring} has not stood for its {ring.soak_hours} hours yet."
    return ""


def _close(wave: Wave, now: datetime) -> None:
    """Close a wave whose servers are over; what could not begin in its slot has missed it."""
    open_runs = wave.runs.filter(state=Run.PLANNED, is_back=False)
    if now >= wave.ends_at:
        for run in open_runs:
            told = run.why or "there was no room"
            open_runs.filter(pk=run.pk).update(
                state=Run.SKIPPED, is_live=False, why=f"Its slot passed. {told}"[:300]
            )
    if not wave.runs.filter(state__in=ServerRun.OPEN).exists():
        Wave.objects.filter(pk=wave.pk).update(state=Wave.State.DONE, ended_at=now)
        _tick_off(wave)


def _miss(wave: Wave) -> None:
    wave.runs.filter(state=Run.PLANNED).update(
        state=Run.SKIPPED, is_live=False, why="Its slot passed while the campaign stood."
    )
    Wave.objects.filter(pk=wave.pk).update(state=Wave.State.MISSED)
    _tick_off(wave)


def _tick_off(wave: Wave) -> None:
    """Tick the wave's step of the change off."""
    change = wave.campaign.change
    if change is None or change.executor is None or change.state not in Change.UNDER_WAY:
        return
    for step in change.steps.filter(is_back=False, place=wave.number, done_at__isnull=True):
        changes.finish_step(step, by=change.executor)


def _finish(campaign: Campaign, *, by: User, now: datetime) -> None:
    """End a campaign whose waves are over, and verify the change it was."""
    with recorded(campaign, "finish", by=by):
        campaign.state, campaign.ended_at = State.DONE, now
    campaign.runs.update(is_live=False)
    change = campaign.change
    if change is None or change.executor is None or change.state not in Change.UNDER_WAY:
        return
    try:
        changes.verify(change, by=change.executor)
    except Problem as problem:  # steps beyond those written, or checks that cannot say
        Campaign.objects.filter(pk=campaign.pk).update(why=str(problem)[:300])


# ── who runs what ──────────────────────────────────────────────────────────────────────────────


def claim(
    *, by: User, holder: str, most: int, now: datetime, holding: Collection[int] = ()
) -> list[ServerRun]:
    """Return runs that this process carries out from now on: those that may begin, and those that
    nobody carries on any more, its own among them that it does not hold in its hand."""
    declare_unknown(by=by, now=now)
    found = []
    dead = ServerRun.objects.filter(state=Run.RUNNING, beat_at__lte=now - TAKEN_OVER)
    for run in dead.exclude(pk__in=holding).order_by("pk")[:most]:
        row = ServerRun.objects.filter(pk=run.pk, holder=run.holder, beat_at=run.beat_at)
        if row.update(holder=holder, beat_at=now):
            found.append(run.pk)
    forth = Q(is_back=False, campaign__state=State.RUNNING, wave__state=Wave.State.RUNNING)
    forth &= Q(wave__ends_at__gt=now)
    back = Q(is_back=True, campaign__state__in=[*Campaign.UNDER_WAY, State.DONE, State.STOPPED])
    ready = ServerRun.objects.filter(forth | back, state=Run.PLANNED, is_live=True)
    for run in ready.order_by("-risk", "pk")[: most + WAITING]:  # each that waits costs a look
        if len(found) >= most:
            break
        if running.begin(run, by=by, holder=holder, now=now):
            found.append(run.pk)
    rows = ServerRun.objects.filter(pk__in=found).select_related("server__item", "campaign")
    return list(rows)


def declare_unknown(*, by: User, now: datetime) -> None:
    """Say of runs that have been silent too long that nobody knows; their spare stays used."""
    for run in ServerRun.objects.filter(state=Run.RUNNING, beat_at__lte=now - SILENT):
        running.end(
            run, Run.UNKNOWN, by=by, now=now,
            why="Nothing was heard of it for 15 minutes: look at the server.",
        )  # fmt: skip
