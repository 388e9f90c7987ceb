"""What people do with alerts and incidents."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from django.db import transaction

from fullscore.domains.foundation.directory import queries as directory
from fullscore.domains.foundation.directory.models import Person, Team
from fullscore.domains.response.incidents.announcements import (
    IncidentsAltered,
    IncidentsOpened,
    IncidentsResolved,
)
from fullscore.domains.response.incidents.models import Alert, AlertEvent, Incident, TimelineEntry
from fullscore.domains.response.incidents.services import applying, grouping
from fullscore.domains.response.incidents.services.placing import Book
from fullscore.domains.response.incidents.services.sources import own, take_turn
from fullscore.domains.response.oncall.services import answering
from fullscore.kit import time
from fullscore.kit.announcements import announce
from fullscore.kit.audit import noun_of, recorded
from fullscore.kit.errors import Conflict, Invalid
from fullscore.kit.models import User
from fullscore.kit.perform import find, require

Kind = TimelineEntry.Kind
APART = timedelta(hours=24)


def acknowledge_alert(alert: Alert, *, by: User, note: str = "") -> Alert:
    """Say that somebody is on it: it asks for nobody until its severity rises."""
    _refresh(alert)
    if alert.state != Alert.State.OPEN:
        raise Conflict(f"Only an open alert can be acknowledged; this one is {alert.state}.")
    now = time.now()
    with recorded(alert, "acknowledge", by=by, note=note):
        applying.acknowledge(alert, until_from=now)
        _happened([alert], "acknowledged", now, by, note)
    return alert


def resolve_alert(alert: Alert, *, by: User, note: str = "") -> Alert:
    """Say that it is over; should its sender say it again, that is a new alert."""
    _refresh(alert)
    if alert.state == Alert.State.RESOLVED:
        raise Conflict("This alert is resolved already.")
    now = time.now()
    with recorded(alert, "resolve", by=by, note=note):
        applying.resolve(alert, max(now, alert.starts_at), now)
        _happened([alert], "resolved", now, by, note)
    return alert


def take_out(alert: Alert, *, by: User, note: str = "") -> Incident:
    """Take an alert out of its incident into one of its own."""
    if alert.incident is None:
        raise Conflict("This alert is in no incident.")
    return split(alert.incident, by=by, alerts=str(alert.pk), note=note)


def acknowledge(incident: Incident, *, by: User, note: str = "") -> Incident:
    """Take an incident: others see that somebody is on it."""
    if incident.state != Incident.State.OPEN:
        raise Conflict(f"Only an open incident can be taken; this one is {incident.state}.")
    if incident.acknowledged_at is not None:
        raise Conflict(f"This incident was taken at {incident.acknowledged_at:%H:%M} UTC.")
    now = time.now()
    with recorded(incident, "acknowledge", by=by, note=note):
        incident.acknowledged_at = max(now, incident.detected_at)
        incident.assignee = directory.person_of(by) or incident.assignee
        _tell(incident, Kind.ACK, f"{by} took it. {note}".strip(), by)
        _each(incident, Alert.State.OPEN, lambda a: applying.acknowledge(a, until_from=now), by)
        answering.answered_elsewhere(noun_of(incident), incident.pk, by=by)
    announce(IncidentsAltered([incident.pk]))
    return incident


def assign(
    incident: Incident, *, by: User, team: Team | None = None, person: Person | None = None
) -> Incident:
    """Hand an incident to a team, to a person, or to both."""
    if incident.state == Incident.State.RESOLVED:
        raise Conflict("A resolved incident needs nobody.")
    if team is None and person is None:
        raise Invalid("Choose a team or a person.")
    if person is not None and person.state == Person.State.LEFT:
        raise Conflict(f"{person} has left.")
    with recorded(incident, "assign", by=by):
        incident.owner = team or incident.owner
        incident.assignee = person if person or team is None else None
        who = " / ".join(str(w) for w in (incident.owner, incident.assignee) if w)
        _tell(incident, Kind.STATUS, f"Assigned to {who}.", by)
    announce(IncidentsAltered([incident.pk]))
    return incident


def mitigate(incident: Incident, *, by: User, note: str = "") -> Incident:
    """Say that nobody suffers any more, though it is not over; a new alert opens it again."""
    if incident.state != Incident.State.OPEN:
        raise Conflict(f"Only an open incident can be mitigated; this one is {incident.state}.")
    now = max(time.now(), incident.detected_at)
    with recorded(incident, "mitigate", by=by, note=note):
        incident.state, incident.mitigated_at = Incident.State.MITIGATED, now
        incident.is_mitigated_by_hand = True
        if incident.acknowledged_at is None:
            incident.acknowledged_at = now
            answering.answered_elsewhere(noun_of(incident), incident.pk, by=by)
        _tell(incident, Kind.STATUS, f"Nobody suffers any more. {note}".strip(), by)
    announce(IncidentsAltered([incident.pk]))
    return incident


def resolve(incident: Incident, *, by: User, resolution: str) -> Incident:
    """Say in a sentence how it was resolved; its alerts are resolved with it."""
    if incident.state == Incident.State.RESOLVED:
        raise Conflict("This incident is resolved already.")
    if not resolution.strip():
        words = "Say in a sentence how it was resolved."
        raise Invalid(words, {"resolution": [words]})
    now = time.now()
    with recorded(incident, "resolve", by=by, note=resolution):
        finish(incident, resolution.strip(), now, by)
        _each(incident, Alert.State.OPEN, lambda a: _over(a, now), by)
        _each(incident, Alert.State.ACKNOWLEDGED, lambda a: _over(a, now), by)
    announce(IncidentsResolved([incident.pk]))
    return incident


def finish(incident: Incident, resolution: str, now: datetime, by: User | None) -> None:
    """Make an incident resolved; the caller records it."""
    incident.state, incident.resolution = Incident.State.RESOLVED, resolution
    incident.resolved_at = max(now, incident.detected_at)
    incident.mitigated_at = incident.mitigated_at or incident.resolved_at
    incident.next_update_at = None  # nobody waits for another word
    _tell(incident, Kind.STATUS, f"Resolved: {resolution}", by)


def reopen(incident: Incident, *, by: User, reason: str) -> Incident:
    """Say that it is not over after all."""
    if incident.merged_into_id is not None:
        raise Conflict(f"This incident was merged: see incident {incident.merged_into_id}.")
    if incident.state == Incident.State.OPEN:
        raise Conflict("This incident is open.")
    with recorded(incident, "reopen", by=by, note=reason):
        incident.state, incident.resolution = Incident.State.OPEN, ""
        incident.resolved_at = incident.mitigated_at = incident.acknowledged_at = None
        incident.is_mitigated_by_hand = False
        _tell(incident, Kind.STATUS, f"Open again: {reason}", by)
    announce(IncidentsOpened([incident.pk]))
    return incident


@transaction.atomic
def merge(incident: Incident, *, by: User, other: int, note: str = "") -> Incident:
    """Put two incidents together: the later goes into the earlier, whichever is named first."""
    take_turn([own().pk])
    if incident.pk == other:
        raise Conflict("An incident cannot be merged with itself.")
    second = find(Incident, other, by=by, lock=True)
    require("incidents.change_incident", second, by=by)
    for one in (incident, second):
        one.refresh_from_db()
        if one.merged_into_id is not None:
            raise Conflict(f"Incident {one.pk} was merged: see incident {one.merged_into_id}.")
    if incident.is_security != second.is_security:
        raise Conflict("One of them is a security incident: only like goes into like.")
    earlier, later = sorted((incident, second), key=lambda one: one.pk)
    book = Book(time.now(), by)
    if later.state != Incident.State.RESOLVED and earlier.state == Incident.State.RESOLVED:
        earlier.state, earlier.resolved_at, earlier.resolution = later.state, None, ""
        earlier.mitigated_at = later.mitigated_at
    book.merge(later, into=earlier, reason=f"{by} put them together. {note}".strip())
    book.write()
    grouping.forget_partings(earlier, later)
    return earlier


@transaction.atomic
def split(incident: Incident, *, by: User, alerts: str, note: str = "") -> Incident:
    """Take alerts, named by their numbers, out of an incident into a new one.

    No rule puts the two together again for 24 hours.
    """
    take_turn([own().pk])
    moved = _named(incident, alerts)
    worst = max(moved, key=lambda alert: (alert.severity, -alert.pk))
    book = Book(time.now(), by)
    reason = f"{by} took it out of incident {incident.pk}. {note}".strip()
    new = book.open(worst, reason, again_of=None, out_of=incident)
    for alert in moved:
        if alert is not worst:
            book.join(new, alert, reason)
        text = f"{by} took “{alert.title}” out into incident {new.pk}. {note}".strip()
        book.tell(incident, Kind.DECISION, text, alert)
    book.write()
    grouping.part(incident, new, until=book.now + APART)
    return new


def _named(incident: Incident, numbers: str) -> list[Alert]:
    words = numbers.replace(",", " ").split()
    if not words or not all(word.isdecimal() and len(word) < 19 for word in words):
        wanted = "Name alerts by their numbers, such as 12, 15."
        raise Invalid(wanted, {"alerts": [wanted]})
    moved = list(incident.alerts.filter(pk__in=words).select_related("source", "item"))
    if len(moved) < len(set(words)):
        raise Invalid("Not all of these are alerts of this incident.", {"alerts": ["Not here."]})
    if len(moved) == incident.alerts.count():
        raise Conflict("These are all its alerts: nothing would stay.")
    return moved


def _refresh(alert: Alert) -> None:
    """Take the turn of an alert's source: what its sender says now waits."""
    take_turn([alert.source_id])
    alert.refresh_from_db()


def _over(alert: Alert, now: datetime) -> None:
    applying.resolve(alert, max(now, alert.starts_at), now)


def _each(incident: Incident, state: str, change: Callable[[Alert], None], by: User) -> None:
    """Alter each alert of an incident that is in a state, and say so."""
    take_turn(sorted(set(incident.alerts.filter(state=state).values_list("source", flat=True))))
    alerts = list(incident.alerts.filter(state=state))
    for alert in alerts:
        change(alert)
        alert.save(update_fields=["state", "ends_at", "changed_at", "resolves_at",
                                  "acknowledged_until"])  # fmt: skip
    if alerts:
        kind = "resolved" if alerts[0].state == Alert.State.RESOLVED else "acknowledged"
        _happened(alerts, kind, time.now(), by, f"with incident {incident.pk}")


def _happened(alerts: Iterable[Alert], kind: str, at: datetime, by: User, note: str) -> None:
    events, told = [], []
    for alert in alerts:
        events.append(AlertEvent(
            alert=alert, at=at, by=by, kind=kind, severity=alert.severity, note=note[:300]
        ))  # fmt: skip
        if alert.incident_id is not None:
            text = f"{kind.capitalize()} by {by}: {alert.title}"
            told.append(TimelineEntry(
                incident_id=alert.incident_id, alert=alert, at=at, by=by, kind=Kind.ALERT, text=text
            ))  # fmt: skip
    applying.write_events(events, told)


def _tell(incident: Incident, kind: str, text: str, by: User | None) -> None:
    TimelineEntry.objects.create(incident=incident, at=time.now(), kind=kind, by=by, text=text)
