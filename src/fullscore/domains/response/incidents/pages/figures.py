"""How fast incidents are handled and how changes go: figures, a chart of weeks, and a file."""

import csv
import io
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.urls import path

from fullscore.domains.foundation.directory.models import Team
from fullscore.domains.foundation.estate.models import Item
from fullscore.domains.response.incidents import reading
from fullscore.domains.response.incidents.models.incidents import PRIORITY_CHOICES
from fullscore.interfaces.web import shell
from fullscore.interfaces.web.charts import bars
from fullscore.interfaces.web.figures import figure
from fullscore.interfaces.web.shell import SignedIn
from fullscore.kit.errors import Invalid

SPANS = {"28": "4 weeks", "91": "13 weeks", "182": "26 weeks", "364": "a year"}
ASKED = ("days", "service", "team", "priority")
MOST_WEEKS = 26  # bars that can be read


def figures(request: SignedIn) -> HttpResponse:
    """Show the figures of incidents and changes."""
    given = _given(request)
    told = reading.figures(request.user, **given)
    rows = [
        (name, count, [figure(value, unit) for value in values])
        for name, unit, count, *values in reading.rows_of(told)
    ]
    weeks = told["weeks"][-MOST_WEEKS:]
    return shell.page(
        request, "incidents/figures.html", title="Figures of incidents and changes",
        told=told, times=rows[:3], delivery=rows[3:], given=given, spans=SPANS,
        priorities=PRIORITY_CHOICES,
        services=Item.objects.visible_to(request.user).live().filter(kind="service")[:200],
        teams=Team.objects.visible_to(request.user)[:200],
        by_week=_by_week(weeks), lasting=_lasting(weeks), query=request.GET.urlencode(),
    )  # fmt: skip


def _by_week(weeks: list[dict[str, Any]]) -> str:
    rows = [(f"{week['on']:%-d %b}", float(week["incidents"])) for week in weeks]
    return bars(rows, title="Incidents noticed, by week", unit="1")


def _lasting(weeks: list[dict[str, Any]]) -> str:
    """Draw how long half of the incidents took; a week without any has no bar."""
    known = [week for week in weeks if week["median_seconds"] is not None]
    rows = [(f"{week['on']:%-d %b}", week["median_seconds"]) for week in known]
    return bars(rows, title="Median time to resolve, by week", unit="s") if rows else ""


def as_file(request: SignedIn) -> HttpResponse:
    """Return the figures as CSV: lengths in seconds, rates from 0 to 1."""
    told = reading.figures(request.user, **_given(request))
    text = io.StringIO()
    rows = csv.writer(text)
    rows.writerow(("figure", "unit", "count", "mean", "median", "p90"))
    rows.writerows(reading.rows_of(told))
    answer = HttpResponse("\ufeff" + text.getvalue(), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="figures.csv"'
    return answer


def _given(request: SignedIn) -> dict[str, int]:
    """Return what was asked for as numbers; what is empty is left out."""
    told = {name: request.GET.get(name, "") for name in ASKED}
    wrong = {name: ["A number."] for name, text in told.items()
             if text and not (text.isdecimal() and len(text) < 10)}  # fmt: skip
    if wrong:
        raise Invalid(f"{next(iter(wrong)).capitalize()} is asked for by its number.", wrong)
    return {"days": 91} | {name: int(text) for name, text in told.items() if text}


PATTERNS = [
    path("figures", login_required(figures), name="figures"),
    path("figures.csv", login_required(as_file), name="figures-file"),
]
