"""How the timeline of incidents is seen."""

from fullscore.domains.response.incidents import services
from fullscore.domains.response.incidents.models import (
    TimelineEntry,
)
from fullscore.kit.perform import Verb
from fullscore.kit.resource import Resource


def _is_ours(entry: TimelineEntry) -> str:
    if entry.hidden_at is not None:
        return "It is hidden."
    return "" if entry.by_id and entry.kind in services.BY_PEOPLE else "No person wrote it."


TIMELINE_ENTRY = Resource(
    TimelineEntry,
    columns=["incident", "at", "kind", "text", "alert", "by"],
    facts=["link", "hidden_at", "hidden_by", "replaces"],
    filters=["incident", "kind", "at"],
    order=["-at"],
    icon="history",
    verbs=[
        Verb(services.edit, name="reword", permission="incidents.acknowledge_incident",
             icon="pencil", in_bulk=False, past="said better", when=_is_ours),
        Verb(services.hide, permission="incidents.change_incident", icon="circle-slash",
             past="hidden", when=_is_ours),
    ],
)  # fmt: skip
