"""Questions about servers: their facts by section, for checks and pages."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from itertools import pairwise
from typing import Any, NamedTuple

from fullscore.domains.foundation.changes.facts import Altered
from fullscore.domains.foundation.changes.models import Change
from fullscore.domains.foundation.changes.queries import standing as changes
from fullscore.domains.foundation.estate.models import Item
from fullscore.domains.foundation.findings import queries as findings
from fullscore.domains.foundation.telemetry import queries as telemetry
from fullscore.domains.infrastructure.servers.models import Facts, Server, SshHost
from fullscore.kit import history
from fullscore.kit.checks import Scope

FACTS_EVERY = timedelta(minutes=15)
STALE_AFTER = 3 * FACTS_EVERY


@dataclass(frozen=True)
class Host:
    """What a server says of itself, as checks read it: sections by name, gaps with their reason."""

    item: int
    server: int
    name: str
    at: datetime | None
    facts: Mapping[str, Any]
    gaps: Mapping[str, tuple[str, ...]] = field(
        default_factory=dict
    )  # section → what is missing, why

    def section(self, name: str) -> Any:
        """Return a section, or None when there is none."""
        return self.facts.get(name)

    def is_stale(self, now: datetime) -> bool:
        """Say whether the facts are too old to be judged."""
        return self.at is None or now - self.at > STALE_AFTER


class Visited(NamedTuple):
    """A host read over SSH, and how often in a row that failed."""

    item: int
    name: str
    place: str  # user@address:port
    failures: int
    error: str
    trusted: str  # keys as OpenSSH's lines
    offered: str


def visited(scope: Scope) -> list[Visited]:
    """Return how the last visits to each trusted host went."""
    rows = SshHost.objects.exclude(state=SshHost.State.PAUSED).exclude(host_key="")
    if scope.items is not None:
        rows = rows.filter(item__in=scope.items)
    return [
        Visited(h.item_id, h.item.name, f"{h.user}@{h.address}:{h.port}", h.failures,
                h.last_error, h.host_key, h.offered_key)
        for h in rows.select_related("item")
    ]  # fmt: skip


def hosts(*sections: str) -> Any:
    """Return a reader of some sections of all live servers of a scope: two statements for all."""

    def read(scope: Scope) -> Iterator[Host]:
        servers = Server.objects.filter(item__in=Item.objects.live()).select_related("item")
        if scope.items is not None:
            servers = servers.filter(item__in=scope.items)
        found: dict[int, dict[str, Any]] = {}
        rows = Facts.objects.filter(section__in=sections)
        if scope.items is not None:
            rows = rows.filter(server__item__in=scope.items)
        for key, section, content in rows.values_list("server", "section", "content"):
            found.setdefault(key, {})[section] = content
        for server in servers:
            gaps: dict[str, tuple[str, ...]] = {}
            for error in server.errors:
                name, reason = str(error.get("section", "")), str(error.get("reason", ""))
                gaps[name] = (*gaps.get(name, ()), reason)
            yield Host(
                server.item_id, server.pk, server.item.name, server.facts_at,
                found.get(server.pk, {}), gaps,
            )  # fmt: skip

    return read


@dataclass(frozen=True, slots=True)
class Gauge:
    """Figures of one item or part of it, as a check of samples reads them; None: no samples."""

    item: int
    name: str
    key: str
    figures: Mapping[str, float | None]


def shares(metric: str, *, minutes: float) -> Any:
    """Return a reader of a pressure counter: the share of time stalled, in percent."""

    def read(scope: Scope) -> Iterator[Gauge]:
        by_item = telemetry.of_items(metric, _listed(scope))
        series = [s for many in by_item.values() for s in many]
        rates = telemetry.means(series, now=scope.now, seconds=minutes * 60, function="rate")
        names = _names(by_item)
        for item in _watched(scope):
            own = by_item.get(item, [])
            rate = next((rates[s.pk] for s in own if s.pk in rates), None)
            percent = None if rate is None else min(100.0, rate * 100)
            yield Gauge(
                item, names.get(item, ""), "", {"percent": percent, "has_series": float(bool(own))}
            )

    return read


def sums(*metrics: str, minutes: float, function: str = "rate") -> Any:
    """Return a reader of the sum of some metrics of each item over the last minutes."""

    def read(scope: Scope) -> Iterator[Gauge]:
        totals: dict[int, float] = {}
        for metric in metrics:
            by_item = telemetry.of_items(metric, _listed(scope))
            series = [s for many in by_item.values() for s in many]
            found = telemetry.means(
                series, now=scope.now, seconds=minutes * 60, function=function,  # type: ignore[arg-type]
            )  # fmt: skip
            for item, many in by_item.items():
                values = [found[s.pk] for s in many if s.pk in found]
                if values:
                    totals[item] = totals.get(item, 0.0) + sum(values)
        for item in _watched(scope):
            yield Gauge(item, "", "", {"sum": totals.get(item)})

    return read


def latest(*metrics: str) -> Any:
    """Return a reader of the newest value of some metrics of each item."""

    def read(scope: Scope) -> Iterator[Gauge]:
        figures: dict[int, dict[str, float | None]] = {}
        for metric in metrics:
            by_item = telemetry.of_items(metric, _listed(scope))
            series = [s for many in by_item.values() for s in many]
            found = telemetry.means(series, now=scope.now, seconds=120, function="last")
            for item, many in by_item.items():
                values = [found[s.pk] for s in many if s.pk in found]
                figures.setdefault(item, {})[metric] = values[0] if values else None
        for item in _watched(scope):
            yield Gauge(item, "", "", figures.get(item, {}))

    return read


@dataclass(frozen=True, slots=True)
class Volume:
    """One filesystem with its recent use: days since the first sample, bytes used."""

    item: int
    host: str
    mount: str
    size_bytes: float
    used_bytes: float | None
    samples: tuple[tuple[float, float], ...] = ()
    is_held: bool = False  # a finding is open: it takes more to be good again


def volumes(size: str, free: str, *, check: str, days: float = 14, step_hours: float = 1) -> Any:
    """Return a reader of each filesystem's use over some days; two store questions for all.

    `check` is whose open findings hold a filesystem.
    """

    def read(scope: Scope) -> Iterator[Volume]:
        sizes = _by_mount(size, scope)
        frees = _by_mount(free, scope)
        newest = telemetry.means(
            [*sizes.values(), *frees.values()], now=scope.now, seconds=600, function="last"
        )
        history = _history(list(frees.values()), scope.now, days, step_hours)
        names = dict(Item.objects.filter(pk__in={i for i, _ in sizes}).values_list("pk", "name"))
        held = findings.keys_open(check, items=names)
        heard = {item for (item, _), series in sizes.items() if series.pk in newest}
        for (item, mount), series in sizes.items():
            total = newest.get(series.pk)
            other = frees.get((item, mount))
            if item not in heard:  # nothing of this host: unknown, not unmounted
                yield Volume(item, names.get(item, ""), mount, 0, None)
            if total is None or other is None:
                continue
            left = newest.get(other.pk)
            past = tuple((day, total - free_) for day, free_ in history.get(other.pk, ()))
            used = None if left is None else total - left
            yield Volume(item, names.get(item, ""), mount, total, used, past, (item, mount) in held)

    return read


def _by_mount(metric: str, scope: Scope) -> dict[tuple[int, str], Any]:
    found = {}
    for item, many in telemetry.of_items(metric, _listed(scope)).items():
        for series in many:
            found[item, str(series.labels.get("mountpoint", ""))] = series
    return found


def _history(
    series: Any, now: datetime, days: float, step_hours: float
) -> dict[int, list[tuple[float, float]]]:
    if not series:
        return {}
    end, step = telemetry.milliseconds(now), int(step_hours * 3_600_000)
    start = end - int(days * 86_400_000)
    found = telemetry.store().aggregate(
        [s.pk for s in series], start_ms=start, end_ms=end, step_ms=step, function="last"
    )
    told: dict[int, list[tuple[float, float]]] = {}
    for pk, at, value in zip(
        found.series.tolist(), found.ts_ms.tolist(), found.values.tolist(), strict=True
    ):
        told.setdefault(pk, []).append(((at - start) / 86_400_000, value))
    return told


def _listed(scope: Scope) -> list[int] | None:
    return None if scope.items is None else list(scope.items)


def _watched(scope: Scope) -> list[int]:
    rows = Server.objects.filter(item__in=Item.objects.live())
    if scope.items is not None:
        rows = rows.filter(item__in=scope.items)
    return list(rows.values_list("item_id", flat=True))


def _names(by_item: Mapping[int, Any]) -> dict[int, str]:
    return dict(Item.objects.filter(pk__in=by_item).values_list("pk", "name"))


@dataclass(frozen=True, slots=True)
class Changed:
    """What one section of a host's facts gained, lost and altered between two moments."""

    section: str
    added: tuple[str, ...]
    removed: tuple[str, ...]
    altered: tuple[tuple[str, str, str], ...]  # what, before, after


KEYS: Mapping[str, tuple[str, ...]] = {
    "packages": ("name", "architecture"), "units": ("name",), "timers": ("name",),
    "users": ("name",),
    "groups": ("name",), "filesystems": ("mount",), "interfaces": ("name",),
    "listeners": ("transport", "address", "port"), "sudo": ("file", "line"),
    "cron": ("file", "line", "command"), "certificates": ("path",), "containers": ("name",),
    "routes": ("prefix", "device"), "databases": ("kind", "port"), "disks": ("name",),
}  # fmt: skip


def changes_of(
    items: Sequence[int], start: datetime, end: datetime
) -> list[tuple[datetime, int, str]]:
    """Return when packages, units or settings of hosts changed: instant, item and section.

    What was told for the first time is no change.
    """
    rows = Facts.objects.filter(server__item__in=items)
    told = {
        pk: (item, name) for pk, item, name in rows.values_list("pk", "server__item", "section")
    }
    ended = history.versions_of(Facts).filter(
        record_id__in=told, ends_at__gt=start, ends_at__lte=end
    )
    return [(at, *told[pk]) for pk, at in ended.values_list("record_id", "ends_at")]


def changed_between(server: Server, earlier: datetime, later: datetime) -> list[Changed]:
    """Return what a host's packages, units, accounts and settings did between two moments."""
    names = dict(server.sections.values_list("pk", "section"))
    states = []
    for moment in (earlier, later):
        rows = history.as_of(Facts, moment).filter(record_id__in=names)
        states.append(
            {pk: state["content"] for pk, state in rows.values_list("record_id", "state")}
        )
    before, after = states
    told = [
        compared(names[pk], before[pk], after[pk])
        for pk in sorted(names, key=lambda pk: names[pk])
        if pk in before and pk in after and before[pk] != after[pk]
    ]
    return [one for one in told if one.added or one.removed or one.altered]


def compared(section: str, before: Any, after: Any) -> Changed:
    """Return the difference of two states of a section; lists are matched by what names a row."""
    old, new = _by_name(section, before), _by_name(section, after)
    altered = [
        (name, _words(old[name], new[name]), _words(new[name], old[name]))
        for name in sorted(old.keys() & new.keys())
        if old[name] != new[name]
    ]
    return Changed(
        section, tuple(sorted(new.keys() - old.keys())), tuple(sorted(old.keys() - new.keys())),
        tuple(altered),
    )  # fmt: skip


def _by_name(section: str, content: Any) -> dict[str, Any]:
    if isinstance(content, list):
        fields = KEYS.get(section, ("name",))
        return {" ".join(str(row.get(f, "")) for f in fields): row for row in content}
    flat: dict[str, Any] = {}
    for name, value in (content or {}).items():
        if isinstance(value, dict):
            flat |= {f"{name}.{inner}": one for inner, one in value.items()}
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            flat |= {f"{name} {row.get('name', '')}".strip(): row for row in value}
        else:
            flat[name] = value
    return flat


def _words(one: Any, other: Any) -> str:
    """Return what of a value differs from another, as a person reads it."""
    if isinstance(one, dict) and isinstance(other, dict):
        return ", ".join(f"{k} {v}" for k, v in one.items() if other.get(k) != v)
    return str(one)


# ── what was altered, and whether a change said so ─────────────────────────────────────────────

CONFIGURED = ("packages", "sshd", "sudo", "users", "groups", "cron", "units")
OWN_UNITS = ("/etc/", "/usr/local/")  # what packages bring, the packages tell
OF_UNIT_FILES = ("name", "path", "path_changed_at", "enabled", "user")
LOOKED_BACK = timedelta(days=7)


def altered(scope: Scope) -> Iterator[Altered]:
    """Return what of each host's packages and settings was altered in the last week.

    Of each section the newest alteration that fell into no change, else the newest of all. Nothing
    before the first change was ever asked for: then nobody controls changes here.
    """
    if not Change.objects.exists():
        return
    since = scope.now - LOOKED_BACK
    rows = Facts.objects.filter(section__in=CONFIGURED).select_related("server__item")
    if scope.items is not None:
        rows = rows.filter(server__item__in=scope.items)
    moved = history.versions_of(Facts).filter(starts_at__gte=since).values("record_id")
    known = {facts.pk: facts for facts in rows.filter(pk__in=moved)}
    work = changes.work_on({f.server.item_id for f in known.values()}, since)
    for facts in (known[pk] for pk in sorted(known)):
        told = list(_alterations(facts, since, work.get(facts.server.item_id, [])))
        if told:
            yield next((one for one in told if one.change is None), told[0])


def _alterations(facts: Facts, since: datetime, work: list[Change]) -> Iterator[Altered]:
    """Yield each alteration of one section, the newest first, with the change it fell into."""
    item = facts.server.item
    rows = history.of(facts).filter(ends_at__gt=since).order_by("-starts_at")
    versions = list(rows.values_list("starts_at", "state"))
    for (at, after), (_, before) in pairwise(versions):
        one = compared(facts.section, *map(partial(_set_up, facts.section), (before, after)))
        if one.added or one.removed or one.altered:
            names = [*one.added, *one.removed, *(name for name, _, _ in one.altered)]
            told = ", ".join(str(name) for name in names[:10])
            yield Altered(item.pk, item.name, facts.section, at, told, during(at, work))


def _set_up(section: str, state: Mapping[str, Any]) -> Any:
    """Return what of a section somebody set up: of units their files, not whether they run."""
    content = state["content"]
    if section != "units":
        return content
    own = (unit for unit in content if str(unit.get("path") or "").startswith(OWN_UNITS))
    return [{name: unit.get(name) for name in OF_UNIT_FILES} for unit in own]


def during(at: datetime, work: list[Change]) -> int | None:
    """Return the change an alteration was seen in: facts come a while after what they tell."""
    for change in work:
        started, ended = change.started_at, change.ended_at
        if started and started <= at and (ended is None or at <= ended + STALE_AFTER):
            return int(change.pk)
    return None
