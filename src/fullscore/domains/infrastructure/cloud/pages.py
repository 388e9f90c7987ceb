"""What the cloud costs, by service and by item, and what nobody can explain."""

from datetime import date
from decimal import Decimal

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.urls import path

from fullscore.domains.infrastructure.cloud.queries import costs
from fullscore.domains.infrastructure.cloud.queries.costs import Cost
from fullscore.interfaces.web import shell
from fullscore.interfaces.web.shell import SignedIn
from fullscore.kit.errors import NotFound
from fullscore.kit.perform import require


def show_costs(request: SignedIn) -> HttpResponse:
    """Show one month of bills."""
    require("cloud.view_costrow", by=request.user)
    known = costs.months()
    if not known:
        return shell.page(request, "cloud/costs.html", title="Cloud costs", month=None)
    starts_on, currency = _chosen(request.GET.get("month", ""), known)
    month = costs.month(starts_on, currency, request.user)
    choices = [
        {"value": _word(*one), "label": f"{one[0]:%B %Y} ({one[1]})",
         "is_chosen": one == (starts_on, currency)}
        for one in known
    ]  # fmt: skip
    share = float(100 * month.unexplained / month.billed) if month.billed else 0.0
    return shell.page(
        request, "cloud/costs.html", title="Cloud costs", month=month, choices=choices,
        billed=_money(month.billed, currency), explained=_money(month.explained, currency),
        unexplained=_money(month.unexplained, currency), unexplained_percent=f"{share:.1f}",
        services=[_line(one, currency) for one in month.services[: costs.SHOWN]],
        items=[_line(one, currency) for one in month.items],
    )  # fmt: skip


def _chosen(word: str, known: list[tuple[date, str]]) -> tuple[date, str]:
    if not word:
        return known[0]
    for starts_on, currency in known:
        if _word(starts_on, currency) == word:
            return starts_on, currency
    raise NotFound("There is no bill of that month: choose one from the list.")


def _word(starts_on: date, currency: str) -> str:
    return f"{starts_on:%Y-%m-%d}-{currency}"


def _money(amount: Decimal, currency: str) -> str:
    return f"{amount:,.2f} {currency}"


def _line(one: Cost, currency: str) -> dict[str, object]:
    change = "–"
    if one.before is not None:
        change = "new" if not one.before else f"{float(100 * (one.billed / one.before - 1)):+.0f} %"
    return {
        "name": one.name, "item": one.item, "billed": _money(one.billed, currency),
        "share": one.share_percent, "change": change,
    }  # fmt: skip


PATTERNS = [path("cloud-costs", login_required(show_costs), name="cloud-costs")]
