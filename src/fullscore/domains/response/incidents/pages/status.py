"""The public page, as the files say it; to subscribe, to prove an address, to leave."""

from datetime import timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import path
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from fullscore.domains.response.incidents import services, statuspage
from fullscore.domains.response.incidents.models import StatusSubscriber
from fullscore.kit import limits
from fullscore.kit.errors import Problem

FOR_BROWSERS = {"style-src": [statuspage.STYLE_SOURCE]}
WORDS = "Be told when something is published. You prove the address first; one click ends it."
MOST_ASKED = 10  # an hour from one address of the network


class SubscribeForm(forms.Form):
    """Where somebody wants to be told."""

    kind = forms.ChoiceField(choices=StatusSubscriber.Kind.choices, label="By")
    address = forms.CharField(max_length=300, label="E-mail address, or https:// address")


@require_safe
def shown(request: HttpRequest, name: str = "index.html") -> HttpResponse:
    """Show a file of the status page: to everybody where that is switched on."""
    if refused := _refused(request):
        return refused
    found = settings.OPTIONS.status_files / name
    if name not in statuspage.FILES or not found.is_file():
        return _nothing_yet(request, name)
    answer = HttpResponse(found.read_bytes(), content_type=statuspage.FILES[name])
    answer["Cache-Control"] = (
        "public, max-age=30" if settings.OPTIONS.is_status_public else "no-store"
    )
    return _styled(answer)


def _nothing_yet(request: HttpRequest, name: str) -> HttpResponse:
    """Say that nobody has published anything, where a page of ours is asked for."""
    if name not in statuspage.FILES:
        raise Http404
    words = "Nothing was published yet. Whoever may publish writes a notice, and its first update."
    return _page(request, "Nothing yet", words, 404)


def _refused(request: HttpRequest) -> HttpResponse | None:
    is_known = getattr(request, "user", None) is not None and request.user.is_authenticated
    if settings.OPTIONS.is_status_public or is_known:
        return None
    return redirect_to_login(request.get_full_path())


def _styled(answer: HttpResponse) -> HttpResponse:
    """Let the page's own styles, and no others, count."""
    answer._csp_replace = FOR_BROWSERS  # type: ignore[attr-defined]
    return answer


@never_cache
def subscribe(request: HttpRequest) -> HttpResponse:
    """Let somebody ask to be told; the answer is the same whether they were known."""
    if refused := _refused(request):
        return refused
    form = SubscribeForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            limits.limit(f"status.from:{_where(request)}", per=timedelta(hours=1), count=MOST_ASKED)
            services.subscribe(**form.cleaned_data)
        except Problem as problem:
            form.add_error(None, str(problem))
            return _page(request, "Subscribe", WORDS, problem.status, form=form)
        return _page(request, "One more step", "Open the link that was just sent there.")
    status = 422 if form.errors else 200
    return _page(request, "Subscribe", WORDS, status, form=form)


def _where(request: HttpRequest) -> str:
    return str(request.META.get("REMOTE_ADDR", ""))[:45]


@never_cache
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """Take a proof of an address; looking proves nothing, for scanners look."""
    if request.method != "POST":
        return _page(request, "Be told of incidents?", button="Yes, tell me")
    try:
        subscriber = services.confirm(token)
    except Problem as problem:
        return _page(request, "It did not work", str(problem), problem.status, tone="outage")
    words = "From now on you are told. Each message has a link that ends it."
    if subscriber.kind == StatusSubscriber.Kind.WEBHOOK:
        words += f" Each is signed with this key: {services.webhook_key(subscriber)}"
    return _page(request, "Done", words, tone="none")


@csrf_exempt  # a mail program posts here by itself (RFC 8058); the token says who
@never_cache
def leave(request: HttpRequest, token: str) -> HttpResponse:
    """End a subscription with one click."""
    if request.method != "POST":
        return _page(request, "No more messages?", button="End it")
    try:
        services.leave(token)
    except Problem as problem:
        return _page(request, "It did not work", str(problem), problem.status, tone="outage")
    return _page(request, "It is ended", "Your address is forgotten.", tone="none")


def _page(
    request: HttpRequest, heading: str, words: str = "", status: int = 200, **more: Any
) -> HttpResponse:
    policy = f"default-src 'none'; style-src {statuspage.STYLE_SOURCE}; form-action 'self'"
    context = {
        "heading": heading, "words": words, "title": settings.OPTIONS.status_title,
        "address": settings.OPTIONS.address, "policy": policy,
    } | more  # fmt: skip
    return _styled(render(request, "incidents/public_form.html", context, status=status))


def home(request: HttpRequest) -> HttpResponse:
    """Send people to the page, whose files name one another."""
    return HttpResponseRedirect("/status/")


PATTERNS = [
    path("status", home, name="public-status-home"),
    path("status/", shown, name="public-status"),
    path("status/subscribe", subscribe, name="public-status-subscribe"),
    path("status/confirm/<str:token>", confirm, name="public-status-confirm"),
    path("status/leave/<str:token>", leave, name="public-status-leave"),
    path("status/<str:name>", shown, name="public-status-file"),
]
