"""Who bore what over 26 weeks, and who owes whom."""

from collections.abc import Collection
from datetime import date, datetime, timedelta

from django.db.models import Count, Q
from holidays import country_holidays

from fullscore.domains.foundation.directory.models import Person
from fullscore.domains.response.oncall.models import CalendarDuty, Page, Schedule, Shift, Turn
from fullscore.engines.rota import Shift as Stretch
from fullscore.engines.rota import fairness
from fullscore.engines.rota.fairness import Account
from fullscore.kit import time

LOOKED_BACK = timedelta(weeks=26)


def accounts_of(schedule: Schedule, *, now: datetime) -> list[Account]:
    """Return what each person bore in a schedule, the one who bore most first."""
    since = now - LOOKED_BACK
    people = [str(pk) for pk in _takers(schedule)]
    return fairness.accounts(
        stretches(schedule, since, now), pages_of(schedule, since), people=people,
        zone=schedule.zone, holidays=holidays_of(schedule, now=now),
    )  # fmt: skip


def stretches(schedule: Schedule, since: datetime, until: datetime) -> list[Stretch]:
    """Return the shifts as they were, cut to a span."""
    rows = Shift.objects.filter(schedule=schedule, starts_at__lt=until, ends_at__gt=since)
    told = rows.values_list("person", "starts_at", "ends_at")
    return [Stretch(str(p), max(a, since), min(b, until)) for p, a, b in told]


def pages_of(schedule: Schedule, since: datetime) -> dict[str, tuple[int, int]]:
    """Return how often each was called by day and at night while on call there."""
    called = Page.objects.filter(at__gte=since, why__contains=f"in {schedule}")
    rows = called.values("person").order_by("person").annotate(
        day=Count("pk", Q(is_night=False)), night=Count("pk", Q(is_night=True))
    )  # fmt: skip
    return {str(row["person"]): (row["day"], row["night"]) for row in rows}


def holidays_of(schedule: Schedule, *, now: datetime) -> Collection[date]:
    """Return the public holidays of the schedule's region, last year to next."""
    if not schedule.region:
        return frozenset()
    country, _, part = schedule.region.partition("-")
    years = range(now.year - 1, now.year + 2)
    return frozenset(country_holidays(country, subdiv=part or None, years=years))


def least_burdened(schedule: Schedule, *, now: datetime) -> str:
    """Return the name of whoever owes the others most; empty where nobody takes turns."""
    told = [one for one in accounts_of(schedule, now=now) if int(one.person) in _takers(schedule)]
    person = Person.objects.filter(pk=int(told[-1].person)).first() if told else None
    return str(person or "")


def next_shift_of(person: Person) -> Shift | None:
    """Return the shift somebody has next, or has now."""
    rows = Shift.objects.filter(person=person, ends_at__gt=time.now())
    return rows.select_related("schedule").order_by("starts_at").first()


def _takers(schedule: Schedule) -> list[int]:
    rows = Turn.objects.filter(layer__schedule=schedule, layer__ends_at=None)
    told = CalendarDuty.objects.that_count().filter(calendar__schedule=schedule)
    here = Person.objects.exclude(state=Person.State.LEFT).filter(
        Q(pk__in=rows.values("person")) | Q(pk__in=told.order_by().values("person"))
    )
    return list(here.order_by("pk").values_list("pk", flat=True))
