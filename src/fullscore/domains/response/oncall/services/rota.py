"""Writing schedules: layers, turns, what is arranged by hand, swaps, and shifts as they were."""

import hashlib
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from fullscore.domains.foundation.directory import queries as directory
from fullscore.domains.foundation.directory import services as registering
from fullscore.domains.foundation.directory.models import Person
from fullscore.domains.response.oncall.models import (
    Absence,
    CalendarKey,
    Layer,
    Override,
    Schedule,
    Shift,
    Swap,
    Turn,
)
from fullscore.domains.response.oncall.queries.rota import Plan
from fullscore.engines import rota
from fullscore.kit import live, time
from fullscore.kit.audit import bulk, noun_of, recorded, removed
from fullscore.kit.errors import Conflict, NotAllowed
from fullscore.kit.models import User
from fullscore.kit.notify import notify
from fullscore.kit.perform import find, require

KEPT_AHEAD = timedelta(days=90)


def refresh(schedule: Schedule, *, by: User) -> None:
    """Write the shifts of the next 90 days; what was until now stays as it was."""
    now = time.now()
    with transaction.atomic():
        Schedule.objects.select_for_update().get(pk=schedule.pk)
        wanted = Plan(schedule).shifts(now, now + KEPT_AHEAD)
        known = list(Shift.objects.filter(schedule=schedule, ends_at__gt=now))
        wanted = _continued(wanted, known, now)
        kept = {(s.person_id, s.starts_at, s.ends_at) for s in known}
        new = [s for s in wanted if (int(s.person), s.starts_at, s.ends_at) not in kept]
        stale = _stale(known, wanted)
        for shift in stale:
            if shift.starts_at < now:
                Shift.objects.filter(pk=shift.pk).update(ends_at=now)
            else:
                shift.delete()
        Shift.objects.bulk_create(
            Shift(schedule=schedule, person_id=int(s.person), starts_at=s.starts_at,
                  ends_at=s.ends_at) for s in new
        )  # fmt: skip
        if new or stale:
            rows = ([s.person, s.starts_at, s.ends_at] for s in new)
            counts = {"new": len(new), "gone": len(stale)}
            bulk(noun_of(Shift), "refresh", by=by, counts=counts, rows=rows)
            live.publish(noun_of(Shift))


def _continued(wanted: list[rota.Shift], known: Iterable[Shift], now: datetime) -> list[rota.Shift]:
    """Let the shift that runs begin when it did begin, if it is the same person's still."""
    running = {str(s.person_id): s for s in known if s.starts_at < now}
    if wanted and wanted[0].starts_at == now and wanted[0].person in running:
        first = wanted[0]
        began = running[first.person].starts_at
        return [rota.Shift(first.person, began, first.ends_at), *wanted[1:]]
    return wanted


def _stale(known: Iterable[Shift], wanted: Iterable[rota.Shift]) -> list[Shift]:
    told = {(int(s.person), s.starts_at, s.ends_at) for s in wanted}
    return [s for s in known if (s.person_id, s.starts_at, s.ends_at) not in told]


def add_schedule(*, by: User, **values: Any) -> Schedule:
    """Make a schedule."""
    schedule = Schedule(**values)
    with recorded(schedule, "add", by=by):
        pass
    return schedule


def change_schedule(schedule: Schedule, *, by: User, **values: Any) -> Schedule:
    """Give a schedule other values from now on."""
    with recorded(schedule, "change", by=by):
        for name, value in values.items():
            setattr(schedule, name, value)
    refresh(schedule, by=by)
    return schedule


def add_layer(*, by: User, **values: Any) -> Layer:
    """Put a layer over those of a schedule; who takes turns in it is added to it."""
    require("oncall.change_schedule", values["schedule"], by=by)
    layer = Layer(**values)
    with recorded(layer, "add", by=by):
        pass
    return layer


def change_layer(layer: Layer, *, by: User, **values: Any) -> Layer:
    """Give a layer other values; shifts that are over stay as they were."""
    with recorded(layer, "change", by=by):
        for name, value in values.items():
            setattr(layer, name, value)
    refresh(layer.schedule, by=by)
    return layer


def end_layer(layer: Layer, *, by: User, ends_at: datetime | None = None) -> Layer:
    """Let a layer count no longer from a moment on."""
    if layer.ends_at is not None and layer.ends_at <= time.now():
        raise Conflict("This layer is over.")
    return change_layer(layer, by=by, ends_at=ends_at or time.now())


def add_person(layer: Layer, *, by: User, person: Person) -> Turn:
    """Let somebody take turns in the layer, after those who do."""
    last = layer.turns.order_by("-position").values_list("position", flat=True).first() or 0
    return add_turn(by=by, layer=layer, person=person, position=last + 1)


def add_turn(*, by: User, **values: Any) -> Turn:
    """Put somebody at a place in the order of a layer."""
    turn = Turn(**values)
    require("oncall.change_schedule", turn.layer.schedule, by=by)
    _check_here(turn.person)
    with recorded(turn, "add", by=by):
        pass
    refresh(turn.layer.schedule, by=by)
    return turn


def change_turn(turn: Turn, *, by: User, **values: Any) -> Turn:
    """Put somebody else there, or at another place."""
    with recorded(turn, "change", by=by):
        for name, value in values.items():
            setattr(turn, name, value)
    _check_here(turn.person)
    refresh(turn.layer.schedule, by=by)
    return turn


def remove(turn: Turn, *, by: User) -> None:
    """Take somebody out of the layer; the others follow each other as before."""
    schedule = turn.layer.schedule
    with removed(turn, by=by):
        pass
    refresh(schedule, by=by)


def override(
    schedule: Schedule, *, by: User, person: Person, starts_at: datetime, ends_at: datetime,
    reason: str = "",
) -> Override:  # fmt: skip
    """Put somebody on call for a while, whatever the layers say."""
    return add_override(
        by=by, schedule=schedule, person=person, starts_at=starts_at, ends_at=ends_at,
        reason=reason,
    )  # fmt: skip


def add_override(*, by: User, **values: Any) -> Override:
    """Put somebody on call for a while; the past cannot be arranged."""
    made = Override(**values)
    require("oncall.add_override", made.schedule, by=by)
    _check_here(made.person)
    if made.ends_at <= time.now():
        raise Conflict("That is over: who was on call then stays as it was.")
    made.starts_at = max(made.starts_at, time.now().replace(microsecond=0))
    with recorded(made, "add", by=by):
        pass
    refresh(made.schedule, by=by)
    if made.person.user and made.person.user != by:
        until = f"{made.starts_at:%-d %b %H:%M} to {made.ends_at:%-d %b %H:%M} UTC"
        notify(made.person.user, f"You are on call for {made.schedule}", body=until, severity=4,
               url="/my-shifts")  # fmt: skip
    return made


def refuse_to_change(override: Override, *, by: User, **values: Any) -> Override:
    """Say how something else is arranged: what was arranged is kept as it was."""
    raise Conflict("Take this one back and arrange another.")


def cancel(override: Override, *, by: User) -> Override:
    """Take back what was arranged; what is past of it stays."""
    if override.cancelled_at is not None or override.ends_at <= time.now():
        raise Conflict("This is over already.")
    now = time.now()
    with recorded(override, "cancel", by=by):
        if override.starts_at < now:
            override.ends_at = now
        else:
            override.cancelled_at = now
    refresh(override.schedule, by=by)
    return override


def _check_here(person: Person) -> None:
    if person.state == Person.State.LEFT:
        raise Conflict(f"{person} has left.")


# ── swaps ──────────────────────────────────────────────────────────────────────────────────────


def ask_swap(shift: Shift, *, by: User, wanted: Person | None = None, note: str = "") -> Swap:
    """Ask others to take a shift of one's own; it stays one's own until somebody does."""
    if shift.person.user_id != by.pk:
        raise NotAllowed("Only whoever has a shift gives it away.")
    if shift.ends_at <= time.now():
        raise Conflict("This shift is over.")
    swap = Swap(
        shift=shift, person=shift.person, starts_at=shift.starts_at, ends_at=shift.ends_at,
        wanted=wanted, note=note,
    )  # fmt: skip
    with recorded(swap, "ask", by=by):
        pass
    if wanted and wanted.user:
        notify(wanted.user, f"{shift.person} asks you to take a shift", severity=4,
               body=f"{shift.schedule}, from {shift.starts_at:%-d %b %H:%M} UTC",
               url=f"/shift-swaps/{swap.pk}")  # fmt: skip
    return swap


def accept(swap: Swap, *, by: User) -> Swap:
    """Take the shift: one is on call in the other's place from then on."""
    _check_open(swap)
    me = directory.person_of(by)
    if me is None:
        raise NotAllowed("Your account is no person's; ask whoever keeps the directory.")
    if me == swap.person:
        raise Conflict("This is your own shift.")
    if swap.wanted_id not in (None, me.pk):
        raise NotAllowed(f"{swap.person} asked {swap.wanted}.")
    if swap.shift is None or swap.ends_at <= time.now():
        raise Conflict("This shift is no longer there.")
    schedule = swap.shift.schedule
    with transaction.atomic():
        with recorded(swap, "accept", by=by):
            swap.state, swap.taker = Swap.State.ACCEPTED, me
        made = Override(
            schedule=schedule, person=me, starts_at=max(swap.starts_at, time.now()),
            ends_at=swap.ends_at, reason=f"Swapped with {swap.person}",
        )  # fmt: skip
        with recorded(made, "add", by=by):
            pass
        refresh(schedule, by=by)  # which takes the row of the shift itself away
    if swap.person.user:
        notify(swap.person.user, f"{me} takes your shift", url="/my-shifts", severity=4)
    return swap


def withdraw(swap: Swap, *, by: User) -> Swap:
    """Keep one's shift after all."""
    _check_open(swap)
    if swap.person.user_id != by.pk:
        raise NotAllowed("Only whoever asked withdraws it.")
    with recorded(swap, "withdraw", by=by):
        swap.state = Swap.State.WITHDRAWN
    return swap


def _check_open(swap: Swap) -> None:
    if swap.state != Swap.State.OPEN:
        raise Conflict(f"This swap is {swap.state}.")


# ── days away ──────────────────────────────────────────────────────────────────────────────────


def add_absence(*, by: User, **values: Any) -> Absence:
    """Say when somebody cannot be on call: of oneself, or of whoever answers to one."""
    absence = Absence(**values)
    with recorded(absence, "add", by=by):
        pass
    find(Absence, absence.pk, by=by)  # not there for who may not see it: taken back
    return absence


# ── calendars ──────────────────────────────────────────────────────────────────────────────────


def publish(schedule: Schedule, *, by: User) -> str:
    """Make a new private address of the schedule's calendar; the one before no longer works."""
    token = secrets.token_urlsafe(32)
    with recorded(schedule, "publish", by=by):
        schedule.feed_digest = hashlib.sha256(token.encode()).hexdigest()
    return f"/calendars/{token}.ics"


def publish_own(*, by: User) -> str:
    """Make a new private address of one's own calendar; the one before no longer works."""
    person = registering.person_for(by, by=by)
    token = secrets.token_urlsafe(32)
    key = CalendarKey.objects.filter(person=person).first() or CalendarKey(person=person)
    with recorded(key, "publish", by=by):
        key.digest, key.made_at = hashlib.sha256(token.encode()).hexdigest(), time.now()
    return f"/calendars/{token}.ics"


def behind_calendar(token: str) -> Schedule | Person | None:
    """Return whose calendar has this address; somebody who has left has none."""
    digest = hashlib.sha256(token.encode()).hexdigest()
    schedule = Schedule.objects.filter(feed_digest=digest).exclude(feed_digest="").first()
    key = CalendarKey.objects.filter(digest=digest).exclude(person__state=Person.State.LEFT)
    own = key.select_related("person").first()
    return schedule or (own.person if own else None)
