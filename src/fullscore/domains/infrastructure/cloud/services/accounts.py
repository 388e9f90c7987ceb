"""Cloud accounts: added, given a key, and what is read of them taken over."""

import secrets as dice
from collections.abc import Iterable, Mapping, Set
from dataclasses import asdict, replace
from datetime import datetime
from functools import partial
from typing import Any

from django.db import transaction

from fullscore.connectors.aws.shapes import Reading, Thing
from fullscore.domains.foundation.estate import services as estate
from fullscore.domains.foundation.estate.models import Item, Sighting
from fullscore.domains.infrastructure.cloud.announcements import AccountWanted
from fullscore.domains.infrastructure.cloud.models import CloudAccount, CloudResource
from fullscore.engines.identity import Word
from fullscore.kit import live, secrets, time
from fullscore.kit.announcements import announce
from fullscore.kit.audit import bulk, recorded
from fullscore.kit.errors import Conflict, Invalid
from fullscore.kit.models import User
from fullscore.kit.models.secret import Secret

AWS = "aws"
EVERY_SECONDS = 3600  # and what is not said for three hours is said no more
State = CloudAccount.State
# What becomes an item; the rest are rows of the account.
ITEMS = {
    "instance": "vm", "volume": "cloud resource", "balancer": "load balancer",
    "scaling group": "cluster", "database": "database", "bucket": "storage",
}  # fmt: skip
WORLDWIDE = {"bucket", "user", "root"}  # read once, whatever the regions
FACTS = ("name", "region", "zone", "state", "tags", "facts", "joins")


def add_account(*, by: User, item: Item, **values: Any) -> CloudAccount:
    """Add a cloud account; it gets an external id of its own, which the role must ask for."""
    if item.kind != "cloud account":
        told = f"{item} is a {item.kind}: choose a cloud account."
        raise Invalid(told, {"item": [told]})
    account = CloudAccount(item=item, external_id=dice.token_urlsafe(24), **values)
    with recorded(account, "add", by=by):
        pass
    return account


def give_key(account: CloudAccount, *, by: User, key_id: str, key: str) -> CloudAccount:
    """Store the access key the role is taken on with; without one, this machine's own role is."""
    if not key_id.strip() or not key.strip():
        raise Invalid("Give both the access key and its secret.")
    with recorded(account, "give_key", by=by):
        if account.credential is None:
            name = f"AWS {account.pk} {time.now():%Y%m%d%H%M%S%f}"
            account.credential = secrets.keep(
                name, key.strip(), by=by, kind=Secret.Kind.TOKEN, scope=account.role_arn[:120]
            )
        else:
            secrets.replace(account.credential, key.strip(), by=by)
        account.key_id = key_id.strip()
        announce(AccountWanted(account.pk))
    return account


def read_account(account: CloudAccount, *, by: User) -> CloudAccount:
    """Read an account at once."""
    if account.state == State.PAUSED:
        raise Conflict("It is paused: resume it first.")
    announce(AccountWanted(account.pk))
    return account


def pause_account(account: CloudAccount, *, by: User, note: str = "") -> CloudAccount:
    """Read an account no longer, until it is resumed."""
    if account.state == State.PAUSED:
        raise Conflict("It is paused already.")
    with recorded(account, "pause", by=by, note=note):
        account.state = State.PAUSED
    return account


def resume_account(account: CloudAccount, *, by: User) -> CloudAccount:
    """Read a paused account again."""
    if account.state != State.PAUSED:
        raise Conflict("It is not paused.")
    with recorded(account, "resume", by=by):
        account.state = State.NEW
        announce(AccountWanted(account.pk))
    return account


@transaction.atomic
def note_unread(account: CloudAccount, error: str, *, by: User) -> None:
    """Write down why an account could not be read; what is known of it stays."""
    _read_again(account)
    if account.state == State.PAUSED:
        return
    if account.state == State.FAILING:
        CloudAccount.objects.filter(pk=account.pk).update(last_error=error[:300])
        return
    with recorded(account, "fail", by=by, note=error[:300]):
        account.state, account.last_error = State.FAILING, error[:300]


@transaction.atomic
def take_reading(account: CloudAccount, reading: Reading, *, by: User, now: datetime) -> None:
    """Take over what an account has; what could not be read stays as it was."""
    _read_again(account)
    known = {(r.kind, r.ident): r for r in account.resources.select_related("item")}
    unread = {(gap.kind, gap.region) for gap in reading.gaps}
    told = {(t.kind, t.id): _with_health(t, known.get((t.kind, t.id)), unread)
            for t in reading.things}  # fmt: skip
    if ("user", "") in unread:  # one is read after the other
        unread.add(("root", ""))
    gone = [
        row for key, row in known.items()
        if key not in told and (row.kind, row.region) not in unread and _is_read(account, row)
    ]  # fmt: skip
    _let_go(gone, by=by)
    items = _items(account, known, told, by=by, now=now)
    altered = [
        _take(account, known.get(key), thing, items.get(key), now, by=by)
        for key, thing in told.items()
    ]
    rows = {r.ident: r for r in account.resources.select_related("item")}
    _join(account, rows, by=by)
    if gone or any(altered):
        counts = {"seen": len(told), "altered": sum(altered), "gone": len(gone)}
        bulk("cloud.cloudresource", "see", by=by, counts=counts, rows=[sorted(map(list, told))])
    _write_account(account, reading, by=by, now=now)
    live.publish("cloud.cloudaccount", account.pk)


def _read_again(account: CloudAccount) -> None:
    """Take what people changed while the account was being read: its pause, its regions."""
    account.refresh_from_db(from_queryset=CloudAccount.objects.select_for_update(no_key=True))


def _with_health(thing: Thing, row: CloudResource | None, unread: Set[tuple[str, str]]) -> Thing:
    """Return a target group with the members known before, where they could not be asked for."""
    if row is None or thing.kind != "target group" or ("target health", thing.region) not in unread:
        return thing
    return replace(thing, facts={**thing.facts, "health": row.facts.get("health", {})})


def _is_read(account: CloudAccount, row: CloudResource) -> bool:
    """Say whether an account's regions are where a thing was: elsewhere nobody looked."""
    return row.kind in WORLDWIDE or row.region in ("", *account.regions)


def _write_account(account: CloudAccount, reading: Reading, *, by: User, now: datetime) -> None:
    read = State.PARTIAL if reading.gaps else State.OK
    state = State.PAUSED if account.state == State.PAUSED else read
    if (account.state, account.number) != (state, reading.account):
        with recorded(account, "read", by=by):
            account.state, account.number = state, reading.account
    figures = {"read_at": now, "last_error": "", "gaps": [asdict(g) for g in reading.gaps]}
    CloudAccount.objects.filter(pk=account.pk).update(**figures)
    estate.identify(account.item, [("cloud_id", reading.account)], by=by, source=AWS, now=now)


def _take(
    account: CloudAccount, row: CloudResource | None, thing: Thing, item: Item | None,
    now: datetime, *, by: User,
) -> bool:  # fmt: skip
    values: dict[str, Any] = {n: getattr(thing, n) for n in FACTS}
    values |= {"tags": dict(thing.tags), "facts": dict(thing.facts), "joins": list(thing.joins)}
    is_new = row is None
    row = row or CloudResource(account=account, kind=thing.kind, ident=thing.id, since=now)
    is_altered = is_new or any(getattr(row, n) != v for n, v in values.items())
    if item is not None and row.item_id != item.pk:
        row.item, is_altered = item, True
        if not item.links_out.filter(kind="part_of", to_item=account.item).exists():
            estate.link(item, by=by, to=account.item, kind="part_of")
    if is_altered:
        for name, value in values.items():
            setattr(row, name, value)
        row.save()
    return is_altered


Key = tuple[str, str]  # kind and id


def _items(
    account: CloudAccount, known: Mapping[Key, CloudResource], things: Mapping[Key, Thing], *,
    by: User, now: datetime,
) -> dict[Key, Item]:  # fmt: skip
    """Tell the estate what is there, and return which items it is.

    What nobody knows is a candidate until a person accepts it, or this source takes in what is new.
    """
    there = {
        key: thing for key, thing in things.items()
        if thing.kind in ITEMS and thing.state not in ("terminated", "shutting-down")
    }  # fmt: skip
    told = []
    for key, thing in there.items():
        row = known.get(key)
        told.append(estate.Told(
            _ref(account, thing), thing.name, ITEMS[thing.kind],
            [Word("cloud_id", word) for word in (thing.id, thing.arn) if word],
            {"name": thing.name, "state": thing.state, "region": thing.region},
            item=row.item if row else None, make=partial(_item, account, thing, by=by),
        ))  # fmt: skip
    source = estate.source_of(AWS, "cloud", by=by, every_seconds=EVERY_SECONDS)
    estate.record_batch(source, told, by=by, now=now)
    rows = Sighting.objects.filter(source=source, ref__startswith=f"{account.pk}: ")
    seen = {row.ref: row.item for row in rows.select_related("item")}
    found = {key: seen.get(_ref(account, thing)) for key, thing in there.items()}
    return {key: item for key, item in found.items() if item is not None}


def _ref(account: CloudAccount, thing: Thing) -> str:
    return f"{account.pk}: {thing.id}"[:200]


def _item(account: CloudAccount, thing: Thing, *, by: User) -> Item:
    """Make the item of something new."""
    kind, here = ITEMS[thing.kind], account.item
    taken = Item.objects.live().filter(kind=kind, name__iexact=thing.name, site=here.site_id)
    name = f"{thing.name} ({thing.id.rpartition('/')[2]})" if taken.exists() else thing.name
    item = Item(
        kind=kind, name=name[:200], site=here.site, owner=here.owner, environment=here.environment,
        attributes={"cloud": thing.kind, "region": thing.region},
    )  # fmt: skip
    with recorded(item, "add", by=by, note=f"seen in {account}"):
        pass
    return item


def _let_go(rows: Iterable[CloudResource], *, by: User) -> None:
    for row in rows:
        if row.item is not None and row.item.state != Item.State.RETIRED:
            estate.retire(row.item, by=by, note="it is no longer in its account")
        row.delete()


def _join(account: CloudAccount, rows: Mapping[str, CloudResource], *, by: User) -> None:
    """Link instances to their volumes, balancers to their targets, groups to their members."""
    for row in rows.values():
        joined = [rows[one].item for one in row.joins if one in rows]
        others = [one for one in joined if one is not None]
        if row.kind == "instance" and row.item:
            _need(row.item, others, "stored_on", "volumes", None, by=by)
        elif row.kind == "scaling group" and row.item:
            needed = min(int(row.facts.get("needed") or 0), len(others))
            _need(row.item, others, "needs", "members", needed, by=by)
        elif row.kind == "target group":
            targets = [rows[t].item for t in row.facts.get("health", {}) if t in rows]
            for balancer in others:
                _need(balancer, [t for t in targets if t], "needs", row.name[:80], 1, by=by)


def _need(
    item: Item, others: list[Item], kind: str, name: str, needed: int | None, *, by: User
) -> None:
    wanted = {one.pk: one for one in others}
    links = item.links_out.filter(kind=kind, requirement__name=name)
    known = {link.to_item_id: link for link in links.select_related("requirement")}
    for pk in known.keys() - wanted.keys():
        estate.unlink(known[pk], by=by)
    fresh = [wanted[pk] for pk in wanted.keys() - known.keys()]
    for other in fresh:
        estate.require(item, by=by, to=other, kind=kind, name=name)
    requirement = item.requirements.filter(kind=kind, name=name).first()
    if requirement is not None and needed is not None and requirement.needed != needed:
        with recorded(requirement, "require", by=by, note=AWS):
            requirement.needed = needed
