"""Which policy serves what, whom a step calls, and how somebody is reached."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from fullscore.domains.foundation.directory.models import Membership, Person
from fullscore.domains.foundation.estate import queries as estate
from fullscore.domains.response.oncall.models import (
    ContactChannel,
    ContactRule,
    EscalationPolicy,
    EscalationRoute,
    EscalationStep,
    Page,
    Run,
    Schedule,
)
from fullscore.domains.response.oncall.queries import rota
from fullscore.engines.escalation import Step, holds
from fullscore.kit import access
from fullscore.kit.errors import Invalid
from fullscore.kit.models import User

LAST_RESORT_MOST = 10
Kind = EscalationStep.Kind


def route_for(
    *, severity: int, item: int | None = None, team: int | None = None
) -> EscalationRoute | None:
    """Return the first route that fits; None: nobody is called for this."""
    rows = EscalationRoute.objects.filter(min_severity__lte=severity).select_related("policy")
    for route in rows.order_by("position", "pk"):
        if route.team_id is not None and route.team_id != team:
            continue
        if not route.selector or (item is not None and _fits(route.selector, item)):
            return route
    return None


def _fits(selector: str, item: int) -> bool:
    """Say whether a selector names an item; one that cannot be read stands in no other's way."""
    try:
        return estate.selected(selector).filter(pk=item).exists()
    except Invalid:
        return False


def plan_of(policy: EscalationPolicy) -> list[dict[str, Any]]:
    """Return a policy's steps as plain values, to be kept with what runs by them."""
    return [
        {
            "kind": s.kind, "minutes": s.minutes, "severity": s.severity or 0, "hours": s.hours,
            "zone": s.zone, "urgency": s.urgency, "person": s.person_id,
            "schedule": s.schedule_id, "team": s.team_id, "role": s.role, "count": s.count,
            "address": s.address, "secret": s.secret_id,
        }
        for s in policy.steps.order_by("position", "pk")
    ]  # fmt: skip


def engine_steps(plan: Iterable[dict[str, Any]]) -> list[Step]:
    """Return a kept plan as the engine takes it."""
    return [
        Step(s["kind"], s["minutes"], s["severity"], s["hours"], s["zone"] or "UTC", s["count"])
        for s in plan
    ]


class Called(NamedTuple):
    """Whom a step calls, and why in words."""

    people: Sequence[Person]
    why: str


def called_by(step: dict[str, Any], *, now: datetime, round: int = 0) -> Called:
    """Return whom a step calls now; nobody of those who have left."""
    kind = step["kind"]
    if kind == Kind.PERSON:
        return Called(list(_here().filter(pk=step["person"])), "named in the policy")
    if kind in (Kind.SCHEDULE, Kind.NEXT):
        return _of_schedule(step, now)
    if kind in (Kind.TEAM, Kind.ROLE, Kind.ROBIN):
        return _of_team(step, now, round)
    return Called([], "")


def _of_schedule(step: dict[str, Any], now: datetime) -> Called:
    schedule = Schedule.objects.filter(pk=step["schedule"]).first()
    if schedule is None:
        return Called([], "a schedule that is gone")
    asks = rota.next_on_call if step["kind"] == Kind.NEXT else rota.person_on_call
    person = asks(schedule, at=now)
    word = "next on call" if step["kind"] == Kind.NEXT else "on call"
    return Called([person] if person else [], f"{word} in {schedule}")


def _of_team(step: dict[str, Any], now: datetime, round: int) -> Called:
    members = Membership.objects.on(now.date()).filter(team=step["team"])
    if step["kind"] == Kind.ROLE:
        members = members.filter(role__iexact=step["role"])
    people = list(_here().filter(pk__in=members.values("person")).order_by("pk"))
    if step["kind"] == Kind.ROBIN and people:
        return Called([people[round % len(people)]], "the team's turn")
    return Called(people, step["role"] or "in the team")


def last_resort(run: Run, *, now: datetime) -> list[Person]:
    """Return who is called when all else failed: never nobody, where there is anybody at all."""
    policy = run.policy
    catch_all = policy.catch_all if policy is not None else None
    if catch_all is not None and catch_all.state != Person.State.LEFT:
        return [catch_all]
    team = run.team_id or (policy.team_id if policy else None)
    members = Membership.objects.on(now.date()).filter(team=team).values("person")
    found = list(_here().filter(pk__in=members)[:LAST_RESORT_MOST]) if team else []
    return found or _who_may_answer()


def _who_may_answer() -> list[Person]:
    """Return people whose account may answer escalations."""
    users = User.objects.filter(kind=User.Kind.PERSON, is_active=True).order_by("pk")
    able = [u.pk for u in users if access.may(u, "oncall.acknowledge_run")]
    return list(_here().filter(user__in=able).order_by("pk")[:LAST_RESORT_MOST])


def ways_to(person: Person, urgency: str) -> list[tuple[ContactChannel, int]]:
    """Return the channels a page of an urgency takes, each with its delay in minutes.

    The person's rules; without any, everything confirmed at once; else everything there is.
    """
    rules = ContactRule.objects.filter(person=person, urgency=urgency).select_related("channel")
    if told := [(rule.channel, rule.delay_minutes) for rule in rules]:
        return told
    channels = list(ContactChannel.objects.filter(person=person))
    confirmed = [(c, 0) for c in channels if c.confirmed_at is not None]
    return confirmed or [(c, 0) for c in channels]


def last_call(run: Run, person: Person, *, since: datetime) -> Page | None:
    """Return the last call of somebody for the same thing, if there was one since a moment."""
    same = Page.objects.filter(run__subject=run.subject, run__record=run.record, person=person)
    return same.filter(at__gt=since).order_by("at", "pk").last()


def runs_of(subject: str, record: int) -> Any:
    """Return the escalations about a record."""
    return Run.objects.filter(subject=subject, record=record)


class Would(NamedTuple):
    """One step of “who would be called now?”."""

    minutes: int
    people: Sequence[Person]
    why: str
    urgency: str
    is_act: bool = False  # something is done, nobody is called


# What a step does instead of calling anybody; a condition on alerts depends on what is to come.
ACTS: dict[str, str] = {
    Kind.ALERTS: "the step after this, only from {count} alerts in {minutes} min",
    Kind.WEBHOOK: "a signed webhook is called: {address}",
    Kind.DECLARE: "it is declared a major incident",
    Kind.RESOLVE: "it is resolved",
}


def would_call(policy: EscalationPolicy, *, now: datetime, severity: int) -> list[Would]:
    """Return whom a policy would call, first round, and after how many minutes."""
    told, minutes, passes = [], 0, False
    plan = plan_of(policy)
    for raw, step in zip(plan, engine_steps(plan), strict=True):
        if passes:
            passes = False
        elif step.kind == "wait":
            minutes += step.minutes
        elif step.kind in ("severity", "hours"):
            passes = not holds(step, severity=severity, at=now)
        elif step.kind in ACTS:
            told.append(Would(minutes, (), ACTS[step.kind].format(**raw), raw["urgency"], True))
        else:
            called = called_by(raw, now=now)
            told.append(Would(minutes, called.people, called.why, raw["urgency"]))
    return told


def _here() -> Any:
    return Person.objects.exclude(state=Person.State.LEFT)
