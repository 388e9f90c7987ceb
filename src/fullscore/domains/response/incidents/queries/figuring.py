"""How fast incidents are handled and how changes go, of a time, and of a service or team."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Min, Q, QuerySet

from fullscore.domains.foundation.changes.models import Change, ChangeEvent
from fullscore.domains.foundation.directory.models import Team
from fullscore.domains.foundation.estate.models import Item
from fullscore.domains.response.incidents.models import Incident, IncidentChange
from fullscore.domains.response.incidents.queries.standing import needs
from fullscore.engines import aftermath
from fullscore.engines.aftermath import Delivery, Handled, Made, Times
from fullscore.kit.access import Actor

WEEK = timedelta(days=7)
Kind = IncidentChange.Kind


@dataclass(frozen=True, slots=True)
class Asked:
    """Of what figures are asked: a time, and what it is narrowed to."""

    since: datetime
    until: datetime
    service: Item | None = None
    team: Team | None = None
    priority: int | None = None

    @property
    def days(self) -> float:
        """Return how many days the time has."""
        return (self.until - self.since).total_seconds() / 86_400


@dataclass(frozen=True, slots=True)
class Week:
    """What one week had: incidents that were noticed in it, and how long half of them took."""

    on: date  # its first day
    incidents: int
    median_seconds: float | None


def incidents_in(asked: Asked, user: Actor) -> QuerySet[Incident]:
    """Return the incidents somebody may see that were noticed in a time; without merged ones."""
    rows: QuerySet[Incident] = Incident.objects.visible_to(user).filter(
        merged_into__isnull=True, detected_at__gte=asked.since, detected_at__lt=asked.until
    )
    if asked.priority is not None:
        rows = rows.filter(priority=asked.priority)
    if asked.team is not None:
        rows = rows.filter(owner=asked.team)
    if asked.service is not None:
        items = aftermath.within_reach(asked.service.pk, needs())
        hit = Incident.objects.filter(Q(alerts__item__in=items) | Q(root_item__in=items))
        rows = rows.filter(pk__in=hit.values("pk"))
    return rows


def times_of(asked: Asked, user: Actor) -> Times:
    """Return MTTD, MTTA and MTTR."""
    return aftermath.times([handled for _, handled in _handled(asked, user)])


def weeks_of(asked: Asked, user: Actor) -> list[Week]:
    """Return week by week how many incidents there were, and how long half of them took."""
    found: dict[int, list[Handled]] = {}
    for at, handled in _handled(asked, user):
        found.setdefault((at - asked.since) // WEEK, []).append(handled)
    last = max(0, (asked.until - asked.since - timedelta(microseconds=1)) // WEEK)
    told = []
    for n in range(last + 1):
        rows = found.get(n, [])
        median = aftermath.times(rows).resolve.median
        told.append(Week((asked.since + n * WEEK).date(), len(rows), median))
    return told


def _handled(asked: Asked, user: Actor) -> Iterator[tuple[datetime, Handled]]:
    rows = incidents_in(asked, user).order_by("detected_at")
    names = ("starts_at", "detected_at", "acknowledged_at", "resolved_at")
    for starts, detected, acknowledged, resolved in rows.values_list(*names):
        yield (
            detected,
            Handled(
                starts.timestamp(), detected.timestamp(), _seconds(acknowledged), _seconds(resolved)
            ),
        )


def _seconds(moment: datetime | None) -> float | None:
    return moment.timestamp() if moment is not None else None


def delivery_of(asked: Asked, user: Actor) -> Delivery:
    """Return the five figures of DORA over the changes that ended in a time."""
    rows: QuerySet[Change] = Change.objects.visible_to(user).filter(
        state__in=Change.CLOSED, ended_at__gte=asked.since, ended_at__lt=asked.until
    )
    if asked.team is not None:
        rows = rows.filter(owner=asked.team)
    if asked.service is not None:
        items = aftermath.within_reach(asked.service.pk, needs())
        through = Change.items.through.objects.filter(item__in=items)
        rows = rows.filter(pk__in=through.values("change"))
    ended = [
        (pk, state, at.timestamp())
        for pk, state, at in rows.values_list("pk", "state", "ended_at")
        if at is not None  # what is closed says when
    ]
    pks = [pk for pk, _, _ in ended]
    first = _asked_for(pks)
    causes, fixes = _links(pks, user)
    made = [
        Made(
            ended_at, is_done=state == Change.State.DONE, asked=_seconds(first.get(pk)),
            is_cause=pk in causes, is_fix=pk in fixes, recovered=causes.get(pk),
        )
        for pk, state, ended_at in ended
    ]  # fmt: skip
    return aftermath.delivery(made, days=asked.days)


def _asked_for(changes: list[int]) -> dict[int, datetime]:
    """Return when each change was asked for; what was recorded from outside is not known."""
    rows = ChangeEvent.objects.filter(change__in=changes, kind="requested").order_by()
    return dict(rows.values("change").annotate(first=Min("at")).values_list("change", "first"))


def _links(changes: list[int], user: Actor) -> tuple[dict[int, float | None], set[int]]:
    """Return which changes caused incidents, with the longest recovery; and which were fixes."""
    causes: dict[int, float | None] = {}
    fixes: set[int] = set()
    rows = IncidentChange.objects.filter(
        change__in=changes, incident__in=Incident.objects.visible_to(user)
    )
    names = ("change", "kind", "incident__starts_at", "incident__resolved_at")
    for change, kind, starts, resolved in rows.values_list(*names):
        if kind == Kind.FIX:
            fixes.add(change)
            continue
        lasted = (resolved - starts).total_seconds() if resolved else None
        known = causes.get(change)
        causes[change] = max(filter(None, (known, lasted)), default=None)
    return causes, fixes
