"""What is told of an incident to others: drafted from facts, published by a person, always."""

from datetime import timedelta

from django.db import transaction

from fullscore.domains.response.incidents.models import Incident, StatusNotice, TimelineEntry
from fullscore.domains.response.incidents.services import status
from fullscore.domains.response.incidents.services.entries import stir
from fullscore.kit import time
from fullscore.kit.audit import recorded
from fullscore.kit.errors import Invalid
from fullscore.kit.models import User

LONGEST = 60 * 24 * 7  # minutes until the next word


@transaction.atomic
def publish_update(
    incident: Incident,
    *,
    by: User,
    text: str,
    next_minutes: int | None = None,
    phase: str = "",
    public_title: str = "",
) -> TimelineEntry:
    """Tell how it stands, and in how many minutes the next word comes.

    With a `phase` the same words are an update of the status page: of the notice that is open, else
    of a new one under `public_title`.
    """
    if not text.strip():
        words = "Write what is to be told."
        raise Invalid(words, {"text": [words]})
    if next_minutes is not None and not 1 <= next_minutes <= LONGEST:
        words = f"Between 1 and {LONGEST:,} minutes from now."
        raise Invalid(words, {"next_minutes": [words]})
    now = time.now()
    if phase:
        _publish(incident, by=by, text=text, phase=phase, title=public_title)
    with recorded(incident, "publish_update", by=by):
        after = timedelta(minutes=next_minutes) if next_minutes else None
        incident.next_update_at = now + after if after else None
    if phase:  # what is public stands on the timeline already
        return incident.timeline.filter(kind=TimelineEntry.Kind.STATUS, by=by).latest("pk")
    entry = TimelineEntry(
        incident=incident, at=now, kind=TimelineEntry.Kind.STATUS, by=by, text=text.strip()
    )
    with recorded(entry, "publish", by=by):
        pass
    stir(incident)
    return entry


def open_notice(incident: Incident) -> StatusNotice | None:
    """Return the notice by which the public is told of an incident, while it is not closed."""
    rows = incident.notices.filter(closed_at__isnull=True)
    return rows.order_by("published_at", "-created_at").last()


def _publish(incident: Incident, *, by: User, text: str, phase: str, title: str) -> None:
    notice = open_notice(incident)
    if notice is None and not title.strip():
        words = "Say under which title people outside read it: no names of machines."
        raise Invalid(words, {"public_title": [words]})
    if notice is None:
        notice = status.begin_notice(
            incident, by=by, title=title, impact=StatusNotice.Impact.DEGRADED
        )
    status.publish(notice, by=by, phase=phase, text=text)
