"""What can be wrong with what exists: end of life, certificates, open doors, nobody's items."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from fullscore.domains.foundation.estate.facts import (
    Aging,
    Astray,
    Disputed,
    Held,
    Leaning,
    Shared,
    Socket,
    Worn,
)
from fullscore.kit.checks import Cost, Limits, Subject, Verdict, bad, good, graded, rule, unknown

QUARTER = timedelta(minutes=15)
DAY = timedelta(days=1)


@rule(
    "estate.end_of_life",
    title="Out of support",
    codes=["E2", "S12", "P42", "M26"],
    why="After its end a release gets no security updates: each new fault stays open for good.",
    source="The date its maker publishes; 180 days are the usual time to plan an upgrade.",
    fix="Plan the upgrade to the next release, or replace the item.",
    limits={"medium": 180, "high": 0},
)
def end_of_life(items: Iterable[Aging], *, now: datetime, limits: Limits) -> Iterator[Verdict]:
    """Say what is out of support, or will be within half a year."""
    for one in items:
        if one.until is None:
            continue
        days = (one.until - now.date()).days
        words = f"ended {-days} days ago" if days < 0 else f"ends in {days} days"
        yield graded(
            Subject(item=one.item), days, limits.of(one.item), worse="below", unit="d",
            title=f"Support of {one.what} on {one.name} {words}", advice=end_of_life.fix,
            evidence=({"supported_until": one.until.isoformat(), "source": one.source},),
        )  # fmt: skip


@rule(
    "estate.certificate_ends",
    title="Certificates that end",
    codes=["E9", "N12", "T1", "P41"],
    every=QUARTER,
    why="On that minute clients refuse the service; nobody can work around it.",
    source="30, 14 and 3 days: the time to order, to escalate, to act.",
    fix="Renew it, put it in place, reload the service.",
    limits={"medium": 30, "high": 14, "critical": 3},
    is_urgent=True,
)
def certificate_ends(worn: Iterable[Worn], *, now: datetime, limits: Limits) -> Iterator[Verdict]:
    """Say which certificates in use end soon."""
    for one in worn:
        subject = Subject(item=one.item, key=one.path)
        if one.ends_at is None:
            yield _unread(one)
            continue
        days = (one.ends_at - now) / DAY
        words = f"ended {-days:.0f} days ago" if days < 0 else f"ends in {days:.0f} days"
        yield graded(
            subject,
            days,
            limits.of(one.item),
            worse="below",
            unit="d",
            advice=certificate_ends.fix,
            title=f"The certificate {one.subject or one.path} on {one.host} {words}",
            evidence=(
                {"path": one.path, "subject": one.subject, "ends_at": one.ends_at.isoformat()},
            ),
            cost=Cost(due_at=one.ends_at, lead_hours=24),
            due_on=one.ends_at.date(),
        )


def _unread(one: Worn) -> Verdict:
    return unknown(
        Subject(item=one.item, key=one.path), why=f"{one.path} cannot be read",
        remedy=f"setfacl -m u:fullscore:r {one.path}",
    )  # fmt: skip


@rule(
    "estate.certificate_weak",
    title="Weak certificates",
    codes=["E10"],
    every=QUARTER,
    why="A short key or a broken hash lets others forge the certificate.",
    source="RSA under 2,048 bits, EC under 256, DSA, SHA-1 or MD5; CA/Browser Forum.",
    fix="Issue a new one with a 2,048-bit RSA or P-256 key and SHA-256.",
    limits={"rsa": 2048, "ec": 256},
)
def certificate_weak(worn: Iterable[Worn], *, now: datetime, limits: Limits) -> Iterator[Verdict]:
    """Say which certificates in use have a weak key or signature."""
    for one in worn:
        mine = limits.of(one.item)
        subject = Subject(item=one.item, key=one.path)
        if one.ends_at is None:
            yield _unread(one)
            continue
        least = mine["ec"] if one.key_kind.startswith(("ec", "ed")) else mine["rsa"]
        is_short = one.key_kind == "dsa" or (one.key_bits is not None and one.key_bits < least)
        is_broken = any(mark in one.signature.lower() for mark in ("sha1", "md5", "md2"))
        if is_short or is_broken:
            fault = (
                f"{one.key_kind} {one.key_bits} bits"
                if is_short
                else f"signed with {one.signature}"
            )
            yield bad(
                subject, severity=4, figure=one.key_bits, limit=least, unit="bit",
                title=f"The certificate {one.subject or one.path} on {one.host} is weak: {fault}",
                evidence=({"path": one.path, "key": one.key_kind, "signature": one.signature},),
                advice=certificate_weak.fix,
            )  # fmt: skip
        else:
            yield good(subject)


# Ports of databases and of administration that have no business on an open address.
GUARDED = {
    1433: "SQL Server", 1521: "Oracle", 2375: "Docker", 2379: "etcd", 3306: "MySQL/MariaDB",
    5432: "PostgreSQL", 5984: "CouchDB", 6379: "Redis", 7000: "Cassandra", 8086: "InfluxDB",
    9000: "ClickHouse", 9042: "Cassandra", 9200: "Elasticsearch", 11211: "memcached",
    15672: "RabbitMQ administration", 27017: "MongoDB", 23: "telnet", 512: "rexec", 513: "rlogin",
    514: "rsh", 3389: "remote desktop", 5900: "VNC", 10000: "Webmin", 8443: "administration",
    9090: "Cockpit or Prometheus", 10250: "kubelet", 111: "rpcbind", 2049: "NFS",
}  # fmt: skip
LOOPBACK = ("127.", "::1", "[::1]", "localhost", "::ffff:127.")
DATABASES = {"postgres", "mysqld", "mariadbd", "redis-server", "mongod", "memcached", "clickhouse"}


@rule(
    "estate.open_to_world",
    title="Databases and administration open to the network",
    codes=["E11", "N13", "H4"],
    every=QUARTER,
    why="Scanners find such a port within hours; many such services have no password.",
    source="A list of database and administration ports on an address that is not loopback.",
    fix="Bind it to loopback or a management network, filter it, or declare it as intended.",
)
def open_to_world(sockets: Iterable[Socket], *, now: datetime, limits: Limits) -> Iterator[Verdict]:
    """Say which databases and administration ports listen beyond loopback."""
    for one in sockets:
        subject = Subject(item=one.item, key=f"{one.transport} {one.address}:{one.port}")
        name = GUARDED.get(one.port) or (one.process if one.process in DATABASES else "")
        is_local = one.address.startswith(LOOPBACK)
        if not name:
            continue
        if is_local or one.is_intended or one.transport.startswith("udp"):
            yield good(subject)
            continue
        yield bad(
            subject, severity=4, title=f"{name} on {one.host} listens on {one.address}:{one.port}",
            evidence=({"process": one.process, "address": one.address, "port": one.port},),
            advice=open_to_world.fix,
        )  # fmt: skip


@rule(
    "estate.unowned", title="Important items that are nobody's", codes=["E6"],
    why="When it breaks everybody believes that somebody else is on it.",
    source="Active, criticality 1 or 2, without an owning team.", fix="Give it an owner.",
)  # fmt: skip
def unowned(items: Iterable[Held], *, now: datetime, limits: Limits) -> Iterator[Verdict]:
    """Say which critical items have no owner."""
    for one in items:
        subject = Subject(item=one.item)
        if one.effective <= 2 and one.owner is None:
            yield bad(
                subject,
                severity=3,
                title=f"{one.name} is critical and nobody's",
                advice=unowned.fix,
                evidence=({"kind": one.kind, "criticality": one.effective},),
            )
        else:
            yield good(subject)


@rule(
    "estate.understated",
    title="Items more critical than they say",
    codes=["E3"],
    why="It is patched, backed up and watched as if nobody needed it.",
    source="What hard-depends on it is critical by two classes more.",
    fix="Restate its criticality.",
    limits={"classes": 2},
)
def understated(items: Iterable[Held], *, now: datetime, limits: Limits) -> Iterator[Verdict]:
    """Say which items carry more than their stated criticality."""
    for one in items:
        subject = Subject(item=one.item)
        gap = one.criticality - one.effective
        if gap >= limits.of(one.item)["classes"]:
            yield bad(
                subject, severity=3, figure=one.effective, limit=one.criticality, unit="1",
                title=f"{one.name} carries criticality {one.effective} but says {one.criticality}",
                advice=understated.fix,
            )  # fmt: skip
        else:
            yield good(subject)


@rule(
    "estate.unseen", title="Items no source has seen for long", codes=["E4"],
    why="It is gone and still in the books, or it is there and nobody watches.",
    source="No live claim for three intervals of its source, and for 7 days.",
    fix="Look where it is; retire it, or repair its source.",
    limits={"medium": 7},
)  # fmt: skip
def unseen(items: Iterable[Held], *, now: datetime, limits: Limits) -> Iterator[Verdict]:
    """Say which items that some source used to see are not seen any more."""
    for one in items:
        if one.seen_at is None or one.expires_at is None:
            continue
        days = (now - one.seen_at) / DAY if one.expires_at <= now else 0.0
        yield graded(
            Subject(item=one.item), days, limits.of(one.item), unit="d", advice=unseen.fix,
            title=f"{one.name} was last seen {days:.0f} days ago",
        )  # fmt: skip


@rule(
    "estate.single_point", title="Single points of failure", codes=["E1"],
    why="One fault of one thing stops what the company needs.",
    source="Criticality 1 or 2 with an item whose failure alone brings it down.",
    fix="Add a second support to the need, or accept it by an exception.",
)  # fmt: skip
def single_point(items: Iterable[Leaning], *, now: datetime, limits: Limits) -> Iterator[Verdict]:
    """Say which critical items hang on a single other one."""
    for one in items:
        subject = Subject(item=one.item)
        if one.points:
            first = ", ".join(one.points[:3]) + (" …" if len(one.points) > 3 else "")
            yield bad(
                subject,
                severity=4,
                figure=len(one.points),
                limit=0,
                unit="1",
                advice=single_point.fix,
                title=f"{one.name} goes down with {first}",
                evidence=tuple({"single point": name} for name in one.points[:20]),
            )
        else:
            yield good(subject)


@rule(
    "estate.difference_old",
    title="Differences nobody has decided",
    codes=["E7", "N5", "N7", "VM5"],
    why="Either the record or the world is wrong, and people rely on the wrong one.",
    source="Open for 14 days; our judgement.", fix="Accept what is seen, or have it brought back.",
    limits={"low": 14},
)  # fmt: skip
def difference_old(
    items: Iterable[Disputed], *, now: datetime, limits: Limits
) -> Iterator[Verdict]:
    """Say which differences between record and world have waited long."""
    for one in items:
        days = (now - one.since) / DAY
        yield graded(
            Subject(item=one.item, key=one.attribute), days, limits.of(one.item), unit="d",
            title=f"{one.attribute} of {one.name} has been in dispute for {days:.0f} days",
            evidence=({"recorded": one.intended, "seen": one.actual},), advice=difference_old.fix,
        )  # fmt: skip


@rule(
    "estate.needs_lesser", title="Production that needs test or development", codes=["E5"],
    why="What is switched off, altered or overloaded for a trial takes production with it.",
    source="A hard need of an item of production of one of test or development.",
    fix="Let it need a thing of production, or say that the other is one.",
)  # fmt: skip
def needs_lesser(links: Iterable[Astray], *, now: datetime, limits: Limits) -> Iterator[Verdict]:
    """Say what of production hangs on what is not."""
    for one in links:
        subject = Subject(item=one.item, key=one.needs)
        if one.environment:
            yield bad(
                subject, severity=4, advice=needs_lesser.fix,
                title=f"{one.name} is production and needs {one.needs}, which is {one.environment}",
            )  # fmt: skip
        else:
            yield good(subject)


@rule(
    "estate.spares_together", title="Spares that fall together", codes=["E8"],
    follows=["estate.single_point"],
    why="Several serve one need so that one may fail; one cause takes them all.",
    source="One host, rack, site, power feed or anything else whose failure alone brings down all"
    " that serve a need of which fewer have to be up.",
    fix="Move one of them, or give it another supply.",
)  # fmt: skip
def spares_together(needs: Iterable[Shared], *, now: datetime, limits: Limits) -> Iterator[Verdict]:
    """Say which needs have spares that one failure takes at once."""
    for one in needs:
        subject = Subject(item=one.item, key=one.need)
        if not one.causes:
            yield good(subject)
            continue
        kind, cause = one.causes[0]
        yield bad(
            subject, severity=4, figure=len(one.causes), limit=0, unit="1",
            title=f"All that serve {one.need or one.name} fall with the {kind} {cause}",
            evidence=({"serve": list(one.supports)},
                      *({"kind": k, "falls with": n} for k, n in one.causes[:20])),
            advice=spares_together.fix,
        )  # fmt: skip
