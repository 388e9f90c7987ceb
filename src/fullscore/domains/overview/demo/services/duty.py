"""Who is on call at Brightwater: each team's rota, policy and route, and how people are reached."""

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from typing import Any

from fullscore.domains.foundation.directory.models import Person
from fullscore.domains.overview.demo import names
from fullscore.domains.overview.demo.services import keeping
from fullscore.domains.overview.demo.services.people import TIME_ZONE, People
from fullscore.domains.response.oncall.models import (
    ContactChannel,
    ContactRule,
    EscalationPolicy,
    EscalationRoute,
    EscalationStep,
    Layer,
    Override,
    Schedule,
    Shift,
    Swap,
    Turn,
)
from fullscore.domains.response.oncall.queries.rota import Plan
from fullscore.kit.models import User

HANDED_OVER = time(9)
KEPT_AHEAD = timedelta(days=90)
WAIT_MINUTES = 60
# Who takes the weeks of each team, in order; its lead has the office hours.
TURNS = {
    "Platform": ("Amara Okafor", "Pieter Bakker", "Li Wei", "Sofia Rossi"),
    "Network": ("Karim Benali", "Hanna Virtanen", "Olga Petrova"),
    "Data": ("Priya Raman", "Lars Eriksen", "Chiara Conti"),
    "Applications": ("Mark de Wit", "Grace Mensah", "Felix Braun", "Nadia Haidari", "Sven Maes"),
}
OFFICE_HOURS = "Mon-Fri 09:00-17:00"
BY_PHONE = {"Amara Okafor", "Priya Raman", "Grace Mensah", "Karim Benali"}  # by ntfy too


def found(people: People, *, by: User, now: datetime, began: datetime) -> None:
    """Make schedules with their past and coming shifts, policies, routes and channels."""
    teams = people.teams
    rows = [
        Schedule(name=f"{team} on call", team=teams[team], zone=TIME_ZONE, region="NL")
        for team in TURNS
    ]
    schedules = keeping.made(rows, by=by, began=began)
    layers = keeping.made(list(_layers(schedules, began)), by=by, began=began)
    keeping.made(list(_turns(layers, people)), by=by, began=began)
    keeping.made(list(_overrides(schedules, people, now)), by=by, began=began)
    shifts = keeping.made(list(_shifts(schedules, now, began)), by=by, began=began, keeps=False)
    keeping.made(list(_swaps(shifts, people, now)), by=by, began=began)
    told = [
        EscalationPolicy(name=team, team=teams[team], repeats=9, ack_minutes=0) for team in TURNS
    ]
    policies = keeping.made(told, by=by, began=began)
    keeping.made(list(_steps(policies, schedules)), by=by, began=began)
    keeping.made(list(_routes(policies)), by=by, began=began)
    _channels(people, by=by, now=now, began=began)


def _layers(schedules: list[Schedule], began: datetime) -> Iterator[Layer]:
    monday = (began - timedelta(days=began.weekday() + 7)).date()
    for schedule in schedules:
        yield Layer(schedule=schedule, name="Weeks", starts_on=monday, starts_time=HANDED_OVER)
        yield Layer(
            schedule=schedule, name="Office hours", position=2, starts_on=monday,
            starts_time=HANDED_OVER, hours=OFFICE_HOURS,
        )  # fmt: skip


def _turns(layers: list[Layer], people: People) -> Iterator[Turn]:
    leads = {one.team: one.name for one in names.PEOPLE if one.work == "Lead"}
    for layer in layers:
        team = layer.schedule.team.name if layer.schedule.team else ""
        order = TURNS[team] if layer.position == 1 else (leads[team],)
        for position, name in enumerate(order, 1):
            yield Turn(layer=layer, person=people.people[name], position=position)


def _overrides(schedules: list[Schedule], people: People, now: datetime) -> Iterator[Override]:
    """Return what was arranged by hand: a weekend that somebody else takes, in each second team."""
    saturday = now.replace(hour=8, minute=0, second=0) + timedelta(days=(5 - now.weekday()) % 7)
    for schedule in schedules[::2]:
        team = schedule.team.name if schedule.team else ""
        yield Override(
            schedule=schedule, person=people.people[TURNS[team][-1]], starts_at=saturday,
            ends_at=saturday + timedelta(days=1), reason="A wedding",
        )  # fmt: skip


def _shifts(schedules: list[Schedule], now: datetime, began: datetime) -> Iterator[Shift]:
    for schedule in schedules:
        for one in Plan(schedule).shifts(began, now + KEPT_AHEAD):
            yield Shift(
                schedule=schedule, person_id=int(one.person), starts_at=one.starts_at,
                ends_at=one.ends_at,
            )  # fmt: skip


def _swaps(shifts: list[Shift], people: People, now: datetime) -> Iterator[Swap]:
    """Return what is offered: the next whole shift of one of the applications' engineers."""
    person = people.people["Felix Braun"]
    coming = [s for s in shifts if s.person_id == person.pk and s.starts_at > now]
    for shift in coming[:1]:
        yield Swap(
            shift=shift, person=person, starts_at=shift.starts_at, ends_at=shift.ends_at,
            note="The release of the spring timetable is in that week.",
        )  # fmt: skip


def _steps(policies: list[EscalationPolicy], schedules: list[Schedule]) -> Iterator[EscalationStep]:
    for policy, schedule in zip(policies, schedules, strict=True):
        told: tuple[dict[str, Any], ...] = (
            {"kind": "schedule", "schedule": schedule},
            {"kind": "wait", "minutes": WAIT_MINUTES},
            {"kind": "next", "schedule": schedule},
            {"kind": "wait", "minutes": WAIT_MINUTES},
            {"kind": "role", "team": policy.team, "role": "Lead"},
            {"kind": "wait", "minutes": WAIT_MINUTES},
        )
        for position, values in enumerate(told, 1):
            yield EscalationStep(policy=policy, position=position, **values)


def _routes(policies: list[EscalationPolicy]) -> Iterator[EscalationRoute]:
    for position, policy in enumerate(policies, 1):
        yield EscalationRoute(policy=policy, team=policy.team, position=position, min_severity=4)


def _channels(people: People, *, by: User, now: datetime, began: datetime) -> None:
    """Give everybody who takes turns a channel that was proved, and used not long ago."""
    leads = [one.name for one in names.PEOPLE if one.work == "Lead"]
    rows: list[ContactChannel] = []
    for place, name in enumerate((*(one for turn in TURNS.values() for one in turn), *leads)):
        used = now - timedelta(days=3 + place)
        rows += _of(people.people[name], began=began, used=used)
    channels = keeping.made(rows, by=by, began=began)
    rules = [
        ContactRule(person=one.person, channel=one, urgency=urgency,
                    delay_minutes=0 if one.kind == "email" else 5)
        for one in channels for urgency in ("important", "normal")
    ]  # fmt: skip
    keeping.made(rules, by=by, began=began)


def _of(person: Person, *, began: datetime, used: datetime) -> Iterator[ContactChannel]:
    kinds = {"email": person.email}
    if person.name in BY_PHONE:
        kinds["ntfy"] = f"https://ntfy.{names.DOMAIN}/{person.name.split()[0].lower()}"
    for kind, address in kinds.items():
        yield ContactChannel(
            person=person, kind=kind, address=address, confirmed_at=began, last_sent_at=used
        )
