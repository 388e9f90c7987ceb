"""FOCUS files of every form: what is read, what is told of a row that cannot be."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fullscore.connectors.base import Garbled, Refused
from fullscore.connectors.focus import read
from fullscore.connectors.focus.read import Bad, Charge, charges
from tests.connectors.focus.bills import COLUMNS, charge, parquet, write

pytestmark = pytest.mark.once


@pytest.mark.parametrize(
    ("name", "made"),
    [("bill.csv", write), ("bill.csv.gz", write), ("bill.parquet", parquet)],
    ids=["CSV", "gzipped CSV", "Parquet"],
)
def test_a_bill_is_read_in_every_form(tmp_path, name, made):
    path = made(tmp_path / name, [charge("1.2345678901"), charge("-0.5", day=4)])

    first, second = charges(path)

    assert (first.billed, second.billed) == (Decimal("1.2345678901"), Decimal("-0.5"))
    assert first.period == (date(2026, 3, 1), date(2026, 4, 1))
    assert (first.day, second.day) == (date(2026, 3, 3), date(2026, 3, 4))
    assert (first.currency, first.service, first.provider) == ("EUR", "Amazon EC2", "AWS")
    assert first.tags == {"service": "shop"}


@pytest.mark.parametrize(
    "column", ["ServiceProviderName", "HostProviderName", "ProviderName", "PublisherName"]
)
def test_every_version_names_its_provider(tmp_path, column):
    columns = [c for c in COLUMNS if c != "ProviderName"] + [column]
    row = charge() | {column: "Azure"}

    (one,) = charges(write(tmp_path / "bill.csv", [row], columns))

    assert one.provider == "Azure"


@pytest.mark.parametrize(
    ("values", "column", "why"),
    [
        ({"BilledCost": ""}, "BilledCost", "it is empty"),
        ({"BilledCost": "1,5"}, "BilledCost", "“1,5” is no number"),
        ({"BilledCost": "NaN"}, "BilledCost", "“NaN” is no amount of money"),
        ({"ListCost": "1e99"}, "ListCost", "“1e99” is no amount of money"),
        ({"ChargePeriodStart": "yesterday"}, "ChargePeriodStart", "“yesterday” is no moment"),
        ({"BillingCurrency": "€"}, "BillingCurrency", "“€” is no code of a currency"),
        ({"BillingPeriodEnd": "2026-03-01"}, "BillingPeriodEnd",
         "the billing period ends before it begins"),
    ],
)  # fmt: skip
def test_a_bad_row_is_told_and_no_other_is_lost(tmp_path, values, column, why):
    path = write(tmp_path / "bill.csv", [charge(), charge(**values), charge("3")])

    first, bad, last = charges(path)

    assert bad == Bad(3, column, why)
    assert isinstance(first, Charge)
    assert last.billed == 3


@pytest.mark.parametrize(
    ("name", "body", "error", "told"),
    [
        ("bill.csv", b"a,b\n1,2\n", Refused, "has no BilledCost"),
        ("bill.csv.gz", b"\x1f\x8b\x08\0\0\0\0\0", Garbled, "broken off"),
        ("bill.csv.gz", b"plain", Garbled, "no gzip file"),
        ("bill.parquet", b"PAR1", Garbled, "no Parquet file"),
        ("bill.csv", None, Refused, "cannot be opened"),
        ("bill.parquet", None, Refused, "There is no file"),
    ],
)
def test_what_is_no_bill_is_refused(tmp_path, name, body, error, told):
    path = tmp_path / name
    if body is not None:
        path.write_bytes(body)

    with pytest.raises(error, match=told):
        list(charges(path))


@pytest.mark.parametrize(
    "tags", ["{", "[1]", "null", '{"": "x"}', "plain"], ids=["cut", "list", "null", "no name", "no"]
)
def test_tags_that_are_none_are_none(tmp_path, tags):
    (one,) = charges(write(tmp_path / "bill.csv", [charge(Tags=tags)]))

    assert one.tags == {}


@given(st.decimals(min_value=-(10**12), max_value=10**12, allow_nan=False, places=10))
def test_money_is_exact_to_ten_places(amount):
    assert read._money({"BilledCost": str(amount)}, "BilledCost", None) == amount
