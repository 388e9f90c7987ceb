"""One server's run: begun with its spare, told step by step, ended."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Sum

from fullscore.domains.foundation.estate.models import Requirement
from fullscore.domains.infrastructure.patching.models import (
    Campaign,
    RunStep,
    ServerRun,
    SpareLease,
    Wave,
)
from fullscore.domains.infrastructure.patching.queries import gates
from fullscore.domains.infrastructure.patching.reading import given as reading
from fullscore.kit import live
from fullscore.kit.audit import recorded
from fullscore.kit.errors import Conflict
from fullscore.kit.models import User

State = ServerRun.State
MOST_EVIDENCE = 64 * 1024


@transaction.atomic
def begin(run: ServerRun, *, by: User, holder: str, now: datetime) -> bool:
    """Let a planned run begin, if what it takes away can be spared now; says whether it did.

    One run after the other is decided on, so that two campaigns cannot spend the same; a campaign
    that was paused a moment ago begins none. What keeps it from beginning is told on the run.
    """
    _take_turn()
    campaign = Campaign.objects.select_for_update(of=("self",), no_key=True).get(pk=run.campaign_id)
    rows = ServerRun.objects.select_for_update(of=("self",)).select_related("server", "wave")
    run = rows.get(pk=run.pk)
    if run.state != State.PLANNED or not run.is_live or not _is_its_time(run, campaign, now):
        return False
    why = _keeps(run, now)
    if why:
        if run.why != why:
            ServerRun.objects.filter(pk=run.pk).update(why=why[:300])
        return False
    with recorded(run, "begin", by=by):
        run.state, run.started_at = State.RUNNING, run.started_at or now
        run.why = run.why if run.is_back else ""
        run.holder, run.beat_at = holder, now
    return True


def _take_turn() -> None:
    """Let one process at a time decide: all that is under way is locked, in one order."""
    under_way = Campaign.objects.filter(state__in=Campaign.UNDER_WAY).order_by("pk")
    list(under_way.select_for_update(of=("self",), no_key=True).values_list("pk", flat=True))


def _is_its_time(run: ServerRun, campaign: Campaign, now: datetime) -> bool:
    """Say whether its campaign goes on, and half of the minutes of a run are left in its slot.

    A slot is as long as a run: to ask for all of them would let it begin in the first second alone.
    """
    if run.is_back:
        return campaign.state in (*Campaign.UNDER_WAY, Campaign.State.DONE, Campaign.State.STOPPED)
    if campaign.state != Campaign.State.RUNNING or run.wave is None:
        return False
    half = timedelta(minutes=campaign.run_minutes) / 2
    return run.wave.state == Wave.State.RUNNING and now + half <= run.wave.ends_at


def _keeps(run: ServerRun, now: datetime) -> str:
    """Say what keeps a run from beginning; the way back is not kept by the trouble it ends."""
    if run.is_back:
        holds = run.leases.filter(released_at__isnull=True).exists()
        return "" if holds else _lease(run, now)
    return gates.obstacle(run, now) or _lease(run, now)


def _lease(run: ServerRun, now: datetime) -> str:
    """Take the spare a run needs; returns what is missing, in words."""
    held = SpareLease.objects.filter(released_at__isnull=True)
    away = set(held.values_list("run__server__item_id", flat=True))
    world = reading.world(but=away)
    groups = reading.needed(world)
    loads = reading.loads_of(run.server.item_id, groups, world)
    allowed = _allowed(run)
    wanted = {int(key.split(":")[1]): units for key, units in loads.items()}
    list(Requirement.objects.select_for_update().filter(pk__in=wanted).order_by("pk"))
    used = dict(
        held.filter(requirement__in=wanted)
        .exclude(run=run)
        .values_list("requirement")
        .annotate(Sum("units"))
    )
    for key, units in loads.items():
        group = groups[key]
        left = group.spare - used.get(int(key.split(":")[1]), 0)
        if units > left and group.service not in allowed and group.is_watched:
            return (
                f"Waits: {group.name} can spare {max(0, left)} of its {group.what or 'supports'}."
            )
    own = set(held.filter(run=run).values_list("requirement_id", flat=True))
    SpareLease.objects.bulk_create(
        [
            SpareLease(run=run, requirement_id=pk, units=units, at=now)
            for pk, units in wanted.items()
            if pk not in own
        ]
    )
    # Those that take nothing counted away hold no spare, and are away all the same.
    others = ServerRun.objects.filter(
        state__in=[State.RUNNING, *ServerRun.WENT_WRONG], is_live=True
    )
    gone = {*others.exclude(pk=run.pk).values_list("server__item_id", flat=True), *away}
    fallen = world.falls({*gone, run.server.item_id})
    if lost := fallen - allowed:
        held.filter(run=run).delete()
        return f"Waits: {reading.name_of(world, min(lost))} would fall with what is away now."
    return ""


def _allowed(run: ServerRun) -> frozenset[int]:
    """Return the services that may be down in a run's wave."""
    wave = run.wave
    if wave is None:
        return frozenset()
    rows = run.campaign.outages.filter(starts_at__lte=wave.starts_at, ends_at__gte=wave.ends_at)
    return frozenset(rows.values_list("service_id", flat=True))


def release(run: ServerRun, *, now: datetime) -> None:
    """Give back the spare of a run."""
    run.leases.filter(released_at__isnull=True).update(released_at=now)


# ── steps ──────────────────────────────────────────────────────────────────────────────────────


def step(run: ServerRun, name: str, *, now: datetime) -> RunStep:
    """Return the step of that name that is not over, else begin one.

    Conflict: another process has taken the run over.
    """
    _need_hold(run)
    known = run.steps.filter(name=name, state=RunStep.State.RUNNING).first()
    if known is not None:
        return known
    place = run.steps.count() + 1
    return RunStep.objects.create(run=run, place=place, name=name, started_at=now)


def note(of: RunStep, told: Mapping[str, Any]) -> None:
    """Keep what a step has ordered, before it is ordered: it is never ordered twice.

    Conflict: another process has taken the run over, and nothing may be ordered.
    """
    _need_hold(of.run)
    of.told = {**of.told, **told}
    RunStep.objects.filter(pk=of.pk).update(told=of.told)


def end_step(
    of: RunStep, *, now: datetime, is_good: bool, told: Mapping[str, Any], evidence: str
) -> RunStep:
    """Say how a step ended, with what the host printed. Conflict: the run is another's by now."""
    _need_hold(of.run)
    of.state = RunStep.State.DONE if is_good else RunStep.State.FAILED
    of.ended_at, of.told = now, {**of.told, **told}
    of.evidence = evidence[-MOST_EVIDENCE:]
    of.save()
    live.publish("patching.serverrun", str(of.run_id))
    return of


def finished(run: ServerRun) -> dict[str, dict[str, Any]]:
    """Return what the finished steps of a run told, by name; the last of each name."""
    rows = run.steps.filter(state=RunStep.State.DONE).order_by("place")
    return dict(rows.values_list("name", "told"))


@transaction.atomic
def end(run: ServerRun, state: str, *, by: User, now: datetime, why: str = "") -> ServerRun:
    """End a run; only what was verified, or was never touched, gives its spare back.

    Nothing happens where another process has taken it over: how it ends is for that one to say.
    """
    holder = run.holder
    run = ServerRun.objects.select_for_update(of=("self",)).get(pk=run.pk)
    if holder and run.holder != holder:
        return run
    is_safe = state in (State.DONE, State.BACK) or (state == State.FAILED and is_untouched(run))
    with recorded(run, state, by=by, note=why):
        run.state, run.ended_at, run.why = state, now, why[:300]
        run.is_live = state in ServerRun.WENT_WRONG and run.is_live and not is_safe
        run.holder, run.beat_at = "", None
    if is_safe:
        release(run, now=now)
    return run


def is_untouched(run: ServerRun) -> bool:
    """Say whether nothing was altered on a server: it came to no step that alters anything."""
    return not run.is_back and not run.steps.filter(name__in=RunStep.ALTERING).exists()


def _need_hold(run: ServerRun) -> None:
    if not ServerRun.objects.filter(pk=run.pk, holder=run.holder).exists():
        raise Conflict("Another process carries this run out now.")


def beat(runs: Collection[int], *, holder: str, now: datetime) -> None:
    """Say that the process that carries out some runs lives."""
    ServerRun.objects.filter(pk__in=runs, holder=holder).update(beat_at=now)


@transaction.atomic
def roll_back(run: ServerRun, *, by: User, reason: str) -> ServerRun:
    """Put a server's packages back to what was kept before they were altered."""
    if run.state not in (State.DONE, *ServerRun.WENT_WRONG):
        raise Conflict("Only what has been altered, and is over, is put back.")
    if is_untouched(run):
        raise Conflict("Nothing was altered: it failed before that.")
    if lost := finished(run).get("save", {}).get("lost"):
        raise Conflict(f"There is no way back: {', '.join(lost[:5])} could not be kept.")
    if run.campaign.way_back != run.campaign.WayBack.DOWNGRADE:
        raise Conflict("This campaign keeps no packages: there is no way back.")
    with recorded(run, "roll_back", by=by, note=reason):
        run.state, run.is_back, run.is_live = State.PLANNED, True, True
        run.why, run.ended_at = reason.strip()[:300], None
    return run
