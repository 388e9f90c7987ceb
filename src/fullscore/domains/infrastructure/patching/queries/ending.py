"""What is out of support or soon will be: releases, with what hangs on each."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import NamedTuple

from django.db.models import Q

from fullscore.domains.foundation.changes.queries.blast import needed_by
from fullscore.domains.foundation.estate import support
from fullscore.domains.foundation.estate.models import Item
from fullscore.domains.infrastructure.patching.rules.products import BEGINNINGS, product
from fullscore.domains.infrastructure.servers.models import Installed, Server
from fullscore.kit.access import Actor

SOON = timedelta(days=180)


class Named(NamedTuple):
    """Something with a page of its own."""

    name: str
    url: str


@dataclass(slots=True)
class Release:
    """One release of something, and what runs it."""

    name: str
    kind: str  # system, software, hardware
    until: date
    source: str
    to: str = ""  # what to upgrade to
    advice: str = ""
    os_id: str = ""  # of a system
    release: str = ""
    items: dict[int, Named] = field(default_factory=dict)
    services: list[Named] = field(default_factory=list)

    @property
    def is_in_place(self) -> bool:
        """Say whether its servers can be brought to the next release as they stand."""
        return self.kind == "system" and self.os_id in support.IN_PLACE and bool(self.to)


Found = dict[tuple[str, str, date], Release]


def releases(user: Actor) -> list[Release]:
    """Return every release whose end is known and that somebody may see, the first to end first.

    What hangs on each are the services that need, however far, one of the items that run it.
    """
    found: Found = {}
    servers = Server.objects.visible_to(user).filter(item__in=Item.objects.live())
    for row in _systems(servers):
        _add(found, *row)
    for row in _products(servers):
        _add(found, *row)
    for row in _hardware(user, servers):
        _add(found, *row)
    told = sorted(found.values(), key=lambda one: (one.until, one.name))
    _hang(told, user)
    return told


def _add(found: Found, release: Release, item: int, named: Named) -> None:
    key = (release.kind, release.name, release.until)
    found.setdefault(key, release).items[item] = named


def _systems(servers: Iterable[Server]) -> Iterator[tuple[Release, int, Named]]:
    for one in servers.select_related("item").order_by("item__name"):  # type: ignore[attr-defined]
        until = one.item.supported_until
        if until is None or not one.os_id:
            continue
        release = support.release_of(one.os_id, one.os_version)
        name = f"{(one.os_name.split() or [one.os_id])[0]} {release}"
        follows = support.next_release(one.os_id, release)
        to, advice = _after(one.os_id, name.rpartition(" ")[0], follows)
        yield (
            Release(name, "system", until, one.item.support_source, to, advice, one.os_id, release),
            one.item_id, Named(one.item.name, f"/servers/{one.pk}"),
        )  # fmt: skip


def _after(os_id: str, name: str, follows: str | None) -> tuple[str, str]:
    """Return what follows a release, and how one comes there."""
    if follows is None:
        return "", "What follows it is not known here."
    if not follows:
        return "", "No successor: set up anew on another system."
    ends = support.of_release(os_id, follows)
    lasts = f"supported until {ends.until:%-d %b %Y}" if ends else ""
    way = "in place" if os_id in support.IN_PLACE else "set up anew"
    return f"{name} {follows}", ", ".join(part for part in (way, lasts) if part)


def _products(servers: Iterable[Server]) -> Iterator[tuple[Release, int, Named]]:
    begins = Q()
    for start in BEGINNINGS:
        begins |= Q(package__name__startswith=start)
    rows = Installed.objects.filter(begins, server__in=servers).order_by("server__item__name")
    for item, host, pk, name, version in rows.values_list(
        "server__item_id", "server__item__name", "server_id", "package__name", "package__version"
    ):
        one = product(name, version)
        ends = support.of_product(one.name, one.release) if one else None
        if one and ends:
            newest = support.newest_of(one.name)
            to = f"{one.name} {newest}" if newest != one.release else ""
            last = support.of_product(one.name, newest)
            lasts = f"supported until {last.until:%-d %b %Y}" if last and to else ""
            called = f"{one.name} {one.release}"
            yield (
                Release(called, "software", ends.until, ends.source, to, lasts),
                item, Named(host, f"/servers/{pk}"),
            )  # fmt: skip


def _hardware(user: Actor, servers: Iterable[Server]) -> Iterator[tuple[Release, int, Named]]:
    """Yield what is no server and has an end of its own: devices, software entered by hand."""
    rows = Item.objects.visible_to(user).live().filter(supported_until__isnull=False)
    for one in rows.exclude(server__in=servers).order_by("name"):
        told = one.attributes
        words = [str(told[key]) for key in ("os", "os_version", "model") if told.get(key)]
        name = " ".join(words) or f"{one.name} ({one.kind})"
        until = one.supported_until
        if until is not None:
            yield (
                Release(name, "other", until, one.support_source),
                one.pk, Named(one.name, f"/items/{one.pk}"),
            )  # fmt: skip


def _hang(told: Iterable[Release], user: Actor) -> None:
    """Say of each release which services hang on it."""
    below = _below(user)
    for one in told:
        items = one.items.keys()
        one.services = [named for named, needs in below if not needs.isdisjoint(items)]


def _below(user: Actor) -> list[tuple[Named, set[int]]]:
    rows = Item.objects.visible_to(user).live().filter(kind="service").order_by("name")
    return [
        (Named(name, f"/items/{pk}"), needed_by(pk)) for pk, name in rows.values_list("pk", "name")
    ]


def on_release(os_id: str, release: str) -> Mapping[int, str]:
    """Return the version of each live server, by its key, that runs a release."""
    rows = Server.objects.filter(item__in=Item.objects.live(), os_id__iexact=os_id)
    return {
        pk: version
        for pk, version in rows.values_list("pk", "os_version")
        if support.release_of(os_id, version) == release
    }
