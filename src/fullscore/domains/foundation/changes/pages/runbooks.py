"""Writing a runbook beside its steps as they are read, and starting one with its values."""

from collections.abc import Sequence
from typing import Any, cast

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.urls import path

from fullscore.domains.foundation.changes.drawing import runbooks as drawing
from fullscore.domains.foundation.changes.models import Runbook, RunbookRun, RunbookVersion
from fullscore.domains.foundation.changes.pages.asking import MINUTE, MOST_PREVIEWS
from fullscore.domains.foundation.changes.services.runbooks import starting, writing
from fullscore.domains.foundation.estate import queries as estate
from fullscore.domains.foundation.estate.models import Item
from fullscore.engines import runbooks
from fullscore.engines.runbooks import Parameter
from fullscore.interfaces.web import shell
from fullscore.interfaces.web.shell import SignedIn
from fullscore.interfaces.wire import narrowed
from fullscore.kit import access, limits
from fullscore.kit.errors import Conflict, Invalid, Problem
from fullscore.kit.perform import Verb, find, perform, require
from fullscore.kit.resource import Resource

RUN = Verb(starting.run, permission=starting.RUN)
EXAMPLE = """When it is used, and what to know first.

```parameters
unit: name = nginx.service
```

## Is it running?
```command
systemctl is-active {unit}
alters: no
```

## Does it fail often?
```check
servers.unit_failed
```

## Restart it
Only one node at a time.

```command
sudo -n systemctl restart {unit}
within: 60 s
```

## Did it help?
```decision
ask: Does it answer now?
yes: end
no: way back
```

# Way back

## Tell the owner
Say on the timeline what was tried.
"""


def write(request: SignedIn, pk: int | None = None) -> HttpResponse:
    """Write a runbook, or edit one; its steps are shown beside as they are read."""
    resource = cast(Resource, shell.resource_of(Runbook))
    runbook = find(Runbook, pk, by=request.user) if pk else None
    require(resource.permission("change" if runbook else "add"), runbook, by=request.user)
    form = _form(request, resource, runbook)
    if request.method == "POST" and form.is_valid():
        try:
            saved = _save(request, resource, form, runbook)
        except Problem as problem:
            _tell(form, problem)
        else:
            messages.success(request, f"“{saved}” is version {saved.number} now.")
            return HttpResponseRedirect(resource.url(saved.pk))
    text = form["text"].value() or ""
    return shell.page(
        request,
        "changes/write.html",
        422 if form.errors else 200,
        resource=resource,
        form=form,
        runbook=runbook,
        title=f"Edit {runbook}" if runbook else "Write a runbook",
        cancel_url=resource.url(runbook.pk) if runbook else resource.url(),
        preview=_drawn(text),
    )


def _form(request: SignedIn, resource: Resource, runbook: Runbook | None) -> Any:
    initial = {"text": EXAMPLE} if runbook is None else {}
    initial |= {name: request.GET[name] for name in request.GET if name in resource.fields}
    sent = request.POST if request.method == "POST" else None
    return narrowed(
        resource.form_class()(sent, instance=runbook, initial=initial or None), request.user
    )


def _save(request: SignedIn, resource: Resource, form: Any, runbook: Runbook | None) -> Runbook:
    if runbook is None:
        made: Runbook = resource.create(form.cleaned_data, by=request.user)
        return made
    fresh = Runbook.objects.get(pk=runbook.pk)
    if request.POST.get("seen") != str(fresh.number):
        raise Conflict(f"Version {fresh.number} was written meanwhile: bring both together.")
    values = {name: form.cleaned_data[name] for name in form.changed_data}
    saved: Runbook = resource.update(fresh, values, by=request.user)
    return saved


def preview(request: SignedIn) -> HttpResponse:
    """Draw steps as they are read. Nothing is stored."""
    if not access.may(request.user, "changes.change_runbook"):
        require("changes.add_runbook", by=request.user)
    limits.limit(f"runbook-preview:{request.user.pk}", per=MINUTE, count=MOST_PREVIEWS)
    html = _drawn(request.POST.get("text", ""))
    return HttpResponse(html, headers={"Cache-Control": "no-store"})


def _drawn(text: str) -> str:
    book = runbooks.read(text.replace("\r\n", "\n"))
    return drawing.drawn(book, writing.troubles(book))


# ── starting ───────────────────────────────────────────────────────────────────────────────────


def start(request: SignedIn, pk: int) -> HttpResponse:
    """Ask for what a run needs: the item, the values, and whether it is only rehearsed."""
    runbook = find(Runbook, pk, by=request.user)
    require(starting.RUN, runbook, by=request.user)
    version = runbook.current
    sent = request.POST if request.method == "POST" else None
    form = _start_form(request, runbook, version)(sent, initial=request.GET.dict())
    if sent is not None and form.is_valid():
        try:
            run = perform(RUN, Runbook, pk, by=request.user, values=_values(form, version))
        except Problem as problem:
            _tell(form, problem)
        else:
            return HttpResponseRedirect(f"/runbook-runs/{run.pk}")
    resource = cast(Resource, shell.resource_of(Runbook))
    return shell.page(
        request,
        "changes/start.html",
        422 if form.errors else 200,
        resource=resource,
        form=form,
        runbook=runbook,
        version=version,
        title=f"Run {runbook}",
        foreseen=_foreseen(request, form, version),
        earlier=RunbookRun.objects.visible_to(request.user).filter(
            runbook=runbook, state__in=RunbookRun.LIVE, is_dry=False
        )[:3],
    )


def foresee(request: SignedIn, pk: int) -> HttpResponse:
    """Say what a run would do with the values so far."""
    runbook = find(Runbook, pk, by=request.user)
    require(starting.RUN, runbook, by=request.user)
    limits.limit(f"runbook-preview:{request.user.pk}", per=MINUTE, count=MOST_PREVIEWS)
    form = _start_form(request, runbook, runbook.current)(request.POST)
    html = _foreseen(request, form, runbook.current)
    return HttpResponse(html, headers={"Cache-Control": "no-store"})


def _start_form(
    request: SignedIn, runbook: Runbook, version: RunbookVersion
) -> type[forms.BaseForm]:
    """Return the form of one runbook: its parameters are fields."""
    try:
        rows = estate.selected(runbook.selector)
    except Invalid:  # a word that was a field once
        rows = Item.objects.live()
    seen = Item.objects.visible_to(request.user).filter(pk__in=rows.values("pk"))
    fields: dict[str, Any] = {
        "item": forms.ModelChoiceField(seen.order_by("name"), label="Item"),
        **{_name(one): _field(one) for one in version.book.parameters},
        "reference": forms.CharField(
            label="For", required=False, max_length=80, help_text="Such as incident 12."
        ),
        "is_dry": forms.BooleanField(
            label="Dry run",
            required=False,
            help_text="Reads and measures; shows commands and sends none.",
        ),
    }
    return type("StartForm", (forms.Form,), fields)


def _name(parameter: Parameter) -> str:
    return f"value_{parameter.name}"


def _field(parameter: Parameter) -> forms.Field:
    named: dict[str, Any] = {
        "label": parameter.name.replace("_", " "),
        "required": not parameter.default,
    }
    if parameter.kind == "choice":
        choices = [(one, one) for one in parameter.choices]
        return forms.ChoiceField(choices=choices, initial=parameter.default, **named)
    return forms.CharField(max_length=200, initial=parameter.default, **named)


def _values(form: Any, version: RunbookVersion) -> dict[str, Any]:
    given = form.cleaned_data
    lines = [f"{one.name}={given[_name(one)]}" for one in version.book.parameters]
    return {
        "item": given["item"].pk,
        "parameters": "\n".join(line.replace("\n", " ") for line in lines),
        "reference": given["reference"],
        "is_dry": given["is_dry"],
    }


def _foreseen(request: SignedIn, form: Any, version: RunbookVersion) -> str:
    """Draw the commands with their values, and what is still missing to send them."""
    if form.is_bound:
        form.is_valid()
    given = getattr(form, "cleaned_data", {})
    item = given.get("item") or _asked_item(request)
    book = version.book
    values = {one.name: given.get(_name(one)) or one.default for one in book.parameters}
    told, wrong = runbooks.given(book.parameters, values)
    context: dict[str, Any] = {"book": book, "item": item, "wrong": wrong.values()}
    if item is not None and not wrong:
        context["commands"] = starting.planned(version, {**told, "item": item.name})
        context["no_way"] = starting.no_way(item) if book.has_commands else ""
    context["not_approved"] = book.has_commands and version.approved_by_id is None
    return render_to_string("changes/start_foreseen.html", context)


def _asked_item(request: SignedIn) -> Item | None:
    pk = request.GET.get("item", "")
    rows = Item.objects.visible_to(request.user)
    return rows.filter(pk=int(pk)).first() if pk.isdecimal() and len(pk) < 19 else None


def _tell(form: Any, problem: Problem) -> None:
    """Show a refusal at its field, else above the form."""
    fields: dict[Any, Sequence[str]] = getattr(problem, "fields", {}) or {None: [str(problem)]}
    for name, sentences in fields.items():
        known = name if name in form.fields else None
        form.add_error(known, ValidationError(list(sentences)))


PATTERNS = [
    path("runbooks/add", login_required(write), name="runbook-write"),
    path("runbooks/<int:pk>/edit", login_required(write), name="runbook-edit"),
    path("runbooks/preview", login_required(preview), name="runbook-preview"),
    path("runbooks/<int:pk>/run", login_required(start), name="runbook-start"),
    path("runbooks/<int:pk>/foresee", login_required(foresee), name="runbook-foresee"),
]
