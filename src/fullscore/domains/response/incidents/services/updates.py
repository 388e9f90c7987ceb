"""What is told of an incident to others: drafted from facts, published by a person, always."""

from datetime import timedelta

from fullscore.domains.response.incidents.models import Incident, TimelineEntry
from fullscore.domains.response.incidents.services.entries import stir
from fullscore.kit import time
from fullscore.kit.audit import recorded
from fullscore.kit.errors import Invalid
from fullscore.kit.models import User

LONGEST = 60 * 24 * 7  # minutes until the next word


def publish_update(
    incident: Incident, *, by: User, text: str, next_minutes: int | None = None
) -> TimelineEntry:
    """Tell how it stands, and in how many minutes the next word comes."""
    if not text.strip():
        words = "Write what is to be told."
        raise Invalid(words, {"text": [words]})
    if next_minutes is not None and not 1 <= next_minutes <= LONGEST:
        words = f"Between 1 and {LONGEST:,} minutes from now."
        raise Invalid(words, {"next_minutes": [words]})
    now = time.now()
    with recorded(incident, "publish_update", by=by):
        after = timedelta(minutes=next_minutes) if next_minutes else None
        incident.next_update_at = now + after if after else None
    entry = TimelineEntry(
        incident=incident, at=now, kind=TimelineEntry.Kind.STATUS, by=by, text=text.strip()
    )
    with recorded(entry, "publish", by=by):
        pass
    stir(incident)
    return entry
