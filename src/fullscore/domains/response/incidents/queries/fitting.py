"""Which runbooks fit an incident: by its items, by the names of its alerts, by what was like it."""

from fullscore.domains.foundation.changes.models import RunbookRun
from fullscore.domains.foundation.changes.queries.suggesting import Suggestion, suggested
from fullscore.domains.response.incidents.models import Incident
from fullscore.domains.response.incidents.queries.learning import similar_to
from fullscore.kit.access import Actor

MOST_ALERTS = 200
MOST_RUNS = 10
NAME_LABEL = "alertname"


def reference(incident: Incident) -> str:
    """Return the words by which changes and runs name an incident."""
    return f"incident {incident.pk}"


def runbooks_for(incident: Incident, user: Actor) -> list[Suggestion]:
    """Return the runbooks that fit an incident, the best first."""
    rows = incident.alerts.order_by("-severity", "-pk").values_list("item", "title", "labels")
    alerts = list(rows[:MOST_ALERTS])
    items = [incident.root_item_id, *(item for item, _, _ in alerts)]
    names = [title for _, title, _ in alerts] + [
        str(labels[NAME_LABEL]) for _, _, labels in alerts if NAME_LABEL in (labels or {})
    ]
    alike = [other for other, _, _ in similar_to(incident, user) if other.state == "resolved"]
    return suggested(
        user,
        items=list(dict.fromkeys(item for item in items if item)),
        names=list(dict.fromkeys(names or [incident.title])),
        references=[reference(other) for other in alike],
    )


def runs_for(incident: Incident, user: Actor) -> list[RunbookRun]:
    """Return what is and was run for an incident, the newest first."""
    rows = RunbookRun.objects.visible_to(user).filter(reference=reference(incident))
    return list(rows.select_related("runbook", "item", "driver")[:MOST_RUNS])
