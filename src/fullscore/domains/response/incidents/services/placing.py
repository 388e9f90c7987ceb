"""What a run of grouping does to incidents, written once at its end."""

from datetime import datetime
from typing import Any

from fullscore.domains.foundation.estate import queries as estate
from fullscore.domains.response.incidents.announcements import (
    IncidentsAltered,
    IncidentsOpened,
    IncidentsRaised,
    IncidentsResolved,
)
from fullscore.domains.response.incidents.models import Alert, Incident, Parting, TimelineEntry
from fullscore.kit import bulk, live
from fullscore.kit.announcements import announce
from fullscore.kit.audit import bulk as noted_in_bulk
from fullscore.kit.audit import noun_of, recorded
from fullscore.kit.models import User

Kind = TimelineEntry.Kind
NOUN = noun_of(Incident)


class Book:
    """The incidents that a run looks at or alters, and what has to be written of them."""

    def __init__(self, now: datetime, by: User) -> None:
        self.now = now
        self.by = by
        self._known: dict[int, Incident] = {}
        self._stored: dict[int, list[Any]] = {}  # how each stands in the table
        self._altered: dict[int, Incident] = {}
        self._placed: dict[int, Alert] = {}
        self._told: list[TimelineEntry] = []
        self._opened: list[int] = []
        self._raised: set[int] = set()
        self._merged: set[int] = set()
        self._groups: dict[tuple[int, str], Incident] = {}
        rows = Parting.objects.filter(until__gt=now)
        self._parted = {frozenset(pair) for pair in rows.values_list("earlier", "later")}
        tagged = Alert.objects.live().filter(expected_by__isnull=False, incident__isnull=False)
        self._expected = set(tagged.order_by().values_list("incident", flat=True))

    def standing(self, pk: int) -> Incident:
        """Return an incident, or the one it was merged into."""
        rows = Incident.objects.select_for_update(no_key=True)  # what people do meanwhile waits
        if pk not in self._known:
            self._known[pk] = rows.get(pk=pk)
            self._stored[pk] = _state(self._known[pk])
        incident = self._known[pk]
        while incident.merged_into_id is not None:
            incident = self.standing(incident.merged_into_id)
        return incident

    def of_group(self, source: int, group: str) -> Incident | None:
        """Return the open incident with alerts of this group of a source that have no item."""
        known = self._groups.get((source, group))
        if known is not None:
            return self.standing(known.pk)
        rows = Alert.objects.filter(source=source, group=group, item__isnull=True)
        rows = rows.exclude(incident__isnull=True).exclude(incident__state="resolved")
        pk = rows.order_by("incident").values_list("incident", flat=True).first()
        return self.standing(pk) if pk is not None else None

    def is_parted(self, one: Incident, other: Incident) -> bool:
        """Say whether a person took these apart not long ago."""
        return frozenset((one.pk, other.pk)) in self._parted

    def open(
        self,
        alert: Alert,
        reason: str,
        *,
        again_of: Incident | None,
        out_of: Incident | None = None,
    ) -> Incident:
        """Open an incident for an alert; one taken out of a security incident is one as well."""
        owner = estate.owners_of([alert.item_id]).get(alert.item_id) if alert.item_id else None
        is_security = out_of is not None and out_of.is_security
        if out_of is not None and is_security:
            owner = out_of.owner_id
        incident = Incident(
            title=alert.title, severity=alert.severity, root_item_id=alert.item_id,
            owner_id=owner or alert.source.owner_id, starts_at=min(alert.starts_at, self.now),
            detected_at=self.now, again_of=again_of, is_security=is_security,
        )  # fmt: skip
        with recorded(incident, "open", by=self.by, note=reason):
            pass
        if out_of is not None and is_security:
            incident.admitted.set(out_of.admitted.all())
        self._known[incident.pk] = incident
        self._opened.append(incident.pk)
        self._place(incident, alert, f"Opened by “{alert.title}”. {reason}")
        if again_of is not None:
            self.tell(incident, Kind.STATUS, f"The same alert was in incident {again_of.pk}.")
        return incident

    def join(self, incident: Incident, alert: Alert, reason: str) -> None:
        """Put an alert into an incident that is there; what was over is open again."""
        if incident.state != Incident.State.OPEN and alert.state != Alert.State.RESOLVED:
            incident.state = Incident.State.OPEN
            incident.mitigated_at = incident.resolved_at = incident.acknowledged_at = None
            incident.is_mitigated_by_hand = False
            incident.resolution = ""
            self._opened.append(incident.pk)
            self.tell(incident, Kind.STATUS, f"Open again. {reason}")
        self._raise(incident, alert.severity)
        if alert.expected_by_id is None and incident.pk in self._expected:
            self._raised.add(incident.pk)  # not all of it is expected any more
        incident.starts_at = min(incident.starts_at, alert.starts_at)
        self._altered[incident.pk] = incident
        self._place(incident, alert, f"“{alert.title}” belongs here. {reason}")

    def root(self, incident: Incident, alert: Alert) -> None:
        """Let an incident be about the item of an alert: the others depend on it."""
        incident.root_item_id = alert.item_id
        incident.title = alert.title
        self._altered[incident.pk] = incident
        reason = f"Now about item {alert.item_id}: the others depend on it."
        self.tell(incident, Kind.DECISION, reason)

    def merge(self, incident: Incident, *, into: Incident, reason: str) -> None:
        """Move all that is in an incident into an earlier one; its own timeline stays with it."""
        for alert in self._placed.values():
            if alert.incident_id == incident.pk:
                alert.incident_id = into.pk
        Alert.objects.filter(incident=incident).update(incident=into)
        self._raise(into, incident.severity)
        into.starts_at = min(into.starts_at, incident.starts_at)
        incident.state, incident.resolved_at = Incident.State.RESOLVED, self.now
        incident.resolution = f"Merged into incident {into.pk}."
        incident.next_update_at = None
        incident.merged_into = into
        self._merged.add(incident.pk)
        self._altered |= {incident.pk: incident, into.pk: into}
        self.tell(into, Kind.DECISION, f"Incident {incident.pk} was merged into this. {reason}")
        self.tell(incident, Kind.DECISION, f"Merged into incident {into.pk}. {reason}")

    def tell(self, incident: Incident, kind: str, text: str, alert: Alert | None = None) -> None:
        """Put something on an incident's timeline."""
        self._told.append(
            TimelineEntry(incident=incident, alert=alert, at=self.now, kind=kind, text=text)
        )

    def _raise(self, incident: Incident, severity: int) -> None:
        if severity > incident.severity:
            incident.severity = severity
            self._raised.add(incident.pk)

    def _place(self, incident: Incident, alert: Alert, text: str) -> None:
        alert.incident, alert.wants_placing, alert.is_silenced = incident, False, False
        self._placed[alert.pk] = alert
        if alert.expected_by_id is not None:
            self._expected.add(incident.pk)
            text += f" Expected by change {alert.expected_by_id}."
        self.tell(incident, Kind.ALERT, text, alert)
        if alert.item_id is None and alert.group:
            self._groups[alert.source_id, alert.group] = incident

    def write(self) -> None:
        """Write all of it."""
        self._write_incidents()
        names = ("incident", "wants_placing", "is_silenced", "expected_by")
        rows = [
            [a.incident_id, False, False, a.expected_by_id, a.pk] for a in self._placed.values()
        ]
        bulk.update(Alert, names, rows)
        TimelineEntry.objects.bulk_create(self._told)
        if self._opened:
            announce(IncidentsOpened(sorted(set(self._opened))))
        if altered := sorted(set(self._altered) - set(self._opened)):
            announce(IncidentsAltered(altered))
        if raised := self._raised - set(self._opened):
            announce(IncidentsRaised(sorted(raised)))
        if self._merged:
            announce(IncidentsResolved(sorted(self._merged)))

    def _write_incidents(self) -> None:
        """Write the incidents that are others than before, and note those that alerts only joined.

        That is nearly all of them in a storm, and one row of the audit for all is enough.
        """
        joined = []
        for pk, incident in self._altered.items():
            if _state(incident) == self._stored.get(pk):
                joined.append([pk])
                live.publish(NOUN, pk)
                continue
            with recorded(incident, "group", by=self.by):
                pass
        if joined:
            noted_in_bulk(NOUN, "group", by=self.by, counts={"joined": len(joined)}, rows=joined)


def _state(incident: Incident) -> list[Any]:
    return [getattr(incident, field.attname) for field in incident._meta.concrete_fields]
