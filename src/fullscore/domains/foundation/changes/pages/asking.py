"""The form that asks for a change, beside what it would mean: map, card, and what is in the way."""

from datetime import timedelta
from typing import Any, cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.urls import path

from fullscore.domains.foundation.changes import drawing
from fullscore.domains.foundation.changes.facts import Draft
from fullscore.domains.foundation.changes.models import Change
from fullscore.domains.foundation.changes.queries import blast, overlaps, weighing
from fullscore.engines import risk
from fullscore.interfaces.web import shell
from fullscore.interfaces.web.shell import SignedIn
from fullscore.interfaces.wire import narrowed
from fullscore.kit import limits
from fullscore.kit.errors import Problem
from fullscore.kit.perform import require
from fullscore.kit.resource import Resource

WANTED = ("kind", "items", "starts_at", "ends_at", "rollback", "verification")
MINUTE, MOST_PREVIEWS = timedelta(minutes=1), 120  # as many as searches


def ask(request: SignedIn) -> HttpResponse:
    """Ask for a change; what it would mean is shown beside the form, and drawn anew as it grows."""
    require("changes.add_change", by=request.user)
    resource = cast(Resource, shell.resource_of(Change))
    is_sent = request.method == "POST"
    form = _form(request, resource)
    if is_sent and form.is_valid():
        try:
            change = resource.create(form.cleaned_data, by=request.user)
        except Problem as problem:
            _tell(form, problem)
        else:
            messages.success(request, f"Change “{change}” is drafted: assess it, then submit it.")
            return HttpResponseRedirect(resource.url(change.pk))
    return shell.page(
        request,
        "changes/ask.html",
        422 if form.errors else 200,
        resource=resource,
        form=form,
        title="Ask for a change",
        foreseen=_foreseen(form, request) if is_sent else "",
    )


def preview(request: SignedIn) -> HttpResponse:
    """Say what a change would mean, from what its form holds so far. Nothing is stored."""
    require("changes.add_change", by=request.user)
    limits.limit(f"change-preview:{request.user.pk}", per=MINUTE, count=MOST_PREVIEWS)
    resource = cast(Resource, shell.resource_of(Change))
    html = _foreseen(_form(request, resource), request)
    return HttpResponse(html, headers={"Cache-Control": "no-store"})


def _form(request: SignedIn, resource: Resource) -> Any:
    """Return the form; a page that leads here may have filled in items, a time or a finding."""
    given = {name: request.GET.getlist(name) for name in request.GET if name in resource.fields}
    many = ("items", "findings")
    initial = {name: v if name in many else v[-1] for name, v in given.items()}
    form_class = resource.form_class()
    return narrowed(
        form_class(request.POST if request.method == "POST" else None, initial=initial),
        request.user,
    )


def _foreseen(form: Any, request: SignedIn) -> str:
    """Return what a change would mean, or what is missing to say it."""
    form.is_valid()
    told = {name: form.cleaned_data.get(name) for name in WANTED}
    if not all(told.values()) or told["ends_at"] <= told["starts_at"]:
        return render_to_string("changes/foreseen.html", {"is_ready": False})
    standard = form.cleaned_data.get("standard")
    draft = Draft(
        told["kind"],
        tuple(item.pk for item in told["items"]),
        told["starts_at"],
        told["ends_at"],
        standard.rollback if standard else told["rollback"],
        standard.verification if standard else told["verification"],
        standard.pk if standard else None,
    )
    reached, way = blast.blast(draft.items), overlaps.in_the_way(draft)
    found = risk.assess(weighing.facts(draft, reached, way))
    terms = [{"name": t.name, "points": t.points, "reason": t.reason} for t in found.terms]
    context = {
        "is_ready": True,
        "may_auto_approve": found.may_auto_approve,
        **drawing.card(found.points, found.band, terms),
        **drawing.way_of(way, request.user),
        "blast": drawing.blast_of(draft, reached, request.user),
    }
    return render_to_string("changes/foreseen.html", context, request)


def _tell(form: Any, problem: Problem) -> None:
    """Show a refusal at its field, else above the form."""
    fields = getattr(problem, "fields", {}) or {None: [str(problem)]}
    for name, sentences in fields.items():
        known = name if name in form.fields else None
        form.add_error(known, ValidationError(sentences))


PATTERNS = [
    path("changes/add", login_required(ask), name="change-ask"),
    path("changes/preview", login_required(preview), name="change-preview"),
]
