"""What happened to items in a span of time, from everything that keeps times.

`SOURCES` is the one list: a further source is one more line of it.
"""

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q
from django.db.models.functions import Coalesce

from fullscore.domains.foundation.changes.models import Change
from fullscore.domains.foundation.estate.kinds import HARD_LINKS
from fullscore.domains.foundation.estate.models import Item, Link
from fullscore.domains.infrastructure.servers.models import Account, Facts, Server, Unit
from fullscore.domains.infrastructure.servers.queries import FACTS_EVERY, Changed, compared
from fullscore.domains.response.troubleshooting.facts import Happening
from fullscore.kit import access, history
from fullscore.kit.audit import noun_of
from fullscore.kit.models import AuditEntry
from fullscore.kit.models.user import system
from fullscore.kit.words import past

MOST = 500  # of one source
NAMED = 3  # parts of one change that are named
AFTER_BOOT = timedelta(minutes=10)  # in which units start because the host did
# Sections of a server's facts in which a change may break something, and of what kind it is.
SECTIONS = {
    "packages": "packages", "kernel": "kernel", "os": "kernel", "units": "units",
    "timers": "units", "containers": "units", "users": "accounts", "groups": "accounts",
    "sudo": "accounts", "sshd": "settings", "cron": "settings", "databases": "settings",
    "interfaces": "network", "routes": "network", "listeners": "network",
    "firewall": "network", "filesystems": "storage", "certificates": "certificates",
}  # fmt: skip
Ask = Callable[[Collection[int], datetime, datetime], Iterable[Happening]]


@dataclass(frozen=True, slots=True)
class Source:
    """Something that keeps times: `ask(items, since, until)` returns what happened to items."""

    ask: Ask
    permission: str  # who may know of it
    is_plain: bool = True  # whoever sees the item may read it: it may stand among stored reasons


def altered(items: Collection[int], since: datetime, until: datetime) -> Iterator[Happening]:
    """Yield the changes of packages, units, settings, accounts … that a host's facts show.

    Facts are read every quarter of an hour, so each was up to that much earlier. The first facts
    of a section are no change.
    """
    sections = {
        pk: (item, section, server)
        for pk, item, section, server in Facts.objects.filter(
            server__item__in=items, section__in=SECTIONS
        ).values_list("pk", "server__item", "section", "server")
    }
    rows = history.versions_of(Facts).filter(record_id__in=sections)
    began = rows.filter(starts_at__gt=since, starts_at__lte=until + FACTS_EVERY)
    fresh = list(began.order_by("-starts_at").values_list("record_id", "starts_at", "state")[:MOST])
    ended = rows.filter(ends_at__in={at for _, at, _ in fresh})
    before = {
        (pk, at): state for pk, at, state in ended.values_list("record_id", "ends_at", "state")
    }
    for pk, at, state in fresh:
        item, section, server = sections[pk]
        if (pk, at) not in before:
            continue
        old, new = before[pk, at].get("content"), state.get("content")
        if told := in_words(compared(section, old, new)):
            url = f"/servers/{server}/changed?from={_minute(at - FACTS_EVERY)}&to={_minute(at, 1)}"
            yield Happening(
                item, at, SECTIONS[section], f"{section}: {told}"[:300], url, FACTS_EVERY
            )


def in_words(changed: Changed) -> str:
    """Return what a section gained, lost and altered; of many the first three."""
    told = [f"{name} is new" for name in changed.added]
    told += [f"{name} is gone" for name in changed.removed]
    told += [f"{name} {old[:60]} → {new[:60]}" for name, old, new in changed.altered]
    return "; ".join(told[:NAMED]) + (f"; and {len(told) - NAMED} more" if told[NAMED:] else "")


def _minute(at: datetime, more: int = 0) -> str:
    return f"{at + timedelta(minutes=more):%Y-%m-%dT%H:%M}Z"


def booted(items: Collection[int], since: datetime, until: datetime) -> Iterator[Happening]:
    """Yield when hosts were started."""
    rows = Server.objects.filter(item__in=items, booted_at__gt=since, booted_at__lte=until)
    for item, pk, at in rows.values_list("item", "pk", "booted_at")[:MOST]:
        if at is not None:
            yield Happening(item, at, "restart", "The host was started.", f"/servers/{pk}")


def started(items: Collection[int], since: datetime, until: datetime) -> Iterator[Happening]:
    """Yield when services were started, but for those that start with the host or a session."""
    rows = Unit.objects.filter(
        server__item__in=items, since__gt=since, since__lte=until, active="active", sub="running",
        name__endswith=".service",
    ).exclude(name__startswith="user@")  # fmt: skip
    told = rows.order_by("-since").values_list("server__item", "since", "name", "server__booted_at")
    for item, at, name, booted_at in told[:MOST]:
        if at is not None and not _with_the_host(at, booted_at):
            yield Happening(item, at, "units", f"{name} was started."[:300])


def _with_the_host(at: datetime, booted_at: datetime | None) -> bool:
    return booted_at is not None and timedelta(0) <= at - booted_at <= AFTER_BOOT


def logged_in(items: Collection[int], since: datetime, until: datetime) -> Iterator[Happening]:
    """Yield the last logins of accounts that are root, or may become it."""
    rows = Account.objects.filter(~Q(becomes_root="") | Q(uid=0), server__item__in=items)
    rows = rows.filter(last_login_at__gt=since, last_login_at__lte=until)
    for item, at, name in rows.values_list("server__item", "last_login_at", "name")[:MOST]:
        if at is not None:
            yield Happening(item, at, "login", f"{name} logged in, who is or may become root.")


def recorded(items: Collection[int], since: datetime, until: datetime) -> Iterator[Happening]:
    """Yield what people did to the records of items and of their servers."""
    servers = dict(Server.objects.filter(item__in=items).values_list("pk", "item"))
    of_items = Q(noun=noun_of(Item), record__in=[str(pk) for pk in items])
    of_servers = Q(noun=noun_of(Server), record__in=[str(pk) for pk in servers])
    rows = AuditEntry.objects.filter(of_items | of_servers, at__gt=since, at__lte=until)
    for entry in rows.exclude(by=system()).select_related("by").order_by("-at")[:MOST]:
        pk = int(entry.record)
        item = pk if entry.noun == noun_of(Item) else servers[pk]
        before, after = entry.before or {}, entry.after or {}
        names = [n.removesuffix("_id").replace("_", " ") for n in after if n in before
                 and before[n] != after[n]]  # fmt: skip
        what = f": {', '.join(names[:NAMED])}" if names else ""
        yield Happening(item, entry.at, "record", f"{entry.by} {past(entry.verb)} it{what}."[:300])


def rewired(items: Collection[int], since: datetime, until: datetime) -> Iterator[Happening]:
    """Yield which needs items gained and lost; others are called “item 12” here."""
    rows = history.versions_of(Link).filter(state__from_item_id__in=list(items))
    rows = rows.filter(state__kind__in=HARD_LINKS)
    gained = rows.filter(starts_at__gt=since, starts_at__lte=until)
    lost = rows.filter(ends_at__gt=since, ends_at__lte=until)
    for found, field, words in (
        (gained, "starts_at", "It depends on item {} since then."),
        (lost, "ends_at", "It depended on item {} until then."),
    ):
        for at, state in found.values_list(field, "state")[:MOST]:
            text = words.format(state["to_item_id"])
            yield Happening(state["from_item_id"], at, "dependency", text)


def carried_out(items: Collection[int], since: datetime, until: datetime) -> Iterator[Happening]:
    """Yield the changes of items: by their end, and while they run by their beginning."""
    touched = Change.objects.filter(items__in=items)
    rows = touched.annotate(at=Coalesce("ended_at", "started_at"))
    rows = rows.filter(at__gt=since, at__lte=until).order_by("-at")
    for item, at, pk, title in rows.values_list("items", "at", "pk", "title")[:MOST]:
        yield Happening(item, at, "change", f"Change {pk}: {title}"[:300], f"/changes/{pk}")


SOURCES: tuple[Source, ...] = (
    Source(carried_out, "changes.view_change", is_plain=False),
    Source(altered, "servers.view_facts"),
    Source(booted, "servers.view_server"),
    Source(started, "servers.view_unit"),
    Source(rewired, "estate.view_link", is_plain=False),
    Source(logged_in, "servers.view_account", is_plain=False),
    Source(recorded, "estate.view_item", is_plain=False),
)


def happened(
    items: Collection[int], since: datetime, until: datetime, *, by: access.Actor
) -> list[Happening]:
    """Return what happened to items in (since, until], as far as somebody may know of it."""
    told: list[Happening] = []
    for source in SOURCES:
        reach = access.reach(by, source.permission)
        if reach.is_anything:
            covered = Item.objects.visible_to(by).filter(pk__in=items)
            known = covered if reach.everywhere else covered & Item.objects.in_reach(reach)
            told += source.ask(list(known.values_list("pk", flat=True)), since, until)
    return sorted(told, key=lambda one: (-one.at.timestamp(), one.item, one.text))


def plain(items: Collection[int], since: datetime, until: datetime) -> list[Happening]:
    """Return what happened to items that may be said to whoever sees the item."""
    return [one for source in SOURCES if source.is_plain
            for one in source.ask(items, since, until)]  # fmt: skip
