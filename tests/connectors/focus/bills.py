"""Bills as clouds deliver them: FOCUS files of made-up charges."""

import csv
import gzip
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb

COLUMNS = [
    "BilledCost", "EffectiveCost", "ListCost", "ContractedCost", "BillingCurrency",
    "BillingPeriodStart", "BillingPeriodEnd", "ChargePeriodStart", "ChargePeriodEnd",
    "ChargeCategory", "ChargeClass", "ServiceCategory", "ServiceName", "ProviderName",
    "SubAccountId", "RegionId", "ResourceId", "SkuId", "PricingQuantity", "PricingUnit",
    "ConsumedQuantity", "CommitmentDiscountId", "InvoiceId", "Tags",
]  # fmt: skip


def charge(billed: Any = "1.5", *, day: int = 3, month: int = 3, **values: Any) -> dict[str, Any]:
    return {
        "BilledCost": billed, "EffectiveCost": billed, "ListCost": "2", "ContractedCost": billed,
        "BillingCurrency": "EUR", "BillingPeriodStart": f"2026-{month:02}-01T00:00:00Z",
        "BillingPeriodEnd": f"2026-{month + 1:02}-01T00:00:00Z",
        "ChargePeriodStart": f"2026-{month:02}-{day:02}T00:00:00Z",
        "ChargePeriodEnd": f"2026-{month:02}-{day:02}T01:00:00Z", "ChargeCategory": "Usage",
        "ServiceCategory": "Compute", "ServiceName": "Amazon EC2", "ProviderName": "AWS",
        "SubAccountId": "123456789012", "RegionId": "eu-central-1",
        "ResourceId": "arn:aws:ec2:eu-central-1:123456789012:instance/i-1", "SkuId": "SKU1",
        "PricingQuantity": "1", "PricingUnit": "Hours", "ConsumedQuantity": "1",
        "Tags": json.dumps({"service": "shop"}),
    } | values  # fmt: skip


def write(path: Path, rows: Sequence[Mapping[str, Any]], columns: Sequence[str] = COLUMNS) -> Path:
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "wt", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
    return path


def parquet(path: Path, rows: Sequence[Mapping[str, Any]]) -> Path:
    """Write a Parquet file by DuckDB, with types as providers use them."""
    plain = write(path.with_suffix(".csv"), rows)
    types = "{'BilledCost': 'DECIMAL(28,12)', 'EffectiveCost': 'DOUBLE', 'SkuId': 'VARCHAR'}"
    with duckdb.connect() as database:
        found = f"SELECT * FROM read_csv('{plain}', types = {types})"
        database.execute(f"COPY ({found}) TO '{path}' (FORMAT parquet)")
    return path
