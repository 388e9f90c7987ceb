"""How servers stand against their baselines: what is pending, which ring, which windows."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from fnmatch import fnmatchcase

from fullscore.domains.foundation.changes.models import Freeze
from fullscore.domains.foundation.estate import queries as estate
from fullscore.domains.foundation.estate.models import Item
from fullscore.domains.infrastructure.patching.facts import (
    Below,
    EndingHold,
    Graded,
    Held,
    Occurrence,
    Standing,
    Uncovered,
    Update,
    Urgencies,
    Wanted,
)
from fullscore.domains.infrastructure.patching.models import (
    Baseline,
    Hold,
    PatchWindow,
    Ring,
    Urgency,
)
from fullscore.domains.infrastructure.patching.rules import pending as rules
from fullscore.domains.infrastructure.patching.rules import windows
from fullscore.domains.infrastructure.servers.models import Installed, Server
from fullscore.kit.checks import Scope

REMEMBERED = timedelta(days=30)  # of a hold that is over


def urgencies() -> Urgencies:
    """Return how urgent each version of a package is that anybody has told of."""
    rows = Urgency.objects.values_list(
        "package", "version", "probability", "is_exploited", "due_on"
    )
    return {(row[0], row[1]): Graded(row[2], row[3], row[4]) for row in rows}


def wanted(baseline: Baseline) -> Wanted:
    """Return what a baseline takes."""
    rows = baseline.holds.values_list("package", "candidates", "reason", "until")
    return Wanted(
        baseline.take,
        tuple(baseline.listed.split()),
        baseline.age_days,
        tuple(Held(*row) for row in rows),
        least(baseline),
    )


def least(baseline: Baseline) -> tuple[tuple[str, str], ...]:
    """Return the packages of which a baseline names the least version, with that."""
    pairs = (line.split() for line in baseline.minimum.splitlines() if line.strip())
    return tuple((pair[0], pair[1]) for pair in pairs)


def updates(servers: Collection[int] | None = None) -> dict[int, list[Update]]:
    """Return, by server, the updates that wait by its own package lists; one statement."""
    rows = Installed.objects.exclude(candidate="").order_by("package__name", "pk")
    if servers is not None:
        rows = rows.filter(server__in=servers)
    told: dict[int, list[Update]] = {}
    for server, *update in rows.values_list(
        "server_id",
        "package__manager",
        "package__name",
        "package__version",
        "candidate",
        "is_security",
        "waiting_since",
    ):
        told.setdefault(server, []).append(Update._make(update))
    return told


def by_baseline(baselines: Iterable[Baseline] | None = None) -> dict[int, int]:
    """Return the baseline of each item: the narrowest selector that fits it, then the older."""
    rows = list(Baseline.objects.all() if baselines is None else baselines)
    rows.sort(key=lambda one: (-estate.specificity(one.selector), one.pk))
    return _first_fitting((one.pk, one.selector) for one in rows)


def by_ring(baseline: Baseline) -> dict[int, int]:
    """Return the ring of each item that a baseline's rings fit: the first in their order."""
    return _first_fitting(baseline.rings.order_by("place").values_list("pk", "selector"))


def by_window() -> dict[int, set[int]]:
    """Return the windows of each item: all that fit it."""
    found: dict[int, set[int]] = {}
    for pk, selector in PatchWindow.objects.values_list("pk", "selector"):
        for item in estate.selected(selector).values_list("pk", flat=True):
            found.setdefault(item, set()).add(pk)
    return found


def _first_fitting(selectors: Iterable[tuple[int, str]]) -> dict[int, int]:
    found: dict[int, int] = {}
    for pk, selector in selectors:
        for item in estate.selected(selector).values_list("pk", flat=True):
            found.setdefault(item, pk)
    return found


def standings(
    *, now: datetime, items: Collection[int] | None = None, cut_off: datetime | None = None
) -> list[Standing]:
    """Return how each live server stands; a handful of statements for all of them.

    What has never told its updates is not known, which is not the same as none.
    """
    known = {one.pk: one for one in Baseline.objects.all()}
    baseline_of, window_of = by_baseline(known.values()), by_window()
    rings = {pk: by_ring(one) for pk, one in known.items()}
    take = {pk: wanted(one) for pk, one in known.items()}
    servers = Server.objects.filter(item__in=Item.objects.live()).select_related("item")
    if items is not None:
        servers = servers.filter(item__in=items)
    waiting, graded = updates(), urgencies()
    found = []
    for server in servers.order_by("item__name"):
        item, own = server.item_id, waiting.get(server.pk, [])
        baseline = baseline_of.get(item)
        judged = (
            tuple(rules.pending(own, take[baseline], now=now, cut_off=cut_off, urgencies=graded))
            if baseline
            else ()
        )
        found.append(
            Standing(
                server.pk,
                item,
                server.item.name,
                baseline,
                rings[baseline].get(item) if baseline else None,
                tuple(sorted(window_of.get(item, ()))),
                judged,
                rules.worst([p.update for p in judged if not p.why_not], graded),
                server.security_updates is not None,
                frozenset(update.manager for update in own),
            )
        )
    return found


def open_times(start: datetime, end: datetime) -> list[Occurrence]:
    """Return when any window is open between two moments."""
    return [one for row in PatchWindow.objects.all() for one in open_times_of(row, start, end)]


def open_times_of(row: PatchWindow, start: datetime, end: datetime) -> Iterator[Occurrence]:
    """Return when one window is open between two moments."""
    return windows.occurrences(
        row.pk,
        row.recurrence,
        first=row.starts_on,
        opens=row.starts_time,
        zone=windows.zone_named(row.zone),
        length=timedelta(minutes=row.minutes),
        start=start,
        end=end,
    )


def frozen(start: datetime, end: datetime) -> list[tuple[Freeze, frozenset[int] | None]]:
    """Return the freezes that touch a time with the items each holds for; None: for all."""
    rows = Freeze.objects.filter(starts_at__lt=end, ends_at__gt=start).order_by("starts_at")
    return [
        (
            row,
            frozenset(estate.selected(row.selector).values_list("pk", flat=True))
            if row.selector
            else None,
        )
        for row in rows
    ]


# ── what the checks read ───────────────────────────────────────────────────────────────────────


def coverage(scope: Scope) -> Iterator[Uncovered]:
    """Return what each server of a baseline lacks before a campaign could patch it."""
    for one in standings(now=scope.now, items=scope.items):
        if one.baseline is None:
            continue
        lacks = "ring" if one.ring is None else "" if one.windows else "window"
        yield Uncovered(one.item, one.name, lacks)


def below(scope: Scope) -> Iterator[Below]:
    """Return each server whose baseline names least versions, and what is older there."""
    wanted = {one.pk: dict(least(one)) for one in Baseline.objects.exclude(minimum="")}
    if not wanted:
        return
    names = {name for pairs in wanted.values() for name in pairs}
    found: dict[int, list[tuple[str, str, str]]] = {}
    rows = Installed.objects.filter(package__name__in=names).order_by("package__name", "pk")
    baseline_of = by_baseline()
    for item, manager, name, version in rows.values_list(
        "server__item_id", "package__manager", "package__name", "package__version"
    ):
        floor = wanted.get(baseline_of.get(item, 0), {}).get(name)
        update = Update(manager, name, version, "", False, None)
        if floor and rules.is_below(update, Wanted("all", minimum=((name, floor),))):
            found.setdefault(item, []).append((name, version, floor))
    servers = Server.objects.filter(item__in=Item.objects.live())
    if scope.items is not None:
        servers = servers.filter(item__in=scope.items)
    for item, name in servers.values_list("item_id", "item__name"):
        if baseline_of.get(item) in wanted:
            yield Below(item, name, tuple(found.get(item, ())))


def held(scope: Scope) -> Iterator[EndingHold]:
    """Return each hold, and on how many servers it keeps back what is known to be exploited."""
    if scope.items is not None:
        return
    pressing = {key for key, one in urgencies().items() if one.is_exploited}
    kept: dict[tuple[int, str], int] = {}
    for one in standings(now=scope.now):
        for package in {
            p.update.package
            for p in one.pending
            if p.why_not.startswith("held") and (p.update.package, p.update.candidate) in pressing
        }:
            kept[one.baseline or 0, package] = kept.get((one.baseline or 0, package), 0) + 1
    for hold in Hold.objects.filter(until__gte=scope.now.date() - REMEMBERED):
        counts = [
            n
            for (baseline, name), n in kept.items()
            if baseline == hold.baseline_id and fnmatchcase(name, hold.package)
        ]
        yield EndingHold(hold.pk, hold.package, hold.reason, hold.until, sum(counts))


def rings_by_pk() -> Mapping[int, Ring]:
    """Return every ring by its number."""
    return Ring.objects.select_related("baseline").in_bulk()
