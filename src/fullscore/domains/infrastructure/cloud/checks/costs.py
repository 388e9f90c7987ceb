"""Checks of bills."""

from collections.abc import Iterable, Iterator
from datetime import timedelta

from fullscore.domains.infrastructure.cloud.queries.costs import CENT, Billed
from fullscore.kit.checks import Limits, Subject, Verdict, bad, good, not_applicable, rule

DAY = timedelta(days=1)


@rule(
    "cloud.invoice_differs", title="Bills whose rows are not what is invoiced", codes=["C7"],
    every=DAY,
    why="Either rows are missing here, or the provider asks for more than it delivered.",
    source="The sum of BilledCost must equal the invoice to the cent; FOCUS, BilledCost.",
    fix="Fetch the export anew and take it in; if it stays, send the provider the difference.",
)  # fmt: skip
def invoice_differs(periods: Iterable[Billed], *, now: object, limits: Limits) -> Iterator[Verdict]:
    """Say which billing periods differ from their invoice, and by how much."""
    for one in periods:
        subject = Subject(record=f"cost-period:{one.period}")
        if one.invoice is None:
            yield not_applicable(subject, why="no invoice was written down")
            continue
        difference = one.billed.quantize(CENT) - one.invoice
        if difference == 0:
            yield good(subject, figure=0, limit=0, unit=one.currency)
            continue
        evidence = {"rows": str(one.billed), "invoice": str(one.invoice)}
        yield bad(
            subject, severity=4, figure=float(difference), limit=0, unit=one.currency,
            title=f"{one.name}: rows and invoice differ by {difference} {one.currency}",
            evidence=(evidence,), advice=invoice_differs.fix,
        )  # fmt: skip


@rule(
    "cloud.bill_unread", title="Bills with rows that could not be read", every=DAY,
    why="What such a row costs is in no sum.", source="Any row of the last delivery.",
    fix="See the rows on the period's page, have the export mended, and take it in again.",
)  # fmt: skip
def bill_unread(periods: Iterable[Billed], *, now: object, limits: Limits) -> Iterator[Verdict]:
    """Say which deliveries had rows that could not be read."""
    for one in periods:
        subject = Subject(record=f"cost-period:{one.period}")
        if not one.bad_count:
            yield good(subject)
            continue
        yield bad(
            subject, severity=3, figure=one.bad_count, limit=0, unit="1",
            title=f"{one.name}: {one.bad_count} rows could not be read", advice=bill_unread.fix,
        )  # fmt: skip
