"""How urgent an incident is: worked out from who suffers, or set by a person with a reason."""

from collections.abc import Iterable
from datetime import datetime

from fullscore.domains.response.incidents.models import Alert, Incident, TimelineEntry
from fullscore.domains.response.incidents.models.incidents import PRIORITY_CHOICES
from fullscore.domains.response.incidents.queries import weighing
from fullscore.domains.response.incidents.services.applying import PRESSING_ACK
from fullscore.domains.response.incidents.services.entries import tell
from fullscore.domains.response.incidents.services.sources import own, take_turn
from fullscore.domains.response.incidents.services.tasks import lay_out
from fullscore.domains.response.incidents.services.turns import in_pieces
from fullscore.domains.response.oncall.services import escalating
from fullscore.engines import priority as engine
from fullscore.kit import time
from fullscore.kit.audit import noun_of, recorded
from fullscore.kit.errors import Conflict, Invalid
from fullscore.kit.models import User

Kind = TimelineEntry.Kind
NUMBERS = {words: number for number, words in PRIORITY_CHOICES}


def weigh(ids: Iterable[int], *, now: datetime, by: User) -> None:
    """Give incidents the priority that follows from who suffers, where no person set one."""

    def weigh_one(pk: int) -> None:
        take_turn([own().pk])  # grouping writes many incidents, in an order of its own
        # What somebody works on right now is weighed in a minute.
        rows = Incident.objects.live().filter(pk=pk).select_for_update(skip_locked=True)
        incident = rows.first()
        if incident is not None:
            _weigh(incident, now, by)

    in_pieces(ids, weigh_one)


def _weigh(incident: Incident, now: datetime, by: User) -> None:
    if not incident.is_priority_set:
        judged = engine.judge(weighing.facts(incident, now=now))
        if (judged.priority, judged.reason) != (incident.priority, incident.priority_reason):
            is_news = judged.priority != incident.priority or not incident.priority_reason
            with recorded(incident, "weigh", by=by):
                incident.priority, incident.priority_reason = judged.priority, judged.reason
            if is_news:
                tell(incident, Kind.DECISION, judged.reason)
                _let_know(incident, now)
    lay_out(incident, by=by)


def _let_know(incident: Incident, now: datetime) -> None:
    """Let what was answered be asked about again, or no longer, as the priority says now."""
    escalating.weighed(noun_of(incident), incident.pk, incident.priority)
    answered = incident.alerts.filter(state=Alert.State.ACKNOWLEDGED)
    if incident.priority == 1:
        answered.filter(acknowledged_until=None).update(acknowledged_until=now + PRESSING_ACK)
    else:
        answered.update(acknowledged_until=None)


def set_priority(incident: Incident, *, by: User, priority: str, reason: str) -> Incident:
    """Say how urgent it is, and why that is not what was worked out."""
    if priority not in NUMBERS:
        words = f"There is no priority “{priority[:40]}”: {', '.join(NUMBERS)}."
        raise Invalid(words, {"priority": [words]})
    if not reason.strip():
        words = "Say why, in a sentence: others will ask."
        raise Invalid(words, {"reason": [words]})
    _check_live(incident)
    with recorded(incident, "set_priority", by=by, note=reason):
        incident.priority, incident.is_priority_set = NUMBERS[priority], True
        incident.priority_reason = f"{priority} because {by} says so: {reason.strip()}"[:500]
    tell(incident, Kind.DECISION, incident.priority_reason, by=by)
    _let_know(incident, time.now())
    lay_out(incident, by=by)
    return incident


def let_weigh(incident: Incident, *, by: User) -> Incident:
    """Let the priority be worked out again, after somebody had set it."""
    _check_live(incident)
    if not incident.is_priority_set:
        raise Conflict("Its priority is worked out already.")
    with recorded(incident, "let_weigh", by=by):
        incident.is_priority_set, incident.priority_reason = False, ""
    _weigh(incident, time.now(), by)
    return incident


def _check_live(incident: Incident) -> None:
    if incident.state == Incident.State.RESOLVED:
        raise Conflict("This incident is over: reopen it first.")
