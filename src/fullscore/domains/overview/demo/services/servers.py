"""Founding Brightwater's servers: everything a probe would have told of each, written set at a
time."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from fullscore.domains.foundation.estate.models import (
    Certificate,
    Claim,
    Identifier,
    Item,
    Listener,
    Sighting,
    Source,
)
from fullscore.domains.infrastructure.servers import rows
from fullscore.domains.infrastructure.servers import services as servers
from fullscore.domains.infrastructure.servers.models import (
    Account,
    AccountKey,
    Disk,
    Facts,
    Filesystem,
    Installed,
    PackageVersion,
    Server,
    SudoRule,
    Unit,
)
from fullscore.domains.infrastructure.servers.queries import FACTS_EVERY, STALE_AFTER
from fullscore.domains.infrastructure.servers.rows import logins
from fullscore.domains.infrastructure.servers.rules.logins import Known
from fullscore.domains.overview.demo import sections, software
from fullscore.domains.overview.demo.company import Company, Computer
from fullscore.domains.overview.demo.services import keeping
from fullscore.engines.identity import Word, cleaned
from fullscore.kit import bulk
from fullscore.kit.models import User

SILENT_SINCE = timedelta(hours=3)
IDENTIFIERS = ("serial", "system_uuid", "machine_id")
CLAIMED = {"os": "id", "os_version": "version_id", "kernel": "kernel"}

Told = Mapping[str, Mapping[str, Any]]  # by host, then by section


def found(
    company: Company, items: Mapping[str, Item], *, by: User, now: datetime, began: datetime
) -> Told:
    """Make servers, facts and the rows made of them; returns the facts by host."""
    told = {c.name: sections.facts(c, seed=company.seed, at=now) for c in company.computers}
    made = [_server(c, items[c.name], told[c.name], now) for c in company.computers]
    known = {s.item.name: s for s in keeping.made(made, by=by, began=began)}
    _facts(known, told, by=by, began=began)
    _rows(known, told)
    _packages(known, told)
    _estate(company, items, told, by=by, now=now, began=began)
    return told


def seen_at(computer: Computer, now: datetime) -> datetime:
    """Return when a host last told something."""
    return now - SILENT_SINCE if "silent" in computer.faults else now


def _server(computer: Computer, item: Item, facts: Mapping[str, Any], now: datetime) -> Server:
    state = Server.State.SILENT if "silent" in computer.faults else Server.State.OK
    return Server(
        item=item,
        way=Server.Way.PUSH,
        state=state,
        facts_at=seen_at(computer, now),
        **rows.columns(facts),
    )


def _facts(known: Mapping[str, Server], told: Told, *, by: User, began: datetime) -> None:
    stable = {
        (known[name].pk, section): rows.stable(section, content)
        for name, facts in told.items()
        for section, content in facts.items()
    }
    made = [
        Facts(
            server=known[name], section=section, content=content, at=known[name].facts_at or began,
            hash=servers.digest(stable[known[name].pk, section]),
        )
        for name, facts in told.items()
        for section, content in facts.items()
    ]  # fmt: skip
    stored = keeping.made(made, by=by, began=began, keeps=False)
    states = [
        (f, servers.kept(f.server_id, f.section, stable[f.server_id, f.section])) for f in stored
    ]
    keeping.founded(Facts, states, by=by, began=began)


def _rows(known: Mapping[str, Server], told: Told) -> None:
    """Write units, mounts, disks, logins and who may become root, as the servers' own services
    shape them."""
    units: list[Unit] = []
    mounts: list[Filesystem] = []
    disks: list[Disk] = []
    accounts: list[Account] = []
    allowed: list[SudoRule] = []
    for name, facts in told.items():
        server = known[name]
        units += rows.units_of(server, facts["units"])
        mounts += rows.filesystems_of(server, facts["filesystems"])
        disks += rows.disks_of(server, facts["hardware"]["disks"])
        accounts += logins.accounts_of(server, facts["users"], facts["sudo"])
        allowed += logins.rules_of(server, facts["sudo"])
    Unit.objects.bulk_create(units, batch_size=1000)
    Filesystem.objects.bulk_create(mounts, batch_size=1000)
    Disk.objects.bulk_create(disks, batch_size=1000)
    SudoRule.objects.bulk_create(allowed, batch_size=1000)
    Account.objects.bulk_create(accounts, batch_size=1000)
    _keys(known, told, accounts)
    servers.match_logins()


def _keys(known: Mapping[str, Server], told: Told, accounts: Sequence[Account]) -> None:
    by_server: dict[int, list[Account]] = {}
    for account in accounts:
        by_server.setdefault(account.server_id, []).append(account)
    made: list[AccountKey] = []
    for name, facts in told.items():
        made += logins.keys_of(by_server[known[name].pk], facts["users"], Known())
    AccountKey.objects.bulk_create(made, batch_size=1000)


def _packages(known: Mapping[str, Server], told: Told) -> None:
    """Write each version of each package once, and which hosts have it."""
    wanted = {_package_key(p): p for facts in told.values() for p in facts["packages"]}
    made = PackageVersion.objects.bulk_create(
        [
            PackageVersion(
                manager=p["manager"],
                key=rows.version_key(p["manager"], p["version"]),
                name=p["name"],
                version=p["version"],
                architecture=p["architecture"],
                source=p["source"],
                source_version=p["source_version"],
            )
            for p in wanted.values()
        ]
    )
    ids = dict(zip(wanted, (p.pk for p in made), strict=True))
    installed: list[tuple[Any, ...]] = []
    for name, facts in told.items():
        waiting = {u["name"]: rows.waiting(u) for u in facts["updates"]["rows"]}
        installed += [
            (known[name].pk, ids[_package_key(p)], *waiting.get(p["name"], rows.NOTHING_WAITS))
            for p in facts["packages"]
        ]
    bulk.insert(Installed, ("server", "package", *rows.WAITING), installed)


def _package_key(package: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(package[k] for k in ("manager", "name", "version", "architecture"))


def _estate(
    company: Company,
    items: Mapping[str, Item],
    told: Told,
    *,
    by: User,
    now: datetime,
    began: datetime,
) -> None:  # fmt: skip
    """Write what the estate takes from facts: identifiers, claims, sockets, certificates."""
    identifiers: list[Identifier] = []
    sightings = _sightings(company, items, told, by=by, now=now, began=began)
    claims: list[Claim] = []
    sockets: list[Listener] = []
    certificates: list[Certificate] = []
    for computer in company.computers:
        item, facts, at = items[computer.name], told[computer.name], seen_at(computer, now)
        identifiers += _identifiers(item, facts["identity"])
        claims += _claims(sightings[computer.name], facts)
        sockets += _sockets(item, facts["listeners"], at)
        certificates += _certificates(item, facts["certificates"], at)
    for many in (identifiers, claims, sockets, certificates):
        keeping.made(many, by=by, began=began)
    silent = [items[c.name].pk for c in company.computers if "silent" in c.faults]
    Item.objects.filter(pk__in=silent).update(seen_at=now - SILENT_SINCE)


def _sightings(
    company: Company, items: Mapping[str, Item], told: Told, *, by: User, now: datetime,
    began: datetime,
) -> Mapping[str, Sighting]:  # fmt: skip
    """Let one source, the probe, have seen every computer since the company was founded."""
    every = int(FACTS_EVERY.total_seconds())
    source = Source(name=servers.PROBE, kind="probe", expected_every_seconds=every, last_run_at=now)
    keeping.made([source], by=by, began=began)
    rows = [
        Sighting(
            source=source, ref=f"server {one.name}", name=one.name, kind=one.kind,
            item=items[one.name], outcome=Sighting.Outcome.MATCHED, values=_said(told[one.name]),
            hash="0" * 64, first_seen_at=began, seen_at=seen_at(one, now),
            expires_at=seen_at(one, now) + STALE_AFTER,
        )
        for one in company.computers
    ]  # fmt: skip
    return keeping.by_name(keeping.made(rows, by=by, began=began, keeps=False))


def _identifiers(item: Item, identity: Mapping[str, Any]) -> Iterator[Identifier]:
    told = [
        Word(kind, str(identity.get(kind) or ""), str(identity.get("vendor") or ""))
        for kind in IDENTIFIERS
    ]
    for word in sorted(cleaned(told)):
        yield Identifier(item=item, kind=word.kind, value=word.value, vendor=word.vendor)


def _said(facts: Mapping[str, Any]) -> dict[str, Any]:
    values = {name: facts["os"][field] for name, field in CLAIMED.items()}
    return values | {
        "cpu_count": facts["hardware"]["threads"],
        "hostname": facts["identity"]["hostname"],
    }


def _claims(sighting: Sighting, facts: Mapping[str, Any]) -> Iterator[Claim]:
    for name, value in _said(facts).items():
        yield Claim(
            item=sighting.item, attribute=name, value=value, source=sighting.source,
            sighting=sighting, observed_at=sighting.first_seen_at,
        )  # fmt: skip


def _sockets(
    item: Item, listeners: Sequence[Mapping[str, Any]], at: datetime
) -> Iterator[Listener]:
    """Return the sockets; databases on their own address are declared, the open one is not."""
    for one in rows.sockets(listeners):
        yield Listener(
            item=item, address=one["address"], transport=one["transport"], port=one["port"],
            process=one["command"], unit=one["unit"], seen_at=at,
            is_intended=one["port"] == 5432 and one["address"] != "0.0.0.0",  # noqa: S104 - compared
        )  # fmt: skip


def _certificates(
    item: Item, seen: Sequence[Mapping[str, Any]], at: datetime
) -> Iterator[Certificate]:
    for one in rows.certificates(seen):
        yield Certificate(
            item=item, path=one["path"], sha256=one["fingerprint"], subject=one["subject"],
            names=one["names"], issuer=one["issuer"], not_before=one["not_before"],
            not_after=one["ends_at"], key_kind=one["key_kind"], key_bits=one["key_bits"],
            signature=one["signature"], seen_at=at,
        )  # fmt: skip


def repair(name: str, *, now: datetime) -> None:
    """Let a host tell that somebody has repaired it: no unit is failed, nobody is root without
    a password."""
    server = Server.objects.get(item__name=name)
    for section in server.sections.filter(section__in=("units", "sudo")):
        section.content = _repaired(section.section, section.content, now)
        section.hash = servers.digest(rows.stable(section.section, section.content))
        section.at = now
        section.save()
        if section.section == "units":
            failed = server.units.filter(active="failed")
            failed.update(active="active", sub="running", result="success", since=now)


def _repaired(section: str, content: Sequence[Mapping[str, Any]], now: datetime) -> list[Any]:
    if section == "sudo":
        return [rule for rule in content if "NOPASSWD" not in rule["tags"]]
    return [software.repaired(dict(u), now) if u["active"] == "failed" else u for u in content]
