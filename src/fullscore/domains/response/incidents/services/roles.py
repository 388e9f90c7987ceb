"""Who has which role in an incident, and who is let in to one that is not for everybody."""

from fullscore.domains.foundation.directory.models import Person
from fullscore.domains.response.incidents.announcements import IncidentsAltered
from fullscore.domains.response.incidents.models import (
    Incident,
    IncidentRole,
    IncidentTask,
    Role,
    TimelineEntry,
)
from fullscore.domains.response.incidents.services.entries import tell
from fullscore.kit import time
from fullscore.kit.announcements import announce
from fullscore.kit.audit import noted, recorded
from fullscore.kit.errors import Conflict, Invalid
from fullscore.kit.models import User

Kind = TimelineEntry.Kind


def start_role(incident: Incident, *, by: User, role: str, person: Person) -> IncidentRole:
    """Give somebody a role in the incident; whoever had it hands it over."""
    if incident.state == Incident.State.RESOLVED:
        raise Conflict("A resolved incident needs nobody.")
    if role not in Role.values:
        words = f"There is no role “{role[:40]}”: {', '.join(Role.values)}."
        raise Invalid(words, {"role": [words]})
    if person.state == Person.State.LEFT:
        raise Conflict(f"{person} has left: choose somebody who is here.")
    held = incident.roles.filter(role=role, ends_at__isnull=True).first()
    if held is not None and held.person_id == person.pk:
        raise Conflict(f"{person} has this role already.")
    now = time.now()
    if held is not None:
        with recorded(held, "hand_over", by=by):
            held.ends_at = max(now, held.starts_at)
    new = IncidentRole(incident=incident, role=role, person=person, starts_at=now)
    with recorded(new, "start", by=by):
        pass
    IncidentTask.objects.filter(
        incident=incident, role=role, assignee=held.person if held else None, done_at__isnull=True
    ).update(assignee=person)
    before = f", after {held.person}" if held else ""
    tell(incident, Kind.ROLE, f"{new.get_role_display().capitalize()}: {person}{before}.", by=by)
    if role == Role.COMMANDER:
        _command(incident, person, by)
    return new


def end_role(role: IncidentRole, *, by: User) -> IncidentRole:
    """Let somebody no longer have the role; nobody has it then."""
    if role.ends_at is not None:
        raise Conflict(f"{role.person} no longer has this role.")
    with recorded(role, "end", by=by):
        role.ends_at = max(time.now(), role.starts_at)
    text = f"{role.person} is no longer {role.get_role_display()}."
    tell(role.incident, Kind.ROLE, text, by=by)
    if role.role == Role.COMMANDER:
        _command(role.incident, None, by)
    return role


def _command(incident: Incident, person: Person | None, by: User) -> None:
    with recorded(incident, "command", by=by):
        incident.commander = person
    announce(IncidentsAltered([incident.pk]))


def let_in(incident: Incident, *, by: User, person: Person) -> Incident:
    """Let somebody see a security incident who is not in its team."""
    if not incident.is_security:
        raise Conflict("This is no security incident: whoever may see incidents sees it.")
    if person.user_id is None:
        raise Conflict(f"{person} has no account, and so cannot look at anything here.")
    incident.admitted.add(person)
    noted(incident, "let_in", by=by, person=person.pk)
    tell(incident, Kind.ROLE, f"{by} let {person} in.", by=by)
    return incident


def shut_out(incident: Incident, *, by: User, person: Person) -> Incident:
    """Let somebody who was let in no longer see a security incident."""
    if not incident.admitted.filter(pk=person.pk).exists():
        raise Conflict(f"{person} was not let in.")
    incident.admitted.remove(person)
    noted(incident, "shut_out", by=by, person=person.pk)
    tell(incident, Kind.ROLE, f"{by} shut {person} out.", by=by)
    return incident
