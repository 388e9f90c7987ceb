"""How the timeline of incidents is seen."""

from fullscore.domains.response.incidents.models import (
    TimelineEntry,
)
from fullscore.kit.resource import Resource

TIMELINE_ENTRY = Resource(
    TimelineEntry,
    columns=["incident", "at", "kind", "text", "alert", "by"],
    facts=["link", "hidden_at", "hidden_by", "replaces"],
    filters=["incident", "kind", "at"],
    order=["-at"],
    icon="history",
)
