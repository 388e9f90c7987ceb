"""Reading FOCUS files: CSV, gzipped CSV and Parquet, of versions 1.0 to 1.4.

Source: FinOps Open Cost and Usage Specification (focus.finops.org). Money is Decimal to ten
places, half to even; a row that cannot be read is told with its line, column and reason, and no
other row is lost with it.
"""

import csv
import gzip
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import duckdb

from fullscore.connectors.base import Garbled, Refused
from fullscore.connectors.output import readable

PLACES = Decimal("1e-10")
LARGEST = Decimal("1e13")
MOST_TEXT = 300

NEEDED = ("BilledCost", "BillingCurrency", "BillingPeriodStart", "BillingPeriodEnd",
          "ChargePeriodStart", "ChargePeriodEnd", "ServiceName")  # fmt: skip
# A column that was renamed between versions; the first one present counts.
PROVIDER = ("ServiceProviderName", "HostProviderName", "ProviderName", "PublisherName")
TEXTS = {
    "invoice": "InvoiceId", "account": "SubAccountId", "category": "ServiceCategory",
    "service": "ServiceName", "region": "RegionId", "resource": "ResourceId",
    "resource_name": "ResourceName", "sku": "SkuId", "charge_category": "ChargeCategory",
    "charge_class": "ChargeClass", "pricing_unit": "PricingUnit",
    "commitment": "CommitmentDiscountId",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Charge:
    """One row of a bill. Periods are half-open; `day` is that of the charge's start, UTC."""

    period: tuple[date, date]
    currency: str
    day: date
    provider: str
    billed: Decimal
    effective: Decimal
    list_cost: Decimal
    contracted: Decimal
    pricing_quantity: Decimal
    consumed_quantity: Decimal
    invoice: str = ""
    account: str = ""
    category: str = ""
    service: str = ""
    region: str = ""
    resource: str = ""
    resource_name: str = ""
    sku: str = ""
    charge_category: str = ""
    charge_class: str = ""
    pricing_unit: str = ""
    commitment: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Bad:
    """A row that could not be read: its line in the file, the column, and why."""

    line: int
    column: str
    why: str


class _Unreadable(Exception):
    def __init__(self, column: str, why: str) -> None:
        super().__init__(why)
        self.column, self.why = column, why


def charges(path: Path) -> Iterator[Charge | Bad]:
    """Yield each row of a file, good or bad, in order.

    Raises Refused for a file that is not there or is no FOCUS file, Garbled for one that is
    broken off.
    """
    rows = _parquet(path) if path.suffix == ".parquet" else _csv(path)
    for line, row in rows:
        try:
            yield _charge(row)
        except _Unreadable as error:
            yield Bad(line, error.column, error.why)


def _csv(path: Path) -> Iterator[tuple[int, Mapping[str, str]]]:
    opened = gzip.open if path.suffix == ".gz" else open
    try:
        with opened(path, "rt", encoding="utf-8-sig", errors="replace", newline="") as file:
            reader = csv.DictReader(file)
            _check_columns(reader.fieldnames or ())
            for row in reader:
                yield reader.line_num, row
    except (OSError, EOFError) as error:
        raise _unopened(path, error) from error
    except csv.Error as error:
        raise Garbled(f"{path.name} is no CSV we read: {error}.") from error


def _parquet(path: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    if not path.is_file():
        raise Refused(f"There is no file {path.name}.")
    config: dict[str, str | bool | int | float | list[str]] = {
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
    }
    with duckdb.connect(":memory:", config=config) as database:
        try:
            found = database.execute("SELECT * FROM read_parquet(?)", [str(path)])
            names = [column[0] for column in found.description or ()]
            _check_columns(names)
            number = 0
            while rows := found.fetchmany(5000):
                for row in rows:
                    number += 1
                    yield number, dict(zip(names, row, strict=True))
        except duckdb.Error as error:
            raise Garbled(f"{path.name} is no Parquet file we read.") from error


def _unopened(path: Path, error: Exception) -> Exception:
    if isinstance(error, FileNotFoundError | IsADirectoryError | PermissionError):
        return Refused(f"{path.name} cannot be opened: {error.strerror}.")
    return Garbled(f"{path.name} is broken off, or is no gzip file: fetch it again.")


def _check_columns(names: Iterable[str]) -> None:
    known = set(names)
    lacking = [name for name in NEEDED if name not in known]
    if not known.intersection(PROVIDER):
        lacking.append("ProviderName")
    if lacking:
        raise Refused(f"This is no FOCUS file: it has no {', '.join(lacking)}.")


def _charge(row: Mapping[str, Any]) -> Charge:
    texts = {name: _text(row.get(column)) for name, column in TEXTS.items()}
    billed = _money(row, "BilledCost", None)
    start, end = _day(row, "BillingPeriodStart"), _day(row, "BillingPeriodEnd")
    if not start < end:
        raise _Unreadable("BillingPeriodEnd", "the billing period ends before it begins")
    currency = _text(row.get("BillingCurrency")).upper()
    if len(currency) != 3 or not currency.isalpha():
        raise _Unreadable("BillingCurrency", f"“{currency[:20]}” is no code of a currency")
    return Charge(
        period=(start, end), currency=currency, day=_day(row, "ChargePeriodStart"),
        provider=next((_text(row[n]) for n in PROVIDER if row.get(n)), ""),
        billed=billed, effective=_money(row, "EffectiveCost", billed),
        list_cost=_money(row, "ListCost", billed),
        contracted=_money(row, "ContractedCost", billed),
        pricing_quantity=_money(row, "PricingQuantity", Decimal(0)),
        consumed_quantity=_money(row, "ConsumedQuantity", Decimal(0)),
        tags=_tags(row.get("Tags")), **texts,
    )  # fmt: skip


def _text(value: Any) -> str:
    if value is None or value == "":
        return ""
    return readable(str(value).encode("utf-8", "replace"))[:MOST_TEXT].strip()


def _money(row: Mapping[str, Any], column: str, default: Decimal | None) -> Decimal:
    value = row.get(column)
    if value is None or value == "":
        if default is None:
            raise _Unreadable(column, "it is empty")
        return default
    try:
        amount = Decimal(str(value).strip())
    except InvalidOperation:
        raise _Unreadable(column, f"“{str(value)[:40]}” is no number") from None
    if not amount.is_finite() or abs(amount) >= LARGEST:
        raise _Unreadable(column, f"“{str(value)[:40]}” is no amount of money")
    return amount.quantize(PLACES)


def _day(row: Mapping[str, Any], column: str) -> date:
    value = row.get(column)
    if isinstance(value, str):
        text = value.strip()
        try:
            value = datetime.fromisoformat(text)
        except ValueError:
            raise _Unreadable(column, f"“{text[:40]}” is no moment") from None
    if isinstance(value, datetime):
        return (value.astimezone(UTC) if value.tzinfo else value).date()
    if isinstance(value, date):
        return value
    raise _Unreadable(column, "it is empty")


def _tags(value: Any) -> dict[str, str]:
    """Read tags: JSON in a CSV, a map or a list of pairs in Parquet. What is none is none."""
    if isinstance(value, str) and value.strip():
        try:
            value = json.loads(value)
        except ValueError:
            return {}
    if isinstance(value, list):
        value = {one[0]: one[1] for one in value if isinstance(one, tuple) and len(one) == 2}
    if not isinstance(value, dict):
        return {}
    return {_text(k)[:120]: _text(v) for k, v in list(value.items())[:50] if k}
