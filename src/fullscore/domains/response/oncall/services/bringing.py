"""Bringing over who is on call from another tool: looked at, written as one, taken back as one."""

import json
from datetime import datetime
from ipaddress import ip_network
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import models, transaction

from fullscore.connectors.base import ConnectorError, Garbled
from fullscore.connectors.grafana_oncall import client as grafana
from fullscore.connectors.guard import Guard
from fullscore.connectors.opsgenie import client as opsgenie
from fullscore.connectors.rotas import Policy, Step
from fullscore.connectors.rotas import Schedule as Told
from fullscore.domains.response.oncall.announcements import CalendarWanted
from fullscore.domains.response.oncall.models import (
    DutyCalendar,
    EscalationPolicy,
    EscalationRoute,
    EscalationStep,
    Layer,
    Override,
    RotaImport,
    Schedule,
    Turn,
)
from fullscore.domains.response.oncall.queries import bringing
from fullscore.domains.response.oncall.queries.bringing import Matched
from fullscore.domains.response.oncall.services import calendars
from fullscore.domains.response.oncall.services.rota import refresh
from fullscore.kit import audit, time
from fullscore.kit.announcements import announce
from fullscore.kit.audit import noun_of, recorded, removed
from fullscore.kit.errors import Conflict, Invalid
from fullscore.kit.models import AuditEntry, User
from fullscore.kit.perform import require

CLIENTS = {RotaImport.Kind.GRAFANA: grafana.read_all, RotaImport.Kind.OPSGENIE: opsgenie.read_all}
PORTS = frozenset({80, 443, *range(1024, 65536)})
BEHIND = 1000  # routes that are brought come after all that were made here
WRITES = (
    "schedule", "layer", "turn", "dutycalendar", "escalationpolicy", "escalationstep",
    "escalationroute",
)  # fmt: skip


def fetch(kind: str, *, url: str, token: str, by: User) -> RotaImport:
    """Read everything from a tool by its API, and say what would come of it.

    The token is used this once and kept nowhere.
    """
    if kind not in RotaImport.Kind.values:
        raise Invalid("There is no such tool.", {"kind": ["Choose one of the list."]})
    if not token.strip():
        raise Invalid("The token is missing.", {"token": ["An API token that may read."]})
    allowed = [n for n in settings.OPTIONS.allowed_networks.replace(",", " ").split() if n]
    guard = Guard(allowed=tuple(map(ip_network, allowed)), ports=PORTS)
    try:
        told = CLIENTS[RotaImport.Kind(kind)](
            url.strip(), token.strip(), now=time.now(), guard=guard, is_http_allowed=bool(allowed)
        )
    except ConnectorError as error:
        raise Invalid(str(error), {"url": [str(error)]}) from error
    return receive(by=by, kind=kind, name=url.strip()[:120], text=json.dumps(told))


def receive(*, by: User, kind: str, text: str, name: str = "") -> RotaImport:
    """Take in what a tool tells, as one JSON object, and say what would come of it."""
    for noun in WRITES:
        require(f"oncall.add_{noun}", by=by)
    import_ = RotaImport(kind=kind, text=text, name=name, by=by, at=time.now())
    if kind not in RotaImport.Kind.values:
        raise Invalid("There is no such tool.", {"kind": ["Choose one of the list."]})
    _look(import_)
    with recorded(import_, "receive", by=by):
        pass
    return import_


def _look(import_: RotaImport) -> Matched:
    try:
        matched = bringing.read(import_.kind, import_.text, now=time.now())
    except Garbled as error:
        raise Invalid(str(error), {"text": [str(error)]}) from error
    except ValueError as error:
        told = f"A number in it cannot be read: {str(error)[:120]}."
        raise Invalid(told, {"text": [told]}) from error
    import_.counts, import_.shown = bringing.preview(matched)
    return matched


def refuse_to_change(import_: RotaImport, *, by: User, **values: Any) -> RotaImport:
    """Refuse: what was looked at is what is written."""
    raise Conflict("An import is not altered: send what the tool tells again.")


def look_again(import_: RotaImport, *, by: User) -> RotaImport:
    """Match people and teams anew, after somebody was added to the directory."""
    if import_.state != RotaImport.State.PREVIEW:
        raise Conflict("It is written: read the tool again.")
    with recorded(import_, "look_again", by=by):
        _look(import_)
    return import_


def idle(import_: RotaImport) -> str:
    """Say why there is nothing to write; empty when there is."""
    some = import_.counts.get("schedules") or import_.counts.get("policies")
    return "" if some else "Nothing of it can be taken: see why below."


@transaction.atomic
def apply(import_: RotaImport, *, by: User) -> RotaImport:
    """Write the schedules, policies and routes; all of them, or nothing."""
    if import_.state != RotaImport.State.PREVIEW:
        raise Conflict(f"This import is {import_.state}: read the tool again.")
    for noun in WRITES:
        require(f"oncall.add_{noun}", by=by)
    matched = _look(import_)
    if told := idle(import_):
        raise Conflict(told)
    made = Made(by)
    with audit.because(import_.mark):
        schedules = {
            one.ref: _schedule(one, matched, made)
            for one in matched.told.schedules if one.ref in matched.schedules
        }  # fmt: skip
        policies = {
            one.ref: _policy(one, matched, schedules, made)
            for one in matched.told.policies if one.ref in matched.policies
        }  # fmt: skip
        _routes(matched, policies, made)
        for schedule in schedules.values():
            refresh(schedule, by=by)
    with recorded(import_, "apply", by=by):
        import_.state, import_.made = RotaImport.State.DONE, made.rows
        import_.last_entry = audit.head()[0]
    return import_


class Made:
    """Records that come into being, in order."""

    def __init__(self, by: User) -> None:
        self.rows: list[list[Any]] = []
        self.by = by

    def keep(self, record: Any) -> Any:
        """Write a new record."""
        with recorded(record, "add", by=self.by):
            pass
        self.rows.append([noun_of(record), record.pk])
        return record


def _schedule(told: Told, matched: Matched, made: Made) -> Schedule:
    team = matched.teams.get(told.team)
    schedule: Schedule = made.keep(Schedule(name=told.name, zone=told.zone, team=team))
    for position, one in enumerate(matched.layers(told), 1):
        layer = made.keep(Layer(
            schedule=schedule, name=one.name, position=position, starts_on=one.starts.date(),
            starts_time=one.starts.time(), unit=one.unit, length=one.length, hours=one.hours,
            ends_at=one.ends_at,
        ))  # fmt: skip
        known = [matched.people[ref] for ref in one.people if ref in matched.people]
        for place, person in enumerate(known, 1):
            made.keep(Turn(layer=layer, person=person, position=place))
    for position, each in enumerate(told.calendars, 1):
        calendar = made.keep(DutyCalendar(
            schedule=schedule, name=each.name, position=position,
            secret=calendars.keep_address(each.address, by=made.by),
            host=calendars.checked_host(each.address),
        ))  # fmt: skip
        announce(CalendarWanted(calendar.pk))
    for override in bringing.coming(told, matched):
        made.keep(Override(
            schedule=schedule, person_id=int(override.person), starts_at=override.starts_at,
            ends_at=override.ends_at, reason="Brought over",
        ))  # fmt: skip
    return schedule


def _policy(
    told: Policy, matched: Matched, schedules: dict[str, Schedule], made: Made
) -> EscalationPolicy:
    team = matched.teams.get(told.team)
    policy: EscalationPolicy = made.keep(
        EscalationPolicy(name=told.name, team=team, repeats=told.repeats)
    )
    for position, one in enumerate(matched.steps(told), 1):
        made.keep(
            EscalationStep(policy=policy, position=position, **_about(one, matched, schedules))
        )
    return policy


def _about(step: Step, matched: Matched, schedules: dict[str, Schedule]) -> dict[str, Any]:
    """Return the values of a step."""
    return {
        "kind": step.kind, "minutes": step.minutes or 5, "hours": step.hours, "zone": step.zone,
        "count": step.count or 3,
        "urgency": "important" if step.is_important else "normal",
        "person": matched.people.get(step.ref) if step.kind in bringing.OF_PEOPLE else None,
        "team": matched.teams.get(step.ref) if step.kind in bringing.OF_TEAMS else None,
        "schedule": schedules.get(step.ref) if step.kind in bringing.OF_SCHEDULES else None,
    }  # fmt: skip


def _routes(matched: Matched, policies: dict[str, EscalationPolicy], made: Made) -> None:
    told = [one for one in matched.told.routes if not bringing.why_no_route(one, matched)]
    for place, one in enumerate(told):
        made.keep(EscalationRoute(
            policy=policies[one.policy], team=matched.teams[one.team], position=BEHIND + place,
            min_severity=one.severity,
        ))  # fmt: skip


@transaction.atomic
def undo(import_: RotaImport, *, by: User) -> RotaImport:
    """Take back all that was written, as long as nobody has touched or used any of it."""
    if import_.state != RotaImport.State.DONE:
        raise Conflict(f"Only what was written is taken back; this one is {import_.state}.")
    records = [found for noun, pk in reversed(import_.made) if (found := _found(noun, pk))]
    if told := [why for record in records if (why := _why_kept(record, import_))]:
        raise Conflict(f"It is in use: {'; '.join(told[:3])}. End its layers instead.")
    kept = [one.secret for one in records if isinstance(one, DutyCalendar) and one.secret]
    with audit.because(f"undo of {import_.mark}"):
        for record in (*records, *kept):
            with removed(record, by=by):
                pass
    with recorded(import_, "undo", by=by):
        import_.state = RotaImport.State.UNDONE
    return import_


def _found(noun: str, pk: int) -> models.Model | None:
    return apps.get_model(noun)._default_manager.filter(pk=pk).first()


def _why_kept(record: Any, import_: RotaImport) -> str:
    """Say who has touched or used a record since; empty when nobody has."""
    mine = {(noun, pk) for noun, pk in import_.made}
    later = AuditEntry.objects.filter(noun=noun_of(record), record=str(record.pk))
    if newest := later.filter(n__gt=import_.last_entry or 0).order_by("-n").first():
        return f"{record} was touched since ({newest.verb})"
    if isinstance(record, EscalationPolicy) and record.runs.exists():
        return f"{record} has called people"
    related = {
        Schedule: ("layers", "calendars", "overrides", "steps"),
        EscalationPolicy: ("steps", "routes"), Layer: ("turns",),
    }.get(type(record), ())  # fmt: skip
    for name in related:
        for row in getattr(record, name).all():
            if (noun_of(row), row.pk) not in mine:
                return f"{record} has another {row._meta.verbose_name} since"
    return ""


def forget_old(*, before: datetime, by: User) -> None:
    """Let go of what tools told before a moment."""
    for import_ in RotaImport.objects.filter(at__lt=before):
        with removed(import_, by=by, note="old"):
            pass
