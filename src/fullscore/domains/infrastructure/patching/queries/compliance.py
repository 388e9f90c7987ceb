"""How far behind services and rings are, and why each server is not patched yet."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Sum

from fullscore.domains.foundation.changes.queries.blast import needed_by
from fullscore.domains.foundation.estate.models import Item
from fullscore.domains.foundation.findings.models import Finding
from fullscore.domains.infrastructure.patching.facts import Standing
from fullscore.domains.infrastructure.patching.queries import standing
from fullscore.domains.infrastructure.servers.models import Server
from fullscore.kit.access import Actor

PATCHED_FOR = 3  # the criticality of services that count
SECURITY_CHECK = "servers.security_updates"

# Says what a server waits for, where its pending updates would be taken: a campaign, mostly.
Waits = Callable[[Standing], str]


@dataclass(frozen=True, slots=True)
class Tally:
    """How a set of servers stands."""

    name: str
    url: str
    servers: int
    behind: int  # servers
    updates: int
    days: int  # the longest any of them waits
    exploited: int  # servers
    unknown: int


@dataclass(frozen=True, slots=True)
class Line:
    """One server that is behind, and why."""

    standing: Standing
    ring: str
    days: int
    due_on: date | None
    why: str


@dataclass(frozen=True, slots=True)
class Compliance:
    """What the page of patching tells."""

    all: Tally
    services: tuple[Tally, ...]
    rings: tuple[Tally, ...]
    lines: tuple[Line, ...]


def compliance(user: Actor, *, now: datetime, waits: Waits) -> Compliance:
    """Return how what somebody may see stands, the worst first."""
    seen = set(Item.objects.visible_to(user).values_list("pk", flat=True))
    found = [one for one in standing.standings(now=now) if one.item in seen]
    by_item = {one.item: one for one in found}
    return Compliance(
        tally("All servers", "", found, now),
        tuple(_services(user, by_item, now)),
        tuple(_rings(found, now)),
        tuple(_lines(found, now, waits)),
    )


def security_waiting(user: Actor) -> int:
    """Return how many security updates the servers somebody may see say they wait for."""
    rows = Server.objects.filter(item__in=Item.objects.visible_to(user).live())
    told: int | None = rows.aggregate(told=Sum("security_updates"))["told"]
    return told or 0


def tally(name: str, url: str, found: Iterable[Standing], now: datetime) -> Tally:
    """Count how some servers stand."""
    rows = list(found)
    behind = [one for one in rows if one.taken]
    return Tally(
        name,
        url,
        len(rows),
        len(behind),
        sum(len(one.taken) for one in behind),
        max((one.behind(now).days for one in behind), default=0),
        sum(1 for one in behind if one.urgency.is_exploited),
        sum(1 for one in rows if not one.is_known),
    )


def _worst_first(one: Tally) -> tuple[int, int, int, str]:
    return (-one.exploited, -one.days, -one.behind, one.name)


def _services(user: Actor, by_item: Mapping[int, Standing], now: datetime) -> Iterator[Tally]:
    rows = Item.objects.visible_to(user).live().filter(kind="service")
    rows = rows.filter(criticality__lte=PATCHED_FOR)
    told = []
    for pk, name in rows.values_list("pk", "name"):
        below = [by_item[item] for item in needed_by(pk) if item in by_item]
        if below:
            told.append(tally(name, f"/items/{pk}", below, now))
    yield from sorted(told, key=_worst_first)


def _rings(found: Sequence[Standing], now: datetime) -> Iterator[Tally]:
    rings = standing.rings_by_pk()
    order = sorted(rings.values(), key=lambda ring: (ring.baseline.name, ring.place))
    for ring in order:
        inside = [one for one in found if one.ring == ring.pk]
        yield tally(f"{ring.baseline} · {ring}", f"/patch-rings/{ring.pk}", inside, now)
    without = [one for one in found if one.ring is None]
    if without:
        yield tally("in no ring", "", without, now)


def _lines(found: Sequence[Standing], now: datetime, waits: Waits) -> Iterator[Line]:
    due = dict(
        Finding.objects.live()
        .filter(check_of__ident=SECURITY_CHECK)
        .values_list("item_id", "due_on")
    )
    rings = standing.rings_by_pk()
    lines = [
        Line(
            one,
            rings[one.ring].name if one.ring else "",
            one.behind(now).days,
            min(filter(None, (due.get(one.item), one.urgency.due_on)), default=None),
            why_not(one, waits),
        )
        for one in found
        if one.taken or any(p.why_not.startswith(("held", "known")) for p in one.pending)
    ]
    lines.sort(
        key=lambda line: (
            not line.standing.urgency.is_exploited,
            -line.standing.urgency.probability,
            -line.days,
            -len(line.standing.taken),
            line.standing.name,
        )
    )
    yield from lines


def why_not(one: Standing, waits: Waits) -> str:
    """Say why a server is not patched yet."""
    if one.baseline is None:
        return "No baseline fits it."
    if not one.taken:
        reasons = Counter(p.why_not for p in one.pending if p.why_not)
        return f"All of it waits: {reasons.most_common(1)[0][0].rstrip('.')}." if reasons else ""
    if one.ring is None:
        return "No ring of its baseline holds it."
    if not one.windows:
        return "No window is open for it."
    return waits(one)
