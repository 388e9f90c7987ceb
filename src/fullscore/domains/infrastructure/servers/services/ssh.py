"""Hosts read over SSH: added, trusted, given a credential, read, paused."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import Q

from fullscore.connectors.probe.parse import Report
from fullscore.connectors.ssh import keys
from fullscore.domains.foundation.changes.models import CommandAccess
from fullscore.domains.foundation.changes.services import keys as pairs
from fullscore.domains.foundation.changes.services.runbooks.entering import tell_way
from fullscore.domains.foundation.estate.models import Item
from fullscore.domains.infrastructure.servers.models import Server, SshHost
from fullscore.domains.infrastructure.servers.services.reports import (
    enrol,
    take_facts,
    take_samples,
)
from fullscore.kit import live, secrets, time
from fullscore.kit.audit import recorded
from fullscore.kit.errors import Conflict, Invalid
from fullscore.kit.models import User
from fullscore.kit.models.secret import Secret

State = SshHost.State
COMPUTERS = ("host", "vm", "hypervisor")
LOOKED_FOR = (State.NEW, State.UNTRUSTED)
ASKED_AGAIN = timedelta(minutes=5)  # of a host whose key nobody has trusted yet


class Visit(NamedTuple):
    """How a visit went; `error` is a sentence, empty when all is well."""

    host: int
    at: datetime
    took_ms: int
    error: str = ""
    offered_key: str = ""


def add_host(*, by: User, address: str, item: Item | None = None, **values: Any) -> SshHost:
    """Add a host to be read over SSH; the key it shows is asked for next."""
    if item is not None and item.kind not in COMPUTERS:
        raise Invalid(
            f"{item} is a {item.kind}; only computers are read.", {"item": ["Choose a computer."]}
        )
    if SshHost.objects.filter(address=address, port=values.get("port") or 22).exists():
        raise Invalid(
            "A host is read at this address already.", {"address": ["It is there already."]}
        )
    with transaction.atomic():
        item = item or _item_called(address, by=by)
        host = SshHost(item=item, address=address, next_at=time.now(), **values)
        with recorded(host, "add", by=by):
            pass
    return host


def _item_called(name: str, *, by: User) -> Item:
    """Return the computer of that name, or a new host."""
    known = Item.objects.live().filter(kind__in=COMPUTERS, name__iexact=name, site=None)
    if (item := known.first()) is not None:
        if SshHost.objects.filter(item=item).exists():
            told = f"{item} is read over SSH already, at another address or port: choose an item."
            raise Invalid(told, {"item": ["Choose one."]})
        return item
    item = Item(kind="host", name=name)
    with recorded(item, "add", by=by, note="to be read over SSH"):
        pass
    return item


def change_host(host: SshHost, *, by: User, **values: Any) -> SshHost:
    """Alter how a host is reached; at another address its key is looked for anew.

    A password does not move along: whoever may change an address could have it sent elsewhere.
    """
    moved = any(values.get(n, getattr(host, n)) != getattr(host, n) for n in ("address", "port"))
    with recorded(host, "change", by=by):
        for name, value in values.items():
            setattr(host, name, value)
        if moved:
            host.state, host.offered_key, host.host_key = State.NEW, "", ""
            host.next_at = time.now()
            if host.credential and host.credential.kind == Secret.Kind.PASSWORD:
                host.credential = None
    if CommandAccess.objects.filter(item=host.item_id).exists():
        _tell(host, by)
    return host


def _tell(host: SshHost, by: User) -> None:
    """Let whoever runs commands know where the host is, and by which key it is known."""
    tell_way(
        host.item, by=by, address=host.address, port=host.port, host_key=host.host_key,
        reader=host.user,
    )  # fmt: skip


def trust(host: SshHost, *, by: User, fingerprint: str = "") -> SshHost:
    """Say that the key the host shows is its own: from now on no other is talked to."""
    if not host.offered_key:
        raise Conflict("It has shown no key yet: see that it can be reached.")
    shown = keys.fingerprint(host.offered_key)
    if fingerprint and fingerprint.strip().removeprefix("SHA256:") != shown.removeprefix("SHA256:"):
        raise Invalid(
            f"The host shows {shown}, which is another key: do not trust it.",
            {"fingerprint": ["It is not the key that was shown."]},
        )
    with recorded(host, "trust", by=by, note=shown):
        host.host_key, host.offered_key = host.offered_key, ""
        host.state, host.failures, host.last_error = State.OK, 0, ""
        host.next_at = time.now()
    _tell(host, by)
    return host


def make_key(host: SshHost, *, by: User) -> SshHost:
    """Make a pair of keys for this host; its page says what to put where on the host."""
    private, public = keys.new_pair("fullscore")
    with recorded(host, "make_key", by=by):
        _keep(host, private, Secret.Kind.PRIVATE_KEY, by)
        host.public_key = public
    return host


def give_credential(
    host: SshHost, *, by: User, private_key: str = "", password: str = ""
) -> SshHost:
    """Store a private key or a password the account is opened by; it is not shown again."""
    if bool(private_key) == bool(password):
        raise Invalid("Give either a private key or a password.")
    if private_key:
        private_key = pairs.checked(private_key)
    with recorded(host, "give_credential", by=by):
        kind = Secret.Kind.PRIVATE_KEY if private_key else Secret.Kind.PASSWORD
        _keep(host, private_key or password, kind, by)
        host.public_key = ""
    return host


def _keep(host: SshHost, value: str, kind: str, by: User) -> None:
    """Keep a credential; whoever may still be reading with the old one gets to its end."""
    if host.credential is None or host.credential.kind != kind:
        name = f"SSH {host.pk} {kind} {time.now():%Y%m%d%H%M%S%f}"
        host.credential = secrets.keep(
            name, value, by=by, kind=kind, scope=f"{host.user}@{host.address}"[:120]
        )
    else:
        secrets.replace(host.credential, value, by=by)
    host.next_at = time.now()


def read_now(host: SshHost, *, by: User) -> SshHost:
    """Let a collector visit the host at once, and take its facts too."""
    if host.state == State.PAUSED:
        raise Conflict("It is paused: resume it first.")
    SshHost.objects.filter(pk=host.pk).update(next_at=time.now())
    Server.objects.filter(item=host.item_id, way=Server.Way.SSH).update(wanted_at=time.now())
    return host


def pause(host: SshHost, *, by: User, note: str = "") -> SshHost:
    """Read a host no longer, until it is resumed."""
    if host.state == State.PAUSED:
        raise Conflict("It is paused already.")
    with recorded(host, "pause", by=by, note=note):
        host.state = State.PAUSED
    return host


def resume(host: SshHost, *, by: User) -> SshHost:
    """Read a paused host again."""
    if host.state != State.PAUSED:
        raise Conflict("It is not paused.")
    with recorded(host, "resume", by=by):
        host.state = State.OK if host.host_key else State.NEW
        host.failures, host.next_at = 0, time.now()
    return host


@transaction.atomic
def claim(*, most: int, now: datetime) -> list[SshHost]:
    """Take the hosts that are due: each turn of a host belongs to one collector alone."""
    due = Q(next_at__lte=now) & ~Q(state=State.PAUSED)
    is_ready = Q(state__in=LOOKED_FOR) | Q(credential__isnull=False)
    rows = SshHost.objects.filter(due, is_ready).select_related("item", "credential")
    return [h for h in rows.order_by("next_at")[:most] if _is_claimed(h, now)]


def _is_claimed(host: SshHost, now: datetime) -> bool:
    every = ASKED_AGAIN if host.state in LOOKED_FOR else timedelta(seconds=host.every_seconds)
    passed = max(0, (now - (host.next_at or now)) // every)  # a late turn is skipped, not queued
    following = (host.next_at or now) + (passed + 1) * every
    row = SshHost.objects.filter(pk=host.pk, next_at=host.next_at)
    return bool(row.update(next_at=following))


def server_of(host: SshHost, *, by: User) -> Server:
    """Return the server a host is, enrolled when it first tells something."""
    found = Server.objects.filter(item=host.item_id).select_related("item").first()
    return found or enrol(host.item, by=by, way=Server.Way.SSH)


def take_report(server: Server, report: Report, *, by: User, at: datetime) -> None:
    """Take over what a host told in a visit begun then."""
    try:
        take_samples(server.item, report, now=at)
    finally:  # a full sample store keeps no facts away
        if report.facts:
            Server.objects.filter(pk=server.pk, wanted_at__lte=at).update(wanted_at=None)
            take_facts(server, report, by=by, now=max(at, time.now()))


def note_visits(visits: Iterable[Visit], *, by: User) -> None:
    """Write down how visits went; who watches is told when a state changes."""
    told = {one.host: one for one in visits}
    with transaction.atomic():
        for host in SshHost.objects.select_for_update().filter(pk__in=told):
            _note(host, told[host.pk], by)


def _note(host: SshHost, visit: Visit, by: User) -> None:
    host.failures = host.failures + 1 if visit.error else 0
    host.last_error, host.last_at = visit.error[:300], visit.at
    host.last_took_ms = visit.took_ms
    before = (host.state, host.offered_key)
    if visit.offered_key:
        host.offered_key = "" if visit.offered_key == host.host_key else visit.offered_key
    if host.host_key and host.state != State.PAUSED:
        host.state = State.FAILING if visit.error else State.OK
    elif host.offered_key and host.state == State.NEW:
        host.state = State.UNTRUSTED
    host.save(
        update_fields=["failures", "last_error", "last_at", "last_took_ms", "state", "offered_key"]
    )
    if (host.state, host.offered_key) != before:
        live.publish("servers.sshhost", host.pk)
