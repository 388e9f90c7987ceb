"""Sending in a file of rows, and getting back those that were refused."""

import csv
import io
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.urls import path

from fullscore.connectors.inventory import tables
from fullscore.domains.foundation.estate.kinds import CHOICES
from fullscore.domains.foundation.estate.queries import exporting
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
MOST_INVENTORY_BYTES = 64 * 1024 * 1024
FORMS = {"yaml": "application/yaml", "graphml": "application/graphml+xml"}


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


def inventory(request: SignedIn) -> HttpResponse:
    """Bring in an inventory: a file of whichever form, or what NetBox or Nautobot holds."""
    require("estate.add_item", by=request.user)
    problem = ""
    if request.method == "POST":
        try:
            made = _asked(request) if "url" in request.POST else _taken(request)
            return HttpResponseRedirect(f"/imports/{made.pk}")
        except Invalid as error:
            problem = str(error)
    context = {
        "title": "Bring in your inventory", "problem": problem, "kinds": CHOICES,
        "url": request.POST.get("url", ""),
        "crumbs": [{"title": "Items", "url": "/items"}],
    }  # fmt: skip
    return shell.page(request, "system/inventory.html", 422 if problem else 200, **context)


def _asked(request: SignedIn) -> Import:
    url, token = request.POST.get("url", "").strip(), request.POST.get("token", "").strip()
    return services.ask(by=request.user, url=url, token=token)


def _taken(request: SignedIn) -> Import:
    sent = request.FILES.get("file")
    if sent is None:
        raise Invalid("Choose a file first.")
    if (sent.size or 0) > MOST_INVENTORY_BYTES:
        raise Invalid(f"The file has {(sent.size or 0) / 2**20:.0f} MiB; at most 64 MiB are taken.")
    name = sent.name or "table.csv"
    return services.take_in(sent.read(), name, by=request.user, kind=request.POST.get("kind", ""))


def columns(request: SignedIn, pk: int) -> HttpResponse:
    """Say what each column of a table means; it is remembered for tables with these headings."""
    import_ = find(Import, pk, by=request.user)
    problem = ""
    if request.method == "POST":
        names = [heading for heading, *_ in services.columns(import_)]
        meaning = {h: _meant(request, place, h) for place, h in enumerate(names)}
        try:
            kind = request.POST.get("kind", "")
            services.give_meaning(import_, meaning, by=request.user, kind=kind)
            return HttpResponseRedirect(f"/imports/{pk}")
        except Invalid as error:
            problem = str(error)
    context = {
        "title": "What the columns mean", "problem": problem, "kinds": CHOICES,
        "columns": services.columns(import_), "fields": tables.FIELDS, "import": import_,
        "crumbs": [{"title": "Imports", "url": "/imports"},
                   {"title": str(import_), "url": f"/imports/{pk}"}],
    }  # fmt: skip
    return shell.page(request, "system/columns.html", 422 if problem else 200, **context)


def _meant(request: SignedIn, place: int, heading: str) -> str:
    told = request.POST.get(f"column{place}", "")
    return f"{tables.ATTRIBUTE}{heading[:60]}" if told == "attribute" else told


def export(request: SignedIn, form: str) -> StreamingHttpResponse:
    """Answer the items one may see: YAML, which comes in again, or GraphML for drawing programs."""
    from fullscore.connectors.inventory import sitefile  # YAML takes its time at each start

    require("estate.view_item", by=request.user)
    if form == "yaml":
        body: Any = iter([sitefile.write(exporting.things(request.user))])
    else:
        body = exporting.graph(request.user)
    answer = StreamingHttpResponse(body, content_type=f"{FORMS[form]}; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="estate.{form}"'
    answer["Cache-Control"] = "no-store"
    return answer


PATTERNS = [
    path("inventory", login_required(inventory), name="inventory"),
    path("inventory/estate.yaml", login_required(export), {"form": "yaml"}, name="estate-yaml"),
    path(
        "inventory/estate.graphml",
        login_required(export),
        {"form": "graphml"},
        name="estate-graphml",
    ),
    path("imports/<int:pk>/columns", login_required(columns), name="import-columns"),
    path("<slug:address>/import", login_required(send), name="import"),
    path("imports/<int:pk>/refused.csv", login_required(refused), name="import_refused"),
]
