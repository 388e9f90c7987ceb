"""Who is called for an incident, and by whom it was answered: asked of `oncall`."""

from collections.abc import Iterable

from django.db import transaction

from fullscore.domains.foundation.changes.models import Change
from fullscore.domains.foundation.directory.models import Person
from fullscore.domains.response.incidents.announcements import IncidentsRaised
from fullscore.domains.response.incidents.models import Alert, Incident, TimelineEntry
from fullscore.domains.response.incidents.services.entries import tell
from fullscore.domains.response.incidents.services.sources import take_turn_of_incidents
from fullscore.domains.response.incidents.services.turns import in_pieces
from fullscore.domains.response.incidents.services.working import acknowledge, resolve
from fullscore.domains.response.oncall.services import answering, escalating
from fullscore.domains.response.oncall.services.escalating import Subject
from fullscore.kit.announcements import announce
from fullscore.kit.audit import noted, noun_of, recorded
from fullscore.kit.errors import Conflict
from fullscore.kit.models import User

NOUN = noun_of(Incident)
CRITICAL = 5  # pages whatever was expected
MAJOR = 5


def call_people(ids: Iterable[int], *, by: User) -> None:
    """Let people be called for incidents that are open; what was called for is not called twice."""
    rows = Incident.objects.filter(pk__in=list(ids), state=Incident.State.OPEN)
    for incident in rows.select_related("root_item", "owner"):
        if change := _expected_by(incident):
            _tell(incident, f"Nobody is called: all of it is expected by change {change}.")
            continue
        with transaction.atomic():
            known = escalating.is_live(NOUN, incident.pk)
            run = escalating.start(_subject(incident), by=by)
            if run is None and not known:
                _tell(incident, "No route leads to anybody: nobody is called for this.")
            elif run is not None and not known:
                _tell(incident, f"People are called by “{run.policy}”.")


def _expected_by(incident: Incident) -> int | None:
    """Return the change under way that all open alerts are expected by, unless one is critical."""
    if incident.severity >= CRITICAL:
        return None
    live = Alert.objects.live().filter(incident=incident)
    under_way = live.filter(expected_by__state__in=Change.UNDER_WAY)
    expected = under_way.values_list("expected_by", flat=True).first()
    return expected if expected and live.count() == under_way.count() else None


def call_after(change: int, *, by: User) -> None:
    """Call people for what was expected of a change that is over, and is still wrong."""
    left = Alert.objects.live().filter(expected_by=change, incident__state=Incident.State.OPEN)
    call_people(sorted(set(left.order_by().values_list("incident", flat=True))), by=by)


def veil(incident: Incident, *, by: User) -> None:
    """Let what people are called for say as much of the incident as it may say now."""
    escalating.rename(_subject(incident), by=by)


def leave_people(ids: Iterable[int], *, by: User) -> None:
    """Let nobody be called any more for incidents that are over."""
    escalating.stop(NOUN, list(ids), by=by, why="The incident is over.")


def take_answered(record: int, *, by: User, who: str) -> None:
    """Let an incident be taken by whoever answered the page."""
    with transaction.atomic():
        incident = _in_turn(record)
        if incident is None or incident.state != Incident.State.OPEN or incident.acknowledged_at:
            return
        acknowledge(incident, by=by, note="" if str(by) == who else f"answered by {who}")


def _in_turn(record: int) -> Incident | None:
    """Return an incident that nobody else alters until this transaction ends."""
    take_turn_of_incidents()
    return Incident.objects.select_for_update(no_key=True).filter(pk=record).first()


def page(incident: Incident, *, by: User, person: Person) -> Incident:
    """Call somebody for the incident, by the ways they are reached."""
    if incident.state == Incident.State.RESOLVED:
        raise Conflict("A resolved incident needs nobody.")
    answering.call_in(_subject(incident), by=by, person=person)
    noted(incident, "page", by=by, person=person.pk)
    _tell(incident, f"{by} called {person}.")
    return incident


def tell_alerts(ids: Iterable[int]) -> None:
    """Let what calls people know when the alerts of incidents began."""
    known = {incident.pk: incident for incident in Incident.objects.filter(pk__in=list(ids))}
    in_pieces(known, lambda pk: escalating.heard(NOUN, pk, _began(known[pk])))


def grant_step(record: int, what: str, *, policy: str, by: User) -> None:
    """Do to an incident what a step of a policy wants: declare it major, or resolve it."""
    with transaction.atomic():
        incident = _in_turn(record)
        if incident is None or incident.state == Incident.State.RESOLVED:
            return
        why = f"by a step of the policy “{policy}”"
        if what == "resolve":
            resolve(incident, by=by, resolution=f"Resolved {why}: nobody had to do anything.")
        elif incident.severity < MAJOR:
            with recorded(incident, "declare", by=by, note=why):
                incident.severity = MAJOR
            _tell(incident, f"Declared a major incident {why}.")
            announce(IncidentsRaised([incident.pk]))


def _began(incident: Incident) -> list[float]:
    rows = incident.alerts.order_by("-starts_at").values_list("starts_at", flat=True)
    return sorted(at.timestamp() for at in rows[: escalating.MOST_ALERTS])


def _subject(incident: Incident) -> Subject:
    url = f"/incidents/{incident.pk}/room"
    if incident.is_security:
        title = f"Security incident {incident.pk}: sign in to read what it is"
        return Subject(
            NOUN, incident.pk, title, url, incident.severity, None, incident.owner,
            priority=_priority(incident),
        )  # fmt: skip
    return Subject(
        NOUN, incident.pk, incident.title, url, incident.severity, incident.root_item,
        incident.owner, _began(incident), _priority(incident),
    )  # fmt: skip


def _priority(incident: Incident) -> int | None:
    return incident.priority if incident.priority_reason else None


def _tell(incident: Incident, text: str) -> None:
    tell(incident, TimelineEntry.Kind.PAGE, text)
