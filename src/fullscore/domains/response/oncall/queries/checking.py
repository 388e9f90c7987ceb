"""What the checks of this domain read."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db.models import Max, Min, Q, QuerySet

from fullscore.domains.foundation.directory.models import Person
from fullscore.domains.foundation.estate.models import Item
from fullscore.domains.response.oncall.facts import (
    Duty,
    Kept,
    Load,
    Reached,
    Uncovered,
    Unheard,
)
from fullscore.domains.response.oncall.models import (
    Absence,
    CalendarDuty,
    ContactChannel,
    DutyCalendar,
    Page,
    Run,
    Schedule,
    Shift,
)
from fullscore.domains.response.oncall.queries import fairness, paging
from fullscore.domains.response.oncall.queries.rota import Plan
from fullscore.engines.rota.fairness import nights_in_a_row
from fullscore.kit.checks import Scope

AHEAD = timedelta(days=14)
WEEK = timedelta(days=7)
UNMATCHED_AHEAD = 4 * WEEK  # time to ask, and to name them in the calendar
CRITICAL = 5


def _kept() -> QuerySet[Schedule]:
    """Return the schedules that somebody filled: with layers, or from a calendar."""
    layers, calendars = Q(layers__isnull=False), Q(calendars__isnull=False)
    return Schedule.objects.filter(layers | calendars).distinct()


def uncovered(scope: Scope) -> Iterator[Uncovered]:
    """Return for each schedule when nobody is on call in the next 14 days."""
    for schedule in _kept():
        gaps = tuple(Plan(schedule).gaps(scope.now, scope.now + AHEAD))
        proposed = fairness.least_burdened(schedule, now=scope.now) if gaps else ""
        yield Uncovered(schedule.pk, schedule.name, schedule.team_id, gaps, proposed)


def reached(scope: Scope) -> Iterator[Reached]:
    """Return for each critical service how many people its policy calls at most."""
    for item in Item.objects.live().filter(kind="service", criticality=1):
        route = paging.route_for(severity=CRITICAL, item=item.pk, team=item.owner_id)
        policy = route.policy if route else None
        people: set[int] = set()
        for step in paging.plan_of(policy) if policy else []:
            people |= {p.pk for p in paging.called_by(step, now=scope.now).people}
            if step["kind"] in ("schedule", "next"):
                people |= _of_schedule(step["schedule"], scope.now)
        yield Reached(item.pk, item.name, str(policy or ""), len(people))


def _of_schedule(pk: int, now: datetime) -> set[int]:
    """Return who is on call in a schedule now: one at a time, however many take turns."""
    schedule = Schedule.objects.filter(pk=pk).first()
    found = Plan(schedule).at(now) if schedule else None
    return {found} if found else set()


def duties(scope: Scope) -> Iterator[Duty]:
    """Return everybody who has a shift in the next 14 days."""
    coming = Q(ends_at__gt=scope.now, starts_at__lt=scope.now + AHEAD)
    next_by = dict(
        Shift.objects.filter(coming).values("person").order_by("person")
        .annotate(first=Min("starts_at")).values_list("person", "first")
    )  # fmt: skip
    for person in Person.objects.filter(pk__in=next_by):
        channels = ContactChannel.objects.filter(person=person)
        confirmed = channels.exclude(confirmed_at=None)
        told = confirmed.aggregate(at=Max("last_sent_at"), proved=Max("confirmed_at"))
        times = [at for at in told.values() if at]
        failing = channels.filter(failures__gt=0).values_list("kind", flat=True)
        yield Duty(
            person.pk, person.name, next_by[person.pk], confirmed.count(),
            max(times, default=None), tuple(failing), tuple(_away(person, scope.now)),
        )  # fmt: skip


def _away(person: Person, now: datetime) -> Iterator[datetime]:
    shifts = list(Shift.objects.filter(person=person, ends_at__gt=now).order_by("starts_at"))
    for shift in shifts:
        over = Absence.objects.filter(
            person=person, starts_at__lt=shift.ends_at, ends_at__gt=shift.starts_at
        )
        leaves = person.ends_on is not None and shift.ends_at.date() > person.ends_on
        if leaves or person.state == Person.State.LEFT or over.exists():
            yield shift.starts_at


def loads(scope: Scope) -> Iterator[Load]:
    """Return what each person bore in each schedule."""
    for schedule in _kept():
        accounts = fairness.accounts_of(schedule, now=scope.now)
        names = Person.objects.in_bulk([int(one.person) for one in accounts])
        recent = fairness.stretches(schedule, scope.now - 4 * WEEK, scope.now + AHEAD)
        nights = nights_in_a_row(recent, zone=schedule.zone)
        fair = sum(one.points for one in accounts) / len(accounts) if accounts else 0.0
        for one in accounts:
            pk = int(one.person)
            called = Page.objects.filter(person=pk, is_night=True, at__gte=scope.now - WEEK)
            share = one.debt / fair if fair else 0.0
            yield Load(
                pk, str(names.get(pk, "")), schedule.name, called.count(),
                nights.get(one.person, 0), share,
            )  # fmt: skip


def unheard(scope: Scope) -> Iterator[Unheard]:
    """Return every escalation that is running, and since when nobody answers it."""
    for run in Run.objects.live():
        if run.state == Run.State.UNANSWERED:
            yield Unheard(run.pk, run.title, run.started_at, run.item_id, run.team_id)


def calendars(scope: Scope) -> Iterator[Kept]:
    """Return every calendar that counts, with what it says of nobody we know."""
    rows = CalendarDuty.objects.unmatched().filter(
        ends_at__gt=scope.now, starts_at__lt=scope.now + UNMATCHED_AHEAD
    )
    unknown: dict[int, list[tuple[str, datetime, datetime]]] = {}
    told = rows.order_by("starts_at", "pk")
    for one in told.values_list("calendar", "called", "starts_at", "ends_at", named=True):
        unknown.setdefault(one.calendar, []).append((one.called, one.starts_at, one.ends_at))
    counting = DutyCalendar.objects.exclude(state=DutyCalendar.State.PAUSED)
    for kept in counting.select_related("schedule"):
        yield Kept(
            kept.pk, kept.name, kept.schedule.name, kept.schedule.team_id, kept.failing_since,
            kept.problem, tuple(unknown.get(kept.pk, ())),
        )  # fmt: skip
