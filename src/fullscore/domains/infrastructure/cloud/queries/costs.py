"""What things cost: by service, by item, and what nobody can explain."""

from datetime import date
from decimal import Decimal
from typing import NamedTuple

from django.db.models import QuerySet, Sum

from fullscore.domains.foundation.estate.models import Item
from fullscore.domains.infrastructure.cloud.models import CostPeriod, CostRow
from fullscore.kit.access import Actor
from fullscore.kit.checks import Scope

SHOWN = 25
CENT = Decimal("0.01")


class Billed(NamedTuple):
    """A billing period: what its rows amount to, and what its invoice says."""

    period: int
    name: str
    currency: str
    billed: Decimal
    invoice: Decimal | None
    bad_count: int


class Cost(NamedTuple):
    """What one thing costs in a period, against the one before."""

    name: str
    item: int | None
    billed: Decimal
    before: Decimal | None
    share_percent: float


class Month(NamedTuple):
    """A calendar month of bills in one currency."""

    starts_on: date
    currency: str
    billed: Decimal
    explained: Decimal
    services: list[Cost]
    items: list[Cost]
    others: int
    periods: list[CostPeriod]

    @property
    def unexplained(self) -> Decimal:
        """Return what belongs to nothing we know."""
        return self.billed - self.explained


def billed(scope: Scope) -> list[Billed]:
    """Return every billing period; a check of items alone asks for none."""
    if scope.items is not None:
        return []
    rows = CostPeriod.objects.select_related("export")
    return [Billed(p.pk, str(p), p.currency, p.billed, p.invoice, p.bad_count) for p in rows]


def months() -> list[tuple[date, str]]:
    """Return the months there are bills of, with their currency; the newest first."""
    rows = CostPeriod.objects.order_by("-starts_on", "currency")
    return list(dict.fromkeys(rows.values_list("starts_on", "currency")))


def month(starts_on: date, currency: str, user: Actor) -> Month:
    """Return what a month cost by service and by item; items a person may not see are not named."""
    periods = list(
        CostPeriod.objects.filter(starts_on=starts_on, currency=currency).select_related("export")
    )
    before = _month_before(starts_on, currency)
    total = sum((p.billed for p in periods), Decimal(0))
    rows = CostRow.objects.filter(period__in=periods)
    old = CostRow.objects.filter(period__starts_on__in=before, period__currency=currency)
    has_old = bool(before)
    services = _by(rows, old if has_old else None, "service", total)
    items = _by(rows.filter(item__isnull=False), old if has_old else None, "item", total)
    seen = dict(
        Item.objects.visible_to(user)
        .filter(pk__in=[c.item for c in items])
        .values_list("pk", "name")
    )
    named = [c._replace(name=seen[c.item]) for c in items if c.item in seen]
    return Month(
        starts_on, currency, total, sum((p.explained for p in periods), Decimal(0)), services,
        named[:SHOWN], len(items) - len(named[:SHOWN]), periods,
    )  # fmt: skip


def _month_before(starts_on: date, currency: str) -> list[date]:
    rows = CostPeriod.objects.filter(starts_on__lt=starts_on, currency=currency)
    return list(rows.order_by("-starts_on").values_list("starts_on", flat=True).distinct()[:1])


def _by(
    rows: "QuerySet[CostRow]", old: "QuerySet[CostRow] | None", name: str, total: Decimal
) -> list[Cost]:
    before = {} if old is None else dict(old.values_list(name).annotate(Sum("billed")))
    found = rows.values_list(name).annotate(sum=Sum("billed")).order_by("-sum")
    return [
        Cost(
            str(key), key if name == "item" else None, sum_,
            None if old is None else before.get(key, Decimal(0)),
            round(float(100 * sum_ / total), 1) if total else 0.0,
        )
        for key, sum_ in found
    ]  # fmt: skip
