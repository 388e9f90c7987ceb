"""Who is called for an incident, and by whom it was answered: asked of `oncall`."""

from collections.abc import Iterable

from django.db import transaction

from fullscore.domains.foundation.directory.models import Person
from fullscore.domains.response.incidents.models import Incident, TimelineEntry
from fullscore.domains.response.incidents.services.working import acknowledge
from fullscore.domains.response.oncall.services import answering, escalating
from fullscore.domains.response.oncall.services.escalating import Subject
from fullscore.kit import time
from fullscore.kit.audit import noted, noun_of
from fullscore.kit.errors import Conflict
from fullscore.kit.models import User

NOUN = noun_of(Incident)


def call_people(ids: Iterable[int], *, by: User) -> None:
    """Let people be called for incidents that are open; what was called for is not called twice."""
    rows = Incident.objects.filter(pk__in=list(ids), state=Incident.State.OPEN)
    for incident in rows.select_related("root_item", "owner"):
        with transaction.atomic():
            known = escalating.is_live(NOUN, incident.pk)
            run = escalating.start(_subject(incident), by=by)
            if run is None and not known:
                _tell(incident, "No route leads to anybody: nobody is called for this.")
            elif run is not None and not known:
                _tell(incident, f"People are called by “{run.policy}”.")


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
    return Subject(
        NOUN, incident.pk, incident.title, f"/incidents/{incident.pk}", incident.severity,
        incident.root_item, incident.owner,
    )  # fmt: skip


def _tell(incident: Incident, text: str) -> None:
    TimelineEntry.objects.create(
        incident=incident, at=time.now(), kind=TimelineEntry.Kind.PAGE, text=text
    )
