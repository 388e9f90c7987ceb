"""How exports, billing periods and their rows are seen."""

from typing import Any

from django.template.loader import render_to_string

from fullscore.domains.foundation.estate.models import Item
from fullscore.domains.infrastructure.cloud import services
from fullscore.domains.infrastructure.cloud.models import CostExport, CostPeriod, CostRow
from fullscore.domains.infrastructure.cloud.queries.costs import CENT
from fullscore.kit.perform import Verb
from fullscore.kit.resource import Panel, Resource


def draw_bad(period: CostPeriod, user: Any, at: Any) -> str:
    """Draw the rows that could not be read, with line, column and reason."""
    return render_to_string("cloud/bad.html", {"period": period})


def _invoiced(period: CostPeriod) -> list[tuple[str, str]]:
    if period.invoice is None:
        return [("no invoice", "")]
    is_same = period.billed.quantize(CENT) == period.invoice
    return [("as invoiced", "ok") if is_same else ("differs from the invoice", "high")]


def cents(value: Any) -> str:
    """Return money as people read it; the exact figure stands in exports and the API."""
    return "–" if value is None else f"{value:,.2f}"


PERIOD = Resource(
    CostPeriod,
    columns=["export", "starts_on", "billed", "effective", "explained", "invoice", "currency",
             "row_count", "bad_count"],
    facts=["ends_on", "imported_at"],
    filters=["export", "currency"],
    order=["-starts_on"],
    icon="receipt",
    group="Estate",
    under="Servers",
    cells={c: cents for c in ("billed", "effective", "explained", "invoice")},
    badges=_invoiced,
    subtitle=lambda p: f"{p.currency} {p.billed:,.2f} in {p.row_count:,} rows",
    panels=[
        Panel("Rows that could not be read", draw=draw_bad, leads=True),
        Panel("Rows", rows=lambda p: p.rows.order_by("-billed"),
              columns=["day", "service", "resource", "billed"]),
    ],
    verbs=[
        Verb(services.reconcile, permission="cloud.change_costperiod", icon="calculator",
             in_bulk=False, done="{}: the invoice is written down."),
    ],
)  # fmt: skip

EXPORT = Resource(
    CostExport,
    columns=["name", "provider"],
    search=["name", "provider"],
    order=["name"],
    icon="file-spreadsheet",
    panels=[Panel("Billing periods", rows=lambda e: e.periods.all(),
                  columns=["starts_on", "billed", "invoice", "row_count"])],
)  # fmt: skip

ROW = Resource(
    CostRow,
    columns=["day", "service", "item", "resource", "region", "billed", "effective"],
    facts=["account", "category", "sku", "charge_category", "charge_class", "commitment",
           "invoice", "pricing_quantity", "pricing_unit", "list_cost", "contracted", "tags"],
    filters=["period", "service", "item", "region", "day"],
    order=["-day"],
    icon="coins",
    cells={c: cents for c in ("billed", "effective", "list_cost", "contracted")},
    panels=[
        Panel("What it costs", on=Item, permission="cloud.view_costrow",
              rows=lambda i: CostRow.objects.filter(item=i),
              columns=["day", "service", "billed", "effective"]),
    ],
)  # fmt: skip
