"""Bills taken in: whole periods, exact sums, what is explained and what is not."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from fullscore.domains.infrastructure.cloud import commands, services
from fullscore.domains.infrastructure.cloud.checks import costs as checks
from fullscore.domains.infrastructure.cloud.models import CostPeriod, CostRow
from fullscore.domains.infrastructure.cloud.queries import costs as queries
from fullscore.kit.checks import Limits, Scope
from fullscore.kit.errors import Invalid, NotAllowed
from fullscore.kit.models import AuditEntry
from fullscore.kit.models.user import system
from tests import make
from tests.connectors.focus.bills import charge, write

NOW = datetime(2026, 4, 2, 9, tzinfo=UTC)
INSTANCE = "arn:aws:ec2:eu-central-1:123456789012:instance/i-1"


@pytest.fixture(autouse=True)
def database(db):
    """Let every test here have one."""


@pytest.fixture
def take(tmp_path):
    def taken(*rows, export="aws"):
        return services.take_bill(write(tmp_path / "bill.csv", rows), export=export, by=system())

    return taken


def judged(rule):
    verdicts = rule.judge(queries.billed(Scope(NOW)), now=NOW, limits=Limits({}))
    return [(v.outcome, v.severity, v.title) for v in verdicts]


def test_charges_of_a_day_are_one_row_and_sums_are_exact(take):
    (period,) = take(*[charge("0.0000000001")] * 3, charge("0.1", day=4))

    assert (period.billed, period.row_count) == (Decimal("0.1000000003"), 4)
    assert [(r.day.day, r.billed) for r in period.rows.order_by("day")] == [
        (3, Decimal("0.0000000003")), (4, Decimal("0.1"))]  # fmt: skip


def test_a_period_delivered_again_replaces_the_old_one_whole(take):
    take(charge("1"), charge("2", ServiceName="Amazon S3"), charge("5", month=4))
    services.reconcile(CostPeriod.objects.get(starts_on=date(2026, 3, 1)), by=system(),
                       invoice=Decimal("3.00"))  # fmt: skip

    take(charge("7"))

    march, april = CostPeriod.objects.order_by("starts_on")
    assert (march.billed, march.invoice, april.billed) == (7, 3, 5)
    assert [r.billed for r in march.rows.all()] == [7]
    assert april.rows.count() == 1


def test_the_same_delivery_again_writes_nothing(take):
    rows = [charge("1"), charge("2", ServiceName="Amazon S3")]
    take(*rows)
    before = (AuditEntry.objects.count(), set(CostRow.objects.values_list("pk", flat=True)))

    take(*reversed(rows))

    assert (AuditEntry.objects.count(),
            set(CostRow.objects.values_list("pk", flat=True))) == before  # fmt: skip


def test_two_exports_do_not_replace_each_other(take):
    take(charge("1"), export="aws")
    take(charge("2"), export="azure")

    assert [p.billed for p in CostPeriod.objects.order_by("export__name")] == [1, 2]


def test_bills_of_two_currencies_stand_beside_each_other(take):
    take(charge("100", BillingCurrency="USD"))
    take(charge("7", BillingCurrency="EUR"))
    take(charge("8", BillingCurrency="EUR"))

    told = CostPeriod.objects.order_by("currency").values_list("currency", "billed")
    assert list(told) == [("EUR", 8), ("USD", 100)]


def test_periods_that_begin_alike_and_end_apart_are_two(take):
    take(charge("100"), charge("7", BillingPeriodEnd="2027-03-01T00:00:00Z"))

    assert sorted(CostPeriod.objects.values_list("billed", flat=True)) == [7, 100]


def test_two_currencies_are_not_added_up(take):
    with pytest.raises(Invalid, match="EUR and USD"):
        take(charge(), charge(BillingCurrency="USD"))

    assert not CostPeriod.objects.exists()


def test_what_belongs_to_an_item_is_explained_and_the_rest_is_not_spread(take):
    item = make.item("shop-1", kind="vm")
    make.identifier(item=item, kind="cloud_id", value=INSTANCE)
    (period,) = take(charge("8"), charge("2", ResourceId=""), charge("1", ResourceId="i-else"))

    month = queries.month(date(2026, 3, 1), "EUR", make.user("ann", role="administrator"))

    assert (period.billed, period.explained) == (11, 8)
    assert [(c.name, c.billed) for c in month.items] == [("shop-1", 8)]
    assert month.unexplained == 3


def test_an_item_known_later_explains_the_same_delivery(take):
    take(charge("8"))
    make.identifier(item=make.item(kind="vm"), kind="cloud_id", value=INSTANCE)

    (period,) = take(charge("8"))

    assert period.explained == 8


def test_services_are_compared_with_the_month_before(take):
    take(charge("10", month=2), charge("15"), charge("1", ServiceName="Amazon S3"))

    month = queries.month(date(2026, 3, 1), "EUR", system())

    assert [(c.name, c.billed, c.before) for c in month.services] == [
        ("Amazon EC2", 15, 10), ("Amazon S3", 1, 0)]  # fmt: skip


@pytest.mark.parametrize(
    ("invoice", "expected"),
    [
        (None, ("not_applicable", 0)),
        ("10.01", ("good", 0)),
        ("10.00", ("bad", 4)),
        ("10.02", ("bad", 4)),
    ],
)
def test_rows_and_invoice_agree_to_the_cent(take, invoice, expected):
    (period,) = take(charge("10.0099999999"))
    if invoice:
        services.reconcile(period, by=system(), invoice=Decimal(invoice))

    assert [v[:2] for v in judged(checks.invoice_differs)] == [expected]


def test_rows_that_could_not_be_read_are_listed_and_found(take):
    (period,) = take(charge("1"), charge("x"))

    assert period.bad_rows == [{"line": 3, "column": "BilledCost", "why": "“x” is no number"}]
    assert [v[:2] for v in judged(checks.bill_unread)] == [("bad", 3)]
    take(charge("1"), charge("2"))
    assert [v[:2] for v in judged(checks.bill_unread)] == [("good", 0)]


def test_the_page_says_what_a_month_cost_and_what_is_unexplained(take):
    browser = make.client(make.user("ann", role="viewer"))
    assert b"No bill was taken in yet" in browser.get("/cloud-costs").content

    take(charge("1234.5"), charge("2", ServiceName="<b>odd</b>"))
    page = browser.get("/cloud-costs").content.decode()

    assert "March 2026 cost 1,236.50 EUR" in page
    assert "1,236.50 EUR (100.0 %) is unexplained" in page
    assert "&lt;b&gt;odd" in page
    assert browser.get("/cloud-costs?month=2020-01-01-EUR").status_code == 404


def test_the_command_tells_the_sum_and_fails_on_bad_rows(tmp_path, capsys):
    path = write(tmp_path / "bill.csv", [charge("3"), charge("x")])

    code = commands.import_bill(str(path), export="aws", by=make.user("ann", role="administrator"))

    told = capsys.readouterr().out
    assert code == 1
    assert "aws, March 2026: 3.00 EUR billed in 1 rows, 0.00 of it explained." in told
    assert "line 3: BilledCost" in told


def test_a_viewer_takes_no_bill_in(tmp_path):
    path = write(tmp_path / "bill.csv", [charge()])

    with pytest.raises(NotAllowed):
        commands.import_bill(str(path), export="aws", by=make.user("eve", role="viewer"))
