"""Who is called for an incident, and by whom it was answered: asked of `oncall`."""

from collections.abc import Iterable

from django.db import transaction

from fullscore.domains.foundation.changes.models import Change
from fullscore.domains.foundation.directory.models import Person
from fullscore.domains.response.incidents.models import Alert, Incident, TimelineEntry
from fullscore.domains.response.incidents.services.entries import tell
from fullscore.domains.response.incidents.services.working import acknowledge
from fullscore.domains.response.oncall.services import answering, escalating
from fullscore.domains.response.oncall.services.escalating import Subject
from fullscore.kit.audit import noted, noun_of
from fullscore.kit.errors import Conflict
from fullscore.kit.models import User

NOUN = noun_of(Incident)
CRITICAL = 5  # pages whatever was expected


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
    incident = Incident.objects.filter(pk=record).first()
    if incident is None or incident.state != Incident.State.OPEN or incident.acknowledged_at:
        return
    acknowledge(incident, by=by, note="" if str(by) == who else f"answered by {who}")


def page(incident: Incident, *, by: User, person: Person) -> Incident:
    """Call somebody for the incident, by the ways they are reached."""
    if incident.state == Incident.State.RESOLVED:
        raise Conflict("A resolved incident needs nobody.")
    answering.call_in(_subject(incident), by=by, person=person)
    noted(incident, "page", by=by, person=person.pk)
    _tell(incident, f"{by} called {person}.")
    return incident


def _subject(incident: Incident) -> Subject:
    url = f"/incidents/{incident.pk}/room"
    if incident.is_security:
        title = f"Security incident {incident.pk}: sign in to read what it is"
        return Subject(NOUN, incident.pk, title, url, incident.severity, None, incident.owner)
    return Subject(
        NOUN, incident.pk, incident.title, url, incident.severity, incident.root_item,
        incident.owner,
    )  # fmt: skip


def _tell(incident: Incident, text: str) -> None:
    tell(incident, TimelineEntry.Kind.PAGE, text)
