"""Two servers beside each other, as a page and as a file."""

import csv
import io
from datetime import timedelta

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.urls import path

from fullscore.domains.infrastructure.servers.models import Server
from fullscore.domains.infrastructure.servers.queries import access
from fullscore.domains.infrastructure.servers.queries import compare as queries
from fullscore.interfaces.web import files, shell
from fullscore.interfaces.web.shell import SignedIn
from fullscore.kit import limits
from fullscore.kit.audit import noted
from fullscore.kit.errors import Problem
from fullscore.kit.perform import require

SHOWN = 300  # rows of a part on the page; the file has them all
CHOICES = 500


def compare(request: SignedIn) -> HttpResponse:
    """Show two servers side by side; without two, ask which."""
    require("servers.view_facts", by=request.user)
    a, b = (request.GET.get(name, "").strip() for name in ("a", "b"))
    everything = request.GET.get("show") == "all"
    context = {
        "title": "Compare two servers", "a": a, "b": b, "everything": everything,
        "crumbs": [{"title": "Servers", "url": "/servers"}], "shown": SHOWN,
        "shown_slice": f":{SHOWN}",
    }  # fmt: skip
    if a and b:
        try:
            one, other = _both(request)
            parts = queries.compare(one, other, by=request.user, everything=everything)
        except Problem as problem:
            context["problem"] = str(problem)
        else:
            context |= {
                "one": one, "other": other, "parts": parts,
                "a": one.item.name, "b": other.item.name,
                "title": f"{one} and {other}", "differing": sum(p.differing for p in parts),
                "untold": [p for p in parts if p.untold], "query": request.GET.urlencode(),
            }  # fmt: skip
    known = Server.objects.visible_to(request.user).order_by("item__name")
    context["names"] = list(known.values_list("item__name", flat=True)[:CHOICES])
    status = 422 if "problem" in context else 200
    return shell.page(request, "servers/compare.html", status=status, **context)


def as_file(request: SignedIn) -> HttpResponse:
    """Return the comparison as CSV, and note that it was taken."""
    limits.limit(f"export:{request.user.pk}", per=timedelta(minutes=1), count=10)
    one, other = _both(request)
    everything = request.GET.get("show") == "all"
    parts = queries.compare(one, other, by=request.user, everything=everything)
    noted(request.user, "export comparison", by=request.user, query=request.GET.urlencode())
    text = io.StringIO()
    rows = csv.writer(text)
    rows.writerow(files.flat(word) for word in ("part", "name", one.item.name, other.item.name))
    rows.writerows(
        [files.flat(word) for word in (title, row.name, row.a, row.b)]
        for title, row in queries.lines(parts)
    )
    answer = HttpResponse("\ufeff" + text.getvalue(), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="compared.csv"'
    answer["Cache-Control"] = "no-store"
    return answer


def _both(request: SignedIn) -> tuple[Server, Server]:
    a, b = (access.server_called(request.GET.get(name, ""), by=request.user) for name in ("a", "b"))
    return a, b


PATTERNS = [
    path("servers/compare", login_required(compare), name="servers-compare"),
    path("servers/compare.csv", login_required(as_file), name="servers-compare-file"),
]
