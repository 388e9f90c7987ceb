"""One cause, one incident: where each new alert belongs, and why.

The engine groups by what depends on what and by time. What was placed before stays where it is,
and what a person put together or took apart wins: the engine's groups are only looked up for the
incidents that their alerts stand in.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from fullscore.domains.foundation.changes.queries import standing
from fullscore.domains.response.incidents import queries
from fullscore.domains.response.incidents.models import Alert, Incident, Parting
from fullscore.domains.response.incidents.services import silences
from fullscore.domains.response.incidents.services.placing import Book
from fullscore.domains.response.incidents.services.sources import own, take_turn
from fullscore.engines import correlation
from fullscore.engines.correlation.estate import Estate
from fullscore.kit.models import User

GAP = timedelta(seconds=120)  # as the engine was measured with
HOPS = 3
REOPENS_WITHIN = timedelta(minutes=15)
CHUNK = 1000
REPLAYED = ("item_id", "incident_id", "starts_at", "ends_at")


def place_new(*, now: datetime, by: User) -> int:
    """Put every alert that has none into an incident; returns how many. One worker at a time."""
    count = 0
    while done := _place_some(now, by):
        count += done
    return count


@transaction.atomic
def _place_some(now: datetime, by: User) -> int:
    take_turn([own().pk])
    rows = Alert.objects.filter(wants_placing=True).order_by("starts_at", "pk")
    # What is silenced and was resolved meanwhile never needed anybody.
    rows.filter(is_silenced=True, state=Alert.State.RESOLVED).update(wants_placing=False)
    waiting = silences.mark(rows.filter(is_silenced=True), now=now)
    waiting = [*waiting, *silences.mark(rows.filter(is_silenced=False)[:CHUNK], now=now)]
    waiting.sort(key=lambda alert: (alert.starts_at, alert.pk))
    expected = standing.running_on({a.item_id for a in waiting if a.item_id is not None})
    for alert in waiting:
        alert.expected_by_id = expected.get(alert.item_id or 0)
    if waiting:
        _Placer(waiting, Book(now, by)).place()
    return len(waiting)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where an alert belongs: the incidents it may join, and why."""

    incidents: Sequence[Incident]
    reason: str
    again_of: Incident | None = None


class _Placer:
    """Places a batch of alerts, in order of their time."""

    def __init__(self, waiting: Sequence[Alert], book: Book) -> None:
        self._waiting = waiting
        self._book = book
        self._edges = [(_name(a), _name(b)) for a, b in queries.needs()]
        self._estate = Estate(self._edges, HOPS)
        self._engine = correlation.Correlator(
            self._edges, gap_seconds=GAP.total_seconds(), hops=HOPS
        )
        self._groups: dict[int, list[Alert]] = {}  # the engine's number → alerts
        self._before = _before(waiting)

    def place(self) -> None:
        """Place all of them, and write it."""
        self._replay()
        for alert in self._waiting:
            grouped = self._grouped(alert)
            place = self._same_key(alert) or grouped or self._same_group(alert)
            self._put(alert, place)
        self._book.write()

    def _replay(self) -> None:
        """Tell the engine what happened within reach of the new alerts."""
        since = self._waiting[0].starts_at - 2 * GAP
        rows = Alert.objects.filter(starts_at__gte=since, wants_placing=False)
        rows = rows.filter(item__isnull=False, incident__isnull=False)
        told = rows.select_related("incident").only(*REPLAYED, "incident__resolved_at")
        known = list(told.order_by("starts_at", "pk"))
        for alert in known:
            self._add(alert)
        for alert in known:
            is_over = alert.incident is not None and alert.incident.resolved_at is not None
            if alert.ends_at is not None and is_over:
                self._engine.resolve(str(alert.pk), alert.ends_at.timestamp())

    def _add(self, alert: Alert) -> tuple[int, str]:
        placed = self._engine.add(
            correlation.Alert(str(alert.pk), _name(alert.item_id), alert.starts_at.timestamp())
        )
        group = self._groups.setdefault(placed.incident, [])
        for number in placed.merged:
            group += self._groups.pop(number, [])
        group.append(alert)
        return placed.incident, placed.reason

    def _same_key(self, alert: Alert) -> _Place | None:
        """Return the incident of the alert's own key, if it is open or was a moment ago."""
        known = self._before.get((alert.source_id, alert.key))
        if known is None:
            return None
        incident = self._book.standing(known)
        ended_at = incident.resolved_at
        if ended_at is None:
            return _Place([incident], "The same alert was here before.")
        if self._book.now - ended_at <= REOPENS_WITHIN:
            minutes = REOPENS_WITHIN.seconds // 60
            return _Place([incident], f"The same alert was resolved here within {minutes} min.")
        return None

    def _grouped(self, alert: Alert) -> _Place | None:
        """Return the open incidents whose alerts have the same cause."""
        if alert.item_id is None:
            return None
        number, reason = self._add(alert)
        # An incident in which this very item alerts comes first.
        others = sorted(
            (one.item_id != alert.item_id, one.incident_id)
            for one in self._groups[number]
            if one.incident_id is not None
        )
        found = dict.fromkeys(self._book.standing(incident) for _, incident in others)
        # What is not for everybody takes in no alert of operations, and joins nothing that is.
        return _Place([i for i in found if not (i.resolved_at or i.is_security)], reason)

    def _same_group(self, alert: Alert) -> _Place:
        """Return the open incident of the same source and group, for alerts without an item."""
        if not alert.group:
            return _Place([], "It has neither an item nor a group, so it stands for itself.")
        found = self._book.of_group(alert.source_id, alert.group)
        reason = f"It has no item; its source puts it into the group “{alert.group[:200]}”."
        return _Place([found] if found and not found.is_security else [], reason)

    def _put(self, alert: Alert, place: _Place) -> None:
        if not place.incidents:
            known = self._before.get((alert.source_id, alert.key))
            again_of = self._book.standing(known) if known is not None else None
            incident = self._book.open(alert, place.reason, again_of=again_of)
        else:
            incident = self._merged(place)
            self._book.join(incident, alert, place.reason)
        if self._is_cause(alert, incident):
            self._book.root(incident, alert)

    def _merged(self, place: _Place) -> Incident:
        """Merge what has the same cause into the earliest, unless a person took it apart."""
        first = place.incidents[0]
        same = [i for i in place.incidents[1:] if not self._book.is_parted(first, i)]
        earliest = min([first, *same], key=lambda incident: incident.pk)
        for incident in [first, *same]:
            if incident is not earliest:
                self._book.merge(incident, into=earliest, reason=place.reason)
        return earliest

    def _is_cause(self, alert: Alert, incident: Incident) -> bool:
        if alert.item_id is None or incident.root_item_id == alert.item_id:
            return False
        is_free = incident.root_item_id is None
        return is_free or _name(alert.item_id) in self._estate.causes(_name(incident.root_item_id))


def _before(waiting: Iterable[Alert]) -> dict[tuple[int, str], int]:
    """Return the last incident of each key, by source and key."""
    keys = {alert.key for alert in waiting}
    sources = {alert.source_id for alert in waiting}
    rows = Alert.objects.filter(source__in=sources, key__in=keys, incident__isnull=False)
    told = rows.order_by("pk").values_list("source", "key", "incident")
    return {(source, key): incident for source, key, incident in told}


def _name(item: int | None) -> str:
    """Return how the engine calls an item: never by its name, which not everybody may read."""
    return f"item {item}" if item is not None else ""


def part(one: Incident, other: Incident, *, until: datetime) -> None:
    """Remember that a person took two incidents apart."""
    earlier, later = sorted((one, other), key=lambda incident: incident.pk)
    Parting.objects.update_or_create(earlier=earlier, later=later, defaults={"until": until})


def forget_partings(one: Incident, other: Incident) -> None:
    """Forget that two incidents were taken apart: a person put them together."""
    pair = [one.pk, other.pk]
    Parting.objects.filter(Q(earlier__in=pair) & Q(later__in=pair)).delete()
