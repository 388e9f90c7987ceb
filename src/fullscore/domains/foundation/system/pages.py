"""Sending in a file of rows, and getting back those that were refused."""

import csv
import io
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import path

from fullscore.domains.foundation.system import reading, services
from fullscore.domains.foundation.system.models import Import
from fullscore.interfaces.web import shell
from fullscore.interfaces.web.files import flat
from fullscore.interfaces.web.shell import SignedIn
from fullscore.kit import resource
from fullscore.kit.errors import Invalid
from fullscore.kit.perform import find, require
from fullscore.kit.resource import Resource

MOST_BYTES = 10 * 1024 * 1024


def send(request: SignedIn, address: str) -> HttpResponse:
    """Take in a CSV or XLSX file of a noun, and show what it would do."""
    noun = next((r for r in resource.known() if r.path == address and r.takes_files), None)
    if noun is None:
        raise Http404
    require(noun.permission("add"), by=request.user)
    if "template" in request.GET:
        return _template(noun)
    problem = ""
    if request.method == "POST":
        try:
            return HttpResponseRedirect(f"/imports/{_received(noun, request).pk}")
        except Invalid as error:
            problem = str(error)
    return shell.page(
        request, "system/import.html", 422 if problem else 200, **_context(noun, problem)
    )


def _context(noun: Resource, problem: str) -> dict[str, Any]:
    return {
        "resource": noun,
        "title": f"Import {noun.title_plural}",
        "problem": problem,
        "fields": [(f, noun.label_of(f)) for f in noun.fields],
        "template_url": noun.url("import") + "?template=1",
        "crumbs": [{"title": noun.heading, "url": noun.url()}],
    }


def _received(noun: Resource, request: SignedIn) -> Any:
    sent = request.FILES.get("file")
    if sent is None:
        raise Invalid("Choose a CSV or XLSX file first.")
    if (sent.size or 0) > MOST_BYTES:
        raise Invalid(f"The file has {(sent.size or 0) / 2**20:.0f} MiB; at most 10 MiB are taken.")
    text = reading.text_of(reading.table(sent.read()))
    name = sent.name or "rows.csv"
    return services.receive(by=request.user, noun=noun.name, text=text, file_name=name)


def _template(noun: Resource) -> HttpResponse:
    """Answer a file with nothing but the columns."""
    out = io.StringIO()
    csv.writer(out).writerow(noun.fields)
    answer = HttpResponse(out.getvalue(), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{noun.path}-template.csv"'
    return answer


def refused(request: SignedIn, pk: int) -> HttpResponse:
    """Answer the rows that were not taken as a file of their own, to be mended and sent again."""
    import_ = find(Import, pk, by=request.user)
    answer = HttpResponse(
        reading.text_of([[flat(cell) for cell in row] for row in services.refused(import_)]),
        content_type="text/csv; charset=utf-8",
    )
    answer["Content-Disposition"] = f'attachment; filename="import-{pk}-refused.csv"'
    answer["Cache-Control"] = "no-store"
    return answer


PATTERNS = [
    path("<slug:address>/import", login_required(send), name="import"),
    path("imports/<int:pk>/refused.csv", login_required(refused), name="import_refused"),
]
