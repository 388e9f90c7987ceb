"""Adding, editing, removing, and doing verbs to one record or to many."""

from collections.abc import Callable, Mapping
from typing import Any

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme, urlencode

from fullscore.interfaces.web import shell
from fullscore.interfaces.web.inputs import form_of, values_of
from fullscore.interfaces.web.shell import SignedIn
from fullscore.interfaces.wire import narrowed
from fullscore.kit.audit import noun_of
from fullscore.kit.errors import Conflict, Invalid, NotFound, Problem
from fullscore.kit.models import AuditEntry
from fullscore.kit.perform import Unmet, Verb, find, perform, require
from fullscore.kit.resource import Resource
from fullscore.kit.words import titled

View = Callable[..., HttpResponse]
MOST_IN_BULK = 1000


def add_of(resource: Resource) -> View:
    """Return the form that adds a record."""

    def view(request: SignedIn) -> HttpResponse:
        require(resource.permission("add"), by=request.user)
        initial = {k: v for k, v in request.GET.items() if k in resource.fields}
        form = _model_form(resource, request, initial=initial)
        if request.method == "POST" and form.is_valid():
            try:
                record = resource.create(form.cleaned_data, by=request.user)
            except Problem as problem:
                _tell(form, problem)
            else:
                messages.success(request, f"{titled(resource.title)} “{record}” added.")
                return go(request, resource.url(record.pk))
        back = origin(request, resource.url())
        return _form_page(request, resource, form, f"Add {resource.title}", back)

    return view


def edit_of(resource: Resource) -> View:
    """Return the form that changes a record; what others changed meanwhile is not overwritten."""

    def view(request: SignedIn, pk: int) -> HttpResponse:
        record = find(resource.model, pk, by=request.user)
        require(resource.permission("change"), record, by=request.user)
        form = _model_form(resource, request, instance=record)
        if request.method == "POST" and form.is_valid():
            try:
                with transaction.atomic():
                    fresh = find(resource.model, pk, by=request.user, lock=True)
                    if meanwhile := _changed_meanwhile(request, fresh):
                        raise Conflict(meanwhile)
                    values = {name: form.cleaned_data[name] for name in form.changed_data}
                    resource.update(fresh, values, by=request.user)
            except Problem as problem:
                _tell(form, problem)
            else:
                messages.success(request, f"“{fresh}” saved.")
                return go(request, resource.url(pk))
        newest = _newest(record)
        return _form_page(
            request, resource, form, f"Edit {record}", resource.url(pk),
            seen=newest.n if newest else "",
        )  # fmt: skip

    return view


def delete_of(resource: Resource) -> View:
    """Return the page that asks before a record is removed for good."""

    def view(request: SignedIn, pk: int) -> HttpResponse:
        record = find(resource.model, pk, by=request.user)
        require(resource.permission("delete"), record, by=request.user)
        if request.method == "POST":
            told = str(record)
            resource.delete(record, by=request.user)
            messages.success(request, f"{titled(resource.title)} “{told}” removed.")
            return go(request, resource.url())
        context: dict[str, Any] = {"title": f"Remove {record}", "action": request.path,
                   "tone": "danger", "button": "Remove",
                   "plan": ["It is removed for good; its history stays."]}  # fmt: skip
        return shell.page(
            request, "verb.html", resource=resource, form=None,
            cancel_url=resource.url(pk), **context,
        )  # fmt: skip

    return view


def verb_of(resource: Resource, verb: Verb) -> View:
    """Return the page of a verb: asks for what it needs, then does it."""

    def view(request: SignedIn, pk: int) -> HttpResponse:
        record = find(resource.model, pk, by=request.user)
        require(verb.permission, record, by=request.user)
        form_class = form_of(verb, user=request.user)
        is_sent = request.method == "POST"
        sent = request.GET if "undo" in request.GET else request.POST
        first = {n: v for n, v in request.GET.items() if n in form_class.base_fields}
        form = form_class(sent if is_sent else None, initial=first)
        if is_sent and form.is_valid():
            undo = _undo_url(resource, verb, record)
            try:
                done = perform(verb, resource.model, pk, by=request.user, values=values_of(form))
            except Problem as problem:
                if not resource.visible_to(request.user).filter(pk=pk).exists():
                    raise  # what is gone has no page to say it on
                _tell(form, problem)
            else:
                said = verb.said(f"“{record}”", done)
                tell = messages.warning if isinstance(said, Unmet) else messages.success
                tell(request, said, extra_tags=undo)
                is_left = resource.visible_to(request.user).filter(pk=pk).exists()
                return go(request, resource.url(pk) if is_left else resource.url())
        return _verb_page(
            request, resource, verb, form, str(record), origin(request, resource.url(pk))
        )

    return view


def _undo_url(resource: Resource, verb: Verb, record: Any) -> str:
    """Return the address that takes a verb back, its values with it; empty where none does."""
    name, values = (verb.undo and verb.undo(record)) or ("", {})
    return resource.url(record.pk, name) + "?" + urlencode({"undo": 1, **values}) if name else ""


def bulk_of(resource: Resource) -> View:
    """Return the page that does one verb to many records, after saying to which."""

    def view(request: SignedIn) -> HttpResponse:
        if request.method != "POST":
            return HttpResponseRedirect(resource.url())
        keys = [k for k in request.POST.getlist("pk") if k.isdecimal()]
        if not keys:
            messages.warning(request, "Select some rows first.")
            return go(request, resource.url())
        if len(keys) > MOST_IN_BULK:
            raise Invalid(f"At most {MOST_IN_BULK:,} rows at once; these are {len(keys):,}.")
        name = request.POST.get("verb", "")
        if name == "edit":
            return _edit_many(request, resource, keys)
        verb = next((v for v in resource.verbs if v.name == name and v.in_bulk), None)
        if verb is None:
            raise NotFound(f"{resource.heading} have no verb “{name[:40]}”.")
        return _do_many(request, resource, verb, keys)

    return view


def _do_many(request: SignedIn, resource: Resource, verb: Verb, keys: list[str]) -> HttpResponse:
    require(verb.permission, by=request.user)
    is_sent = "confirmed" in request.POST
    form = form_of(verb, user=request.user)(request.POST if is_sent else None)
    if not is_sent or not form.is_valid():
        return _many_page(request, resource, verb.label, verb.about, form, keys, verb.name)

    def act(pk: str) -> None:
        perform(verb, resource.model, pk, by=request.user, values=values_of(form))

    return _each(request, resource, verb.said, keys, act)


def _edit_many(request: SignedIn, resource: Resource, keys: list[str]) -> HttpResponse:
    """Set the filled fields on every selected record; each is a change of its own in the audit."""
    require(resource.permission("change"), by=request.user)
    is_sent = "confirmed" in request.POST
    if not resource.in_bulk:
        raise NotFound(f"{resource.heading} are not edited in bulk.")
    form = narrowed(resource.form_class()(request.POST if is_sent else None), request.user)
    for field in form.fields.values():
        field.required = False
        field.help_text = "Empty: unchanged."
    if isinstance(form, forms.ModelForm):
        # one record's rules are asked of each record, below
        form._post_clean = lambda: None  # type: ignore[attr-defined]  # Django's seam, not in the stubs
    sent = request.POST
    filled = [n for n in resource.fields if sent.get(n) or sent.getlist(n) not in ([], [""])]
    if not is_sent or not form.is_valid() or not filled:
        about = "Only the fields you fill in are changed."
        return _many_page(request, resource, "Edit", about, form, keys, "edit")
    values = {name: form.cleaned_data[name] for name in filled if name in form.cleaned_data}

    def act(pk: str) -> None:
        resource.update(find(resource.model, pk, by=request.user), values, by=request.user)

    return _each(request, resource, "{} changed.".format, keys, act)


def _each(
    request: SignedIn, resource: Resource, said: Callable[[str], str], keys: list[str],
    act: Callable[[str], None],
) -> HttpResponse:  # fmt: skip
    """Act on one record after another; one that refuses does not stop the rest."""
    refused: list[str] = []
    for pk in keys:
        try:
            act(pk)
        except Problem as problem:
            refused.append(f"{pk}: {problem}")
    done = len(keys) - len(refused)
    if done:
        messages.success(request, said(f"{done} {_words(resource, done)}"))
    for sentence in refused[:5]:
        messages.error(request, sentence)
    if len(refused) > 5:
        messages.error(request, f"… and {len(refused) - 5} more refused.")
    return go(request, resource.url())


def _words(resource: Resource, count: int) -> str:
    return resource.title if count == 1 else resource.title_plural


def _many_page(
    request: SignedIn, resource: Resource, label: str, about: str, form: Any,
    keys: list[str], name: str,
) -> HttpResponse:  # fmt: skip
    rows = resource.visible_to(request.user).filter(pk__in=keys)
    examples = [str(record) for record in rows[:10]]
    count = len(keys)
    title = f"{label} {count} {_words(resource, count)}"
    more = [f"… and {count - len(examples)} more"] if count > len(examples) else []
    return shell.page(
        request, "verb.html", resource=resource, form=form, title=title, about=about,
        action=resource.url("bulk"),
        hidden=[("verb", name), ("confirmed", "1"), ("next", origin(request, resource.url()))],
        keys=keys, plan=examples + more, button=label, tone="",
        cancel_url=origin(request, resource.url()),
    )  # fmt: skip


def _verb_page(
    request: SignedIn, resource: Resource, verb: Verb, form: Any, told: str, back: str
) -> HttpResponse:
    return shell.page(
        request, "verb.html", resource=resource, form=form, title=f"{verb.label}: {told}",
        page_title=verb.label, crumbs=[*shell.above(resource), {"title": told, "url": back}],
        about=verb.about, action=request.get_full_path(), button=verb.label, tone=verb.tone,
        cancel_url=back,
        hidden=[], keys=[], plan=[],
    )  # fmt: skip


def _form_page(
    request: SignedIn, resource: Resource, form: Any, title: str, back: str, *, seen: Any = ""
) -> HttpResponse:
    return shell.page(
        request, "form.html", 422 if form.errors else 200, resource=resource, form=form,
        title=title,
        action=request.get_full_path(), cancel_url=back, seen=seen,
    )  # fmt: skip


def _model_form(resource: Resource, request: SignedIn, **given: Any) -> forms.ModelForm[Any]:
    """Return the form of a noun."""
    form = resource.form_class()(request.POST if request.method == "POST" else None, **given)
    return narrowed(form, request.user)


def _changed_meanwhile(request: SignedIn, record: Any) -> str:
    """Return who changed a record since its form was opened; empty when nobody did."""
    newest = _newest(record)
    if newest is None or request.POST.get("seen", str(newest.n)) == str(newest.n):
        return ""
    return (
        f"{newest.by} changed this meanwhile. Nothing was saved: open it anew, or send it again"
        " to put yours in place of theirs."
    )


def _newest(record: Any) -> AuditEntry | None:
    rows = AuditEntry.objects.filter(noun=noun_of(record), record=str(record.pk))
    return rows.select_related("by").first()


def _tell(form: Any, problem: Problem) -> None:
    """Show a refusal where it belongs: at its field, else above the form."""
    fields: Mapping[str, list[str]] = getattr(problem, "fields", {})
    placed = False
    for name, sentences in fields.items():
        if name in form.fields:
            form.add_error(name, sentences)
            placed = True
    if not placed:
        form.add_error(None, str(problem))


def go(request: SignedIn, url: str) -> HttpResponse:
    """Go on to where the person came from, else to `url`."""
    return HttpResponseRedirect(origin(request, url))


def origin(request: SignedIn, url: str) -> str:
    """Return where the person came from, when that is one of our own pages; else `url`."""
    wanted = request.POST.get("next", "") or request.GET.get("next", "")
    return wanted if url_has_allowed_host_and_scheme(wanted, {request.get_host()}) else url
