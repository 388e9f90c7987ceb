"""What is written on the timeline of an incident; whoever looks at it hears of it."""

from fullscore.domains.response.incidents.models import Incident, TimelineEntry
from fullscore.kit import live, time
from fullscore.kit.audit import noun_of
from fullscore.kit.models import User


def tell(
    incident: Incident, kind: str, text: str, *, by: User | None = None, link: str = ""
) -> TimelineEntry:
    """Put something on the timeline of an incident."""
    entry = TimelineEntry.objects.create(
        incident=incident, at=time.now(), kind=kind, by=by, text=text, link=link
    )
    stir(incident)
    return entry


def stir(incident: Incident) -> None:
    """Let those who look at an incident hear that something of it is new."""
    live.publish(noun_of(incident), incident.pk)
