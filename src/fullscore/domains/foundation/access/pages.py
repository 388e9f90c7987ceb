"""The pages of signing in, and the one that shows a new token."""

from datetime import timedelta

from allauth.account import views as account
from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.login import perform_login, record_authentication
from allauth.account.models import Login
from django import forms
from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver, include, path, re_path
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from fullscore.domains.foundation.access import sessions
from fullscore.domains.foundation.access.models import SignInLink, check_scopes
from fullscore.domains.foundation.access.services import keys, links
from fullscore.interfaces.web import problems, shell
from fullscore.interfaces.web.shell import SignedIn
from fullscore.kit.errors import Problem
from fullscore.kit.limits import limit
from fullscore.kit.models import User

TRIES = 20  # of links per address in a quarter of an hour; a person needs one or two
PER = timedelta(minutes=15)


@never_cache
@require_safe
def link(request: HttpRequest, text: str) -> HttpResponse:
    """Show whom a link signs in. Looking spends nothing: scanners of mail look."""
    _slow_down(request)
    return shell.page(
        request, "access/link.html", title="Sign in", account=links.peek(text), text=text
    )


@never_cache
@require_POST
def use_link(request: HttpRequest) -> HttpResponse:
    """Sign in by a link. Its text comes in the form: addresses end up in logs."""
    _slow_down(request)
    user, spent = links.redeem(request.POST.get("text", ""))
    return _let_in(request, user, spent)


def _slow_down(request: HttpRequest) -> None:
    limit(f"sign-in-link:{request.META.get('REMOTE_ADDR', '')}", per=PER, count=TRIES)


def _let_in(request: HttpRequest, user: User, spent: SignInLink) -> HttpResponse:
    """Sign in under a new session id; a second factor that is set up is asked for.

    Not so for a link made on this machine and opened on it: the way back in when all else is lost.
    """
    login = Login(user=user, redirect_url=settings.LOGIN_REDIRECT_URL)
    if not (spent.is_from_machine and sessions.is_from_loopback(request)):
        record_authentication(request, user, method="link")
        return perform_login(request, login)
    adapter = get_adapter(request)
    adapter.login(request, user)
    record_authentication(request, user, method="link")
    request.session[sessions.BY_MACHINE] = True
    return adapter.post_login(
        request, user, email_verification=login.email_verification, signal_kwargs=None, email=None,
        signup=False, redirect_url=login.redirect_url,
    )  # fmt: skip


class TokenForm(forms.Form):
    """What a new token is asked for."""

    name = forms.CharField(max_length=80, help_text="What will use it.")
    scopes = forms.CharField(
        initial="read",
        help_text="Separated by blanks: read, read:item, act, act:finding.acknowledge.",
    )
    days = forms.IntegerField(min_value=1, max_value=keys.LONGEST_DAYS, initial=90)
    address_range = forms.CharField(
        max_length=49, required=False, help_text="Only from here, such as 192.0.2.0/24."
    )

    def clean_scopes(self) -> list[str]:
        """Return the scopes as a list; refuse words that are none."""
        scopes = str(self.cleaned_data["scopes"]).split()
        check_scopes(scopes)
        return scopes


@never_cache
def add_token(request: SignedIn) -> HttpResponse:
    """Make a token of one's own and show its text, this once."""
    form = TokenForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            token, text = keys.issue(request.user, by=request.user, **form.cleaned_data)
        except Problem as problem:
            form.add_error(None, ValidationError(str(problem)))
        else:
            return shell.page(
                request, "access/token.html", title="New API token", token=token, text=text
            )
    status = 422 if form.errors else 200
    return shell.page(request, "access/token.html", status, title="New API token", form=form)


def locked(request: HttpRequest, *around: object) -> HttpResponse:
    """Answer who tried too often, the same whether the account exists or not."""
    seconds = int(settings.AXES_COOLOFF_TIME.total_seconds())
    made = problems.answer(
        request, 429, f"Too many failed sign-ins: try again in {seconds // 60} minutes."
    )
    made["Retry-After"] = str(seconds)
    return made


# The library's pages that we use; those of signing up and of further addresses are not among them.
PATTERNS: list[URLPattern | URLResolver] = [
    path("sign-in/link/<str:text>", link, name="sign-in-link"),
    path("sign-in/link/", use_link, name="sign-in-by-link"),
    path("sign-in/", account.login, name="account_login"),
    path("sign-in/closed", account.signup, name="account_signup"),
    path("sign-in/inactive", account.account_inactive, name="account_inactive"),
    path("sign-out/", account.logout, name="account_logout"),
    path("account/confirm/", account.reauthenticate, name="account_reauthenticate"),
    path("account/password/", account.password_change, name="account_change_password"),
    path("account/password/set/", account.password_set, name="account_set_password"),
    path("sign-in/forgotten/", account.password_reset, name="account_reset_password"),
    path(
        "sign-in/forgotten/sent/", account.password_reset_done, name="account_reset_password_done"
    ),
    re_path(  # the library joins the two by a dash in its mail
        r"^sign-in/forgotten/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        account.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    path(
        "sign-in/forgotten/done/",
        account.password_reset_from_key_done,
        name="account_reset_password_from_key_done",
    ),
    path("account/second-factor/", include("allauth.mfa.urls")),
    path("account/sessions/", include("allauth.usersessions.urls")),
    path("api-tokens/add", login_required(add_token), name="api-token-add"),
]
