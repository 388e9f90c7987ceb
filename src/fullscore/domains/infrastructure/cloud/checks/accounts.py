"""Checks of what cloud accounts have."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from fullscore.domains.infrastructure.cloud.queries.accounts import Group, Owned, Read
from fullscore.kit.checks import Limits, Subject, Verdict, bad, good, not_applicable, rule, unknown

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
# What nobody offers to the world on purpose: shells, desktops, databases, caches, brokers.
GUARDED = (22, 3389, 1433, 1521, 3306, 5432, 5984, 6379, 9042, 9200, 11211, 27017)
OFFERED = ("bucket", "database", "snapshot")  # what can be given to everybody


@rule(
    "cloud.open_to_world", title="Open to everybody", codes=["C1"], every=HOUR, is_urgent=True,
    why="Whoever scans the internet finds it within minutes, and tries known passwords and flaws.",
    source="0.0.0.0/0 or ::/0 to SSH, RDP or a database; a public bucket, snapshot or database.",
    fix="Name the networks that need it, or take the public setting away.",
)  # fmt: skip
def open_to_world(things: Iterable[Owned], *, now: datetime, limits: Limits) -> Iterator[Verdict]:
    """Say what of an account anybody can reach."""
    for one in things:
        subject = Subject(item=one.item, key=one.key)
        why = _opening(one)
        if not why and one.kind in OFFERED and one.facts.get("is_public") is None:
            yield unknown(
                subject, why="Whether it is public was not told.",
                remedy="See the gaps on the account's page: they name the action its role lacks.",
            )  # fmt: skip
            continue
        if not why:
            yield good(subject)
            continue
        yield bad(
            subject, severity=5, title=f"{one.kind.capitalize()} {one.name}: {why}",
            advice=open_to_world.fix,
        )  # fmt: skip


def _opening(one: Owned) -> str:
    if one.kind == "security group":
        ports = sorted(
            {p for first, last in one.facts.get("open", ()) for p in GUARDED if first <= p <= last}
        )
        return f"open to everybody on port {', '.join(map(str, ports))}" if ports else ""
    is_blocked = one.kind == "bucket" and one.facts.get("is_blocked")
    return "public" if one.facts.get("is_public") and not is_blocked else ""


@rule(
    "cloud.weak_access", title="Keys and people of a cloud account", codes=["C2"], every=DAY,
    why="An old or forgotten key, or a password alone, opens the account to whoever finds it.",
    source="Key over 90 days, unused for 45; password without a second factor; root with a key.",
    fix="Make a new key and delete the old one; give people a second factor; delete root's keys.",
    limits={"age": 90, "unused": 45},
)  # fmt: skip
def weak_access(things: Iterable[Owned], *, now: datetime, limits: Limits) -> Iterator[Verdict]:
    """Say which people and keys of an account are a risk."""
    for one in things:
        subject = Subject(item=one.item, key=one.key)
        faults = list(_faults(one, now, limits.of(one.item)))
        if not faults:
            yield good(subject)
            continue
        yield bad(
            subject, severity=4, title=f"{one.name}: {'; '.join(faults)}"[:200],
            advice=weak_access.fix,
        )  # fmt: skip


def _faults(one: Owned, now: datetime, mine: "object") -> Iterator[str]:
    limits = dict(mine)  # type: ignore[call-overload]
    if one.kind == "root":
        if one.facts.get("root_keys"):
            yield "root has an access key"
        if one.facts.get("has_mfa") is False:
            yield "root has no second factor"
        return
    if one.facts.get("has_password") and one.facts.get("has_mfa") is False:
        yield "a password and no second factor"
    for key in one.facts.get("keys", ()):
        age = _days(key.get("made"), now)
        unused = _days(key.get("used") or key.get("made"), now)
        if key.get("is_active") and age is not None and age > limits["age"]:
            yield f"key {key['id']} is {age:.0f} days old"
        elif key.get("is_active") and unused is not None and unused > limits["unused"]:
            yield f"key {key['id']} was not used for {unused:.0f} days"


@rule(
    "cloud.unprotected", title="Cloud data unencrypted or without a snapshot", codes=["C3"],
    every=HOUR,
    why="A copy of the disk is readable, or there is none to go back to.",
    source="Volume or database not encrypted; no snapshot of a production volume for 48 hours, no"
    " automatic backup of a database.",
    fix="Copy it into an encrypted one; let a policy take snapshots.", limits={"hours": 48},
)  # fmt: skip
def unprotected(things: Iterable[Owned], *, now: datetime, limits: Limits) -> Iterator[Verdict]:
    """Say which volumes and databases lack encryption or a way back."""
    for one in things:
        subject = Subject(item=one.item, key=one.key)
        faults = []
        if one.facts.get("is_encrypted") is False:
            faults.append("not encrypted")
        if one.environment == "production" and _lacks_copy(one, now, limits.of(one.item)["hours"]):
            faults.append("no fresh snapshot")
        if not faults:
            yield good(subject)
            continue
        yield bad(
            subject, severity=3, title=f"{one.kind.capitalize()} {one.name}: {', '.join(faults)}",
            advice=unprotected.fix,
        )  # fmt: skip


def _lacks_copy(one: Owned, now: datetime, hours: float) -> bool:
    if one.kind == "database":
        return one.facts.get("backup_days") == 0
    if not one.is_joined:
        return False  # nobody writes to it: that it lies about is another finding
    ages = [days * 24 for made in one.snapshots if (days := _days(made, now)) is not None]
    return min(ages, default=hours + 1) > hours


@rule(
    "cloud.idle", title="Paid for and not used", codes=["C4"], every=DAY,
    why="It costs every month and serves nobody.",
    source="Volume attached to nothing, address used by nothing, instance stopped for 30 days,"
    " snapshot over 180 days; our judgement.",
    fix="Take a last snapshot if in doubt, then delete it.",
    limits={"stopped": 30, "snapshot": 180},
)  # fmt: skip
def idle(things: Iterable[Owned], *, now: datetime, limits: Limits) -> Iterator[Verdict]:
    """Say what is paid for and not used, with what it costs in 30 days."""
    for one in things:
        subject = Subject(item=one.item, key=one.key)
        why = _idle(one, now, limits.of(one.item)["stopped"], limits.of(one.item)["snapshot"])
        if not why:
            yield good(subject)
            continue
        cost = f", {one.cost:,.2f} in 30 days" if one.cost else ""
        yield bad(
            subject, severity=2, title=f"{one.kind.capitalize()} {one.name}: {why}{cost}",
            figure=None if one.cost is None else float(one.cost), advice=idle.fix,
        )  # fmt: skip


def _idle(one: Owned, now: datetime, stopped: float, old: float) -> str:
    if one.kind == "volume":
        return "" if one.is_joined else "attached to nothing"
    if one.kind == "address":
        return "" if one.facts.get("is_used") else "used by nothing"
    if one.kind == "snapshot":
        age = _days(one.facts.get("made"), now)
        return f"{age:.0f} days old" if age is not None and age > old else ""
    since = _stopped_since(str(one.facts.get("stopped") or ""), now)
    if one.state != "stopped" or since is None or since <= stopped:
        return ""
    return f"stopped for {since:.0f} days"


def _stopped_since(reason: str, now: datetime) -> float | None:
    """Read the moment in “User initiated (2026-01-02 03:04:05 UTC)”, EC2's only word for it."""
    text = reason.partition("(")[2].partition(")")[0]
    return _days(text.replace(" UTC", "+00:00").replace(" GMT", "+00:00"), now)


@rule(
    "cloud.one_zone", title="Groups that stand in one zone", codes=["C5"], every=HOUR,
    why="When that zone fails, all members fail with it.",
    source="All members of a scaling group, two or more, in one availability zone.",
    fix="Give the group subnets in further zones.",
)  # fmt: skip
def one_zone(groups: Iterable[Group], *, now: datetime, limits: Limits) -> Iterator[Verdict]:
    """Say which groups would fail with one zone."""
    for one in groups:
        subject = Subject(item=one.item)
        zones = {zone for _, zone in one.members}
        if len(one.members) < 2:
            yield not_applicable(subject, why="it has fewer than two members")
        elif len(zones) > 1:
            yield good(subject)
        else:
            title = f"All {len(one.members)} members of {one.name} stand in {zones.pop()}"
            yield bad(subject, severity=4, title=title, advice=one_zone.fix)


@rule(
    "cloud.untagged", title="Cloud things without owner or service", codes=["C6"], every=DAY,
    why="Nobody can say whom its cost belongs to, nor whether it may go.",
    source="Neither a tag `owner` nor `service`, in any case of letters; our judgement.",
    fix="Tag it with owner and service.",
)  # fmt: skip
def untagged(things: Iterable[Owned], *, now: datetime, limits: Limits) -> Iterator[Verdict]:
    """Say which things carry no tag that names an owner or a service; with their cost."""
    for one in things:
        subject = Subject(item=one.item, key=one.key)
        if {"owner", "service"} & {name.lower() for name in one.tags}:
            yield good(subject)
            continue
        cost = f", {one.cost:,.2f} in 30 days" if one.cost else ""
        yield bad(
            subject, severity=2, title=f"{one.kind.capitalize()} {one.name} names no owner{cost}",
            figure=None if one.cost is None else float(one.cost), advice=untagged.fix,
        )  # fmt: skip


@rule(
    "cloud.unread", title="Cloud accounts that are not read, or in part", every=HOUR,
    why="What is not read is not watched.", source="How the last reading went.",
    fix="Add the actions that are named to the role's policy: its page shows the whole.",
)  # fmt: skip
def unread(accounts: Iterable[Read], *, now: datetime, limits: Limits) -> Iterator[Verdict]:
    """Say which accounts could not be read, and which actions the policy lacks."""
    for one in accounts:
        subject = Subject(item=one.item)
        if one.state == "new":
            yield unknown(subject, why="it was not read yet", remedy="Wait, or read it now.")
        elif one.state == "ok":
            yield good(subject)
        else:
            lacks = f" for lack of {', '.join(one.lacks[:5])}" if one.lacks else ""
            is_part = one.state == "partial"
            title = f"{one.name} is {'read in part' if is_part else 'not read'}{lacks}"
            yield bad(
                subject, severity=3 if is_part else 4, title=title[:200],
                evidence=({"error": one.error},) if one.error else (), advice=unread.fix,
            )  # fmt: skip


def _days(moment: object, now: datetime) -> float | None:
    try:
        at = datetime.fromisoformat(str(moment))
    except ValueError:
        return None
    return None if at.tzinfo is None else (now - at) / DAY
