"""What is written on the timeline of an incident; whoever looks at it hears of it."""

from fullscore.domains.response.incidents.models import Incident, TimelineEntry
from fullscore.kit import live, time
from fullscore.kit.audit import noun_of, recorded
from fullscore.kit.errors import Conflict, Invalid
from fullscore.kit.models import User

Kind = TimelineEntry.Kind
BY_PEOPLE = (Kind.NOTE, Kind.DECISION, Kind.STATUS, Kind.COMMAND, Kind.MESSAGE, Kind.METRIC)


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


def note(incident: Incident, *, by: User, text: str) -> TimelineEntry:
    """Write something on the timeline of an incident."""
    return _write(incident, Kind.NOTE, text, by)


def decide(incident: Incident, *, by: User, text: str) -> TimelineEntry:
    """Write on the timeline of an incident what was decided."""
    return _write(incident, Kind.DECISION, text, by)


def _write(incident: Incident, kind: str, text: str, by: User) -> TimelineEntry:
    entry = TimelineEntry(incident=incident, at=time.now(), kind=kind, by=by, text=_checked(text))
    with recorded(entry, "note", by=by):
        pass
    stir(incident)
    return entry


def edit(entry: TimelineEntry, *, by: User, text: str) -> TimelineEntry:
    """Say it better: a new entry stands in the place of the old one, which is kept, hidden."""
    _check_own(entry)
    new = TimelineEntry(
        incident=entry.incident, alert=entry.alert, at=entry.at, kind=entry.kind, by=by,
        text=_checked(text), link=entry.link, replaces=entry,
    )  # fmt: skip
    _hide(entry, by, "")
    with recorded(new, "edit", by=by):
        pass
    stir(entry.incident)
    return new


def hide(entry: TimelineEntry, *, by: User, note: str = "") -> TimelineEntry:
    """Take an entry out of sight; whoever may change incidents can still read it."""
    _check_own(entry)
    _hide(entry, by, note)
    stir(entry.incident)
    return entry


def _hide(entry: TimelineEntry, by: User, note: str) -> None:
    with recorded(entry, "hide", by=by, note=note):
        entry.hidden_at, entry.hidden_by = time.now(), by


def _check_own(entry: TimelineEntry) -> None:
    if entry.hidden_at is not None:
        raise Conflict("This entry is hidden: edit the one that stands in its place.")
    if entry.by_id is None or entry.kind not in BY_PEOPLE:
        raise Conflict("Only what a person wrote can be edited or hidden.")


def _checked(text: str) -> str:
    if not text.strip():
        raise Invalid("Write something first.", {"text": ["Write something first."]})
    return text.strip()
