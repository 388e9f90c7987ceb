"""Taking in what a probe tells, and enrolling hosts."""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from django.db import transaction

from fullscore.connectors.probe.parse import Report
from fullscore.domains.foundation.estate import services as estate
from fullscore.domains.foundation.estate.models import Item
from fullscore.domains.foundation.estate.queries import known_as
from fullscore.domains.foundation.estate.support import of_release
from fullscore.domains.foundation.telemetry import services as telemetry
from fullscore.domains.foundation.telemetry.services import Measured
from fullscore.domains.infrastructure.servers import rows
from fullscore.domains.infrastructure.servers.announcements import FactsTaken
from fullscore.domains.infrastructure.servers.models import Facts, Server
from fullscore.domains.infrastructure.servers.queries import FACTS_EVERY, STALE_AFTER
from fullscore.domains.infrastructure.servers.services.rows import write
from fullscore.engines.identity import Word
from fullscore.kit import history, live
from fullscore.kit.announcements import announce
from fullscore.kit.audit import bulk, recorded, snapshot
from fullscore.kit.errors import Conflict
from fullscore.kit.models import User

PROBE = "probe"
EVERY_SECONDS = int(FACTS_EVERY.total_seconds())


def enrol(item: Item, *, by: User, way: str = Server.Way.PUSH) -> Server:
    """Make an item a server that a probe tells of."""
    if Server.objects.filter(item=item).exists():
        raise Conflict(f"{item} is enrolled already.")
    if item.kind not in ("host", "vm", "hypervisor"):
        raise Conflict(f"{item} is a {item.kind}; only computers are enrolled.")
    server = Server(item=item, way=way)
    with recorded(server, "enrol", by=by):
        pass
    return server


def local_server(identity: Mapping[str, Any], *, by: User) -> Server:
    """Return the server this program runs on, found by its identity or enrolled now."""
    known = Server.objects.filter(way=Server.Way.LOCAL).select_related("item").first()
    if known:
        return known
    item = known_as(_words({"identity": identity}))
    if item is None:
        name = str(identity.get("fqdn") or identity.get("hostname") or "this machine")[:200]
        item = Item.objects.live().filter(kind="host", name__iexact=name, site=None).first()
        item = item or Item(kind="host", name=name)
        if item.pk is None:
            with recorded(item, "add", by=by, note="the machine this program runs on"):
                pass
    return enrol(item, by=by, way=Server.Way.LOCAL)


def take_samples(item: Item, report: Report, *, now: datetime) -> int:
    """Store a report's samples as this item's; they are durable on return."""
    at_ms = int(report.at * 1000)
    taken = [Measured(n, labels, value, at_ms) for n, labels, value in report.samples]
    return telemetry.ingest(taken, item=item, now=now)


def take_facts(server: Server, report: Report, *, by: User, now: datetime) -> list[str]:
    """Take over what a server says of itself; returns the sections that changed.

    Unchanged facts write their time and nothing else. All of it is one transaction and one entry.
    """
    told_at = min(datetime.fromtimestamp(report.at, UTC), now)
    if server.facts_at is not None and told_at <= server.facts_at:
        return []  # out of a spool: we know newer ones
    now = told_at
    facts = {name: content for name, content in report.facts.items() if content is not None}
    with transaction.atomic():
        own = Server.objects.select_related("item").select_for_update(of=("self",))
        server = own.get(pk=server.pk)
        known = {f.section: f for f in server.sections.all()}
        facts = rows.with_memory(facts, known, now)
        unread = rows.unread_certificates(report.errors)
        changed = _write_sections(server, facts, known, by, now)
        _write_server(server, facts, report, by=by, now=now)
        write(server, facts, changed)
        _write_estate(server, facts, unread, by, now)
        announce(FactsTaken(server.item_id, changed))  # the checks run on the fresh facts at once
        live.publish("estate.item", server.item_id)
    return changed


def _write_sections(
    server: Server, facts: Mapping[str, Any], known: Mapping[str, Facts], by: User, now: datetime
) -> list[str]:
    """Keep the sections as they are told now; return those that changed."""
    for row in [row for name, row in known.items() if name not in facts]:
        history.close(row)
        row.delete()
    told = {n: c for n, c in facts.items() if n not in known or known[n].content != c}
    same = [row.pk for name, row in known.items() if name in facts and name not in told]
    Facts.objects.filter(pk__in=same).update(at=now)
    stable = {name: rows.stable(name, content) for name, content in told.items()}
    made = [
        Facts(server=server, section=name, content=content, hash=digest(stable[name]), at=now)
        for name, content in told.items()
    ]
    Facts.objects.bulk_create(
        made, update_conflicts=True, unique_fields=["server", "section"],
        update_fields=["content", "hash", "at"],
    )  # fmt: skip
    digests = [
        [row.section, row.hash]
        for row in made
        if row.section not in known or known[row.section].hash != row.hash
    ]
    changed = [name for name, _ in digests]
    if changed:
        counts = {"sections": len(changed)}
        entry = bulk("servers.facts", "take", by=by, counts=counts, rows=digests)
        stored = server.sections.filter(section__in=changed).defer("content")
        states = [(f, kept(server.pk, f.section, stable[f.section])) for f in stored]
        history.keep_many(Facts, states, entry=entry)
    return changed


def _write_server(
    server: Server, facts: Mapping[str, Any], report: Report, *, by: User, now: datetime
) -> None:
    """Keep what lists show of a server.

    A changed word is a recorded change, the time alone is not.
    """
    told = rows.columns(facts)
    told["errors"] = [{"section": e.section, "reason": e.reason} for e in report.errors][:100]
    told["state"] = Server.State.OK if report.complete else Server.State.PARTIAL
    if any(getattr(server, name) != value for name, value in told.items()):
        with recorded(server, "take", by=by):
            for name, value in told.items():
                setattr(server, name, value)
            server.facts_at = now
    else:
        Server.objects.filter(pk=server.pk).update(facts_at=now)


def _write_estate(
    server: Server, facts: Mapping[str, Any], unread: list[dict[str, Any]], by: User, now: datetime
) -> None:
    item = server.item
    identity, system = facts.get("identity") or {}, facts.get("os") or {}
    claims = {
        "os": system.get("id"), "os_version": system.get("version_id"),
        "kernel": system.get("kernel"),
        "cpu_count": server.cpu_count, "memory_bytes": server.memory_bytes,
        "serial": identity.get("serial"), "hostname": identity.get("hostname"),
    }  # fmt: skip
    told = estate.Told(
        ref=f"server {server.pk}",
        name=str(identity.get("fqdn") or identity.get("hostname") or item),
        kind=item.kind, words=_words(facts), item=item,
        values={k: v for k, v in claims.items() if v is not None},
    )  # fmt: skip
    source = estate.source_of(PROBE, "probe", by=by, every_seconds=EVERY_SECONDS)
    estate.record_batch(source, [told], by=by, now=now)
    support = of_release(str(system.get("id") or ""), str(system.get("version_id") or ""))
    if support and item.supported_until != support.until:
        with recorded(item, "see", by=by, note=PROBE):
            item.supported_until, item.support_source = support.until, support.source
    if "listeners" in facts:
        estate.see_listeners(item, rows.sockets(facts["listeners"]), by=by, now=now)
    if "certificates" in facts:
        seen = rows.certificates([*facts["certificates"], *unread])
        estate.see_certificates(item, seen, by=by, now=now)


def _words(facts: Mapping[str, Any]) -> list[Word]:
    """Return the words a host is recognised by; the engine of identity knows which are junk."""
    identity = facts.get("identity") or {}
    vendor = str(identity.get("vendor") or "")
    words = [Word(kind, str(identity.get(kind) or "")) for kind in ("system_uuid", "machine_id")]
    words.append(Word("serial", str(identity.get("serial") or ""), vendor))
    words.append(Word("fqdn", str(identity.get("fqdn") or "")))
    words.append(Word("cloud_id", _cloud_id(identity.get("cloud") or {})))
    return [word for word in words if word.value]


def kept(server: int, section: str, content: Any) -> dict[str, Any]:
    """Return the state that a version of a section holds."""
    return {"server_id": server, "section": section, "content": content}


def _cloud_id(cloud: Mapping[str, Any]) -> str:
    """Return an instance's id as its account tells it; mere numbers beside who counted them."""
    ident, provider = str(cloud.get("instance_id") or ""), str(cloud.get("provider") or "")
    return f"{provider}/{ident}" if ident.isdecimal() else ident


def digest(content: Any) -> str:
    """Return what tells one stable section from another."""
    told = json.dumps(content, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(told.encode()).hexdigest()


def declare_silent(*, now: datetime) -> int:
    """Mark the servers that have told nothing for three intervals."""
    late = Server.objects.filter(facts_at__lt=now - STALE_AFTER).exclude(state=Server.State.SILENT)
    with transaction.atomic():
        silent = list(late.select_for_update(of=("self",)))
        late.filter(pk__in=[server.pk for server in silent]).update(state=Server.State.SILENT)
        for server in silent:
            server.state = Server.State.SILENT
        history.keep_many(Server, [(server, snapshot(server)) for server in silent])
    return len(silent)
