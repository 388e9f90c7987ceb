"""Taking bills in: a period that is delivered again replaces the one before as a whole."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.db import transaction

from fullscore.connectors.base import ConnectorError
from fullscore.connectors.focus.read import Bad, Charge, charges
from fullscore.domains.foundation.estate.models import Identifier, Item
from fullscore.domains.infrastructure.cloud.models import CostExport, CostPeriod, CostRow
from fullscore.kit import time
from fullscore.kit.audit import recorded
from fullscore.kit.errors import Conflict, Invalid
from fullscore.kit.models import User

SUMMED = ("billed", "effective", "list_cost", "contracted", "pricing_quantity", "consumed_quantity")
APART = ("day", "provider", "account", "category", "service", "region", "resource", "sku",
         "charge_category", "charge_class", "commitment", "invoice", "pricing_unit")  # fmt: skip
SHOWN_BAD = 200
Period = tuple[date, date]


@dataclass
class Delivered:
    """One period as a file tells it: sums of what differs in nothing but time."""

    currency: str
    sums: dict[tuple[Any, ...], list[Decimal]] = field(default_factory=dict)
    tags: dict[tuple[Any, ...], Mapping[str, str]] = field(default_factory=dict)
    row_count: int = 0

    def add(self, one: Charge) -> None:
        """Add a charge to those like it."""
        tags = tuple(sorted(one.tags.items()))
        key = (*(getattr(one, name) for name in APART), tags)
        known = self.sums.setdefault(key, [Decimal(0)] * len(SUMMED))
        for place, name in enumerate(SUMMED):
            known[place] += getattr(one, name)
        self.tags[key] = one.tags
        self.row_count += 1

    def total(self, name: str) -> Decimal:
        """Return the sum of a cost over all rows, exact."""
        place = SUMMED.index(name)
        return sum((sums[place] for sums in self.sums.values()), Decimal(0))

    def digest(self) -> str:
        """Return what tells this delivery from another: its rows, whatever their order."""
        told = sorted(repr((key, sums)) for key, sums in self.sums.items())
        return hashlib.sha256("\n".join([self.currency, *told]).encode()).hexdigest()


def take_bill(path: Path, *, export: str, by: User) -> list[CostPeriod]:
    """Take in a FOCUS file; returns its billing periods.

    A period delivered again replaces the old one as a whole, its invoice stays; one that says the
    same writes nothing. Rows that cannot be read are listed with their period.
    """
    if not export.strip():
        raise Invalid("Name the export this file belongs to, such as “aws production”.")
    try:
        found, bad = _read(charges(path))
    except ConnectorError as error:
        raise Invalid(str(error)) from error
    if not found:
        raise Invalid("No row of this file could be read." if bad else "This file has no rows.")
    with transaction.atomic():
        source = CostExport.objects.filter(name=export.strip()).first()
        if source is None:
            source = CostExport(name=export.strip(), provider=_provider(found))
            with recorded(source, "add", by=by):
                pass
        return [_replace(source, period, one, bad, by=by) for period, one in sorted(found.items())]


def reconcile(period: CostPeriod, *, by: User, invoice: Decimal) -> CostPeriod:
    """Say what the invoice of a period amounts to; it must be the sum of its rows to the cent."""
    if period.invoice == invoice:
        raise Conflict(f"{invoice} is what is written down already.")
    with recorded(period, "reconcile", by=by):
        period.invoice = invoice
    return period


def _read(rows: Iterable[Charge | Bad]) -> tuple[dict[Period, Delivered], list[Bad]]:
    found: dict[Period, Delivered] = {}
    bad: list[Bad] = []
    for one in rows:
        if isinstance(one, Bad):
            bad.append(one)
            continue
        delivered = found.setdefault(one.period, Delivered(one.currency))
        if delivered.currency != one.currency:
            told = f"A billing period in both {delivered.currency} and {one.currency}"
            raise Invalid(f"{told} cannot be added up: deliver one file per currency.")
        delivered.add(one)
    return found, bad


def _provider(found: Mapping[Period, Delivered]) -> str:
    place = APART.index("provider")
    names = sorted({str(key[place]) for one in found.values() for key in one.sums})
    return ", ".join(filter(None, names))[:80]


def _replace(
    source: CostExport, period: Period, told: Delivered, bad: list[Bad], *, by: User
) -> CostPeriod:
    starts_on, ends_on = period
    # A provider bills each currency apart, and a support plan by another period than the rest.
    own = {"export": source, "starts_on": starts_on, "ends_on": ends_on, "currency": told.currency}
    known = CostPeriod.objects.filter(**own).first()
    digest, items = told.digest(), _items(told)
    explained = _explained(told, items)
    same = (digest, len(bad), explained)
    if known is not None and (known.digest, known.bad_count, known.explained) == same:
        return known
    kept = known or CostPeriod(**own)
    with recorded(kept, "deliver", by=by):
        kept.digest = digest
        kept.row_count, kept.imported_at = told.row_count, time.now()
        kept.billed, kept.effective = told.total("billed"), told.total("effective")
        kept.explained = explained
        kept.bad_rows = [asdict(one) for one in bad[:SHOWN_BAD]]
        kept.bad_count = len(bad)
    kept.rows.all().delete()
    CostRow.objects.bulk_create(_rows(kept, told, items), batch_size=2000)
    return kept


def _rows(period: CostPeriod, told: Delivered, items: Mapping[str, int]) -> Iterable[CostRow]:
    for key, sums in told.sums.items():
        words = dict(zip(APART, key, strict=False))
        yield CostRow(
            period=period, item_id=items.get(words["resource"]), tags=dict(told.tags[key]),
            **words, **dict(zip(SUMMED, sums, strict=True)),
        )  # fmt: skip


def _items(told: Delivered) -> dict[str, int]:
    """Return the item behind each resource that one is known for, by its identifiers."""
    place = APART.index("resource")
    resources = sorted({str(key[place]) for key in told.sums} - {""})
    found: dict[str, int] = {}
    for start in range(0, len(resources), 500):
        words = resources[start : start + 500]
        rows = Identifier.objects.filter(kind="cloud_id", value__in=words)
        live = rows.exclude(item__state=Item.State.RETIRED)
        found |= dict(live.values_list("value", "item"))
    return found


def _explained(told: Delivered, items: Mapping[str, int]) -> Decimal:
    place, billed = APART.index("resource"), SUMMED.index("billed")
    known: dict[bool, Decimal] = defaultdict(Decimal)
    for key, sums in told.sums.items():
        known[key[place] in items] += sums[billed]
    return known[True]
