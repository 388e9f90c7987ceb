"""Questions about accounts and what they have, as checks and pages ask them."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from django.db.models import Sum

from fullscore.domains.infrastructure.cloud.models import CloudAccount, CloudResource, CostRow
from fullscore.kit.checks import Scope

MONTH = timedelta(days=30)


class Owned(NamedTuple):
    """One thing of an account, and what it cost in the last 30 days there are bills of."""

    item: int  # its own, or the account's
    key: str  # its id, where the finding stands on the account
    name: str
    kind: str
    state: str
    environment: str
    facts: Mapping[str, Any]
    tags: Mapping[str, str]
    since: datetime
    is_joined: bool
    snapshots: tuple[str, ...]  # when those of this volume were made
    cost: Decimal | None


class Group(NamedTuple):
    """A scaling group and the zones its members stand in."""

    item: int
    name: str
    members: tuple[tuple[str, str], ...]  # instance, zone


class Read(NamedTuple):
    """An account and how it was read."""

    item: int
    name: str
    state: str
    error: str
    lacks: tuple[str, ...]


def accounts(scope: Scope) -> list[Read]:
    """Return how every account was read."""
    rows = CloudAccount.objects.exclude(state=CloudAccount.State.PAUSED).select_related("item")
    if scope.items is not None:
        rows = rows.filter(item__in=scope.items)
    return [
        Read(a.item_id, a.item.name, a.state, a.last_error,
             tuple(sorted({g["action"] for g in a.gaps if g.get("action")})))
        for a in rows
    ]  # fmt: skip


def owned(*kinds: str) -> Any:
    """Return a reader of things of some kinds, with their cost."""

    def read(scope: Scope) -> Iterator[Owned]:
        rows = CloudResource.objects.filter(kind__in=kinds).select_related("item", "account__item")
        if scope.items is not None:
            rows = rows.filter(item__in=scope.items)
        found = list(rows)
        costs, saved = _costs(found), _snapshots(found)
        for row in found:
            mine = row.item or row.account.item
            yield Owned(
                mine.pk, "" if row.item_id else row.ident, row.name, row.kind, row.state,
                mine.environment, row.facts, row.tags, row.since, bool(row.joins),
                tuple(saved.get((row.account_id, row.ident), ())), costs.get(row.ident),
            )  # fmt: skip

    return read


def groups(scope: Scope) -> Iterator[Group]:
    """Return every scaling group with the zones of its members."""
    rows = CloudResource.objects.filter(kind="scaling group", item__isnull=False)
    if scope.items is not None:
        rows = rows.filter(item__in=scope.items)
    zones = dict(CloudResource.objects.filter(kind="instance").values_list("ident", "zone"))
    for row in rows:
        members = tuple(sorted((one, zones[one]) for one in row.joins if one in zones))
        yield Group(row.item_id or 0, row.name, members)


def _costs(rows: list[CloudResource]) -> dict[str, Decimal]:
    """Return what each thing cost in the 30 days before the newest bill, by its id."""
    newest = CostRow.objects.order_by("-day").values_list("day", flat=True).first()
    if newest is None:
        return {}
    words = {row.ident: row.ident for row in rows}
    since = newest - MONTH
    found = CostRow.objects.filter(day__gt=since).exclude(resource="")
    sums: dict[str, Decimal] = {}
    for resource, amount in found.values_list("resource").annotate(Sum("billed")):
        ident = resource if resource in words else resource.rpartition("/")[2]
        if ident in words:
            sums[ident] = sums.get(ident, Decimal(0)) + amount
    return sums


def _snapshots(rows: list[CloudResource]) -> dict[tuple[int, str], list[str]]:
    found: dict[tuple[int, str], list[str]] = defaultdict(list)
    if any(row.kind == "volume" for row in rows):
        for snapshot in CloudResource.objects.filter(kind="snapshot"):
            for volume in snapshot.joins:
                found[snapshot.account_id, volume].append(str(snapshot.facts.get("made") or ""))
    return found
