"""What a session must keep to: its end, a second factor for the powerful, a fresh sign-in for keys.

Three middlewares, in this order after `AuthenticationMiddleware` and the sign-in library's own.
"""

import ipaddress
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows import reauthentication
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.deprecation import MiddlewareMixin

from fullscore.domains.foundation.access import queries
from fullscore.interfaces.web import problems
from fullscore.kit import time

BEGAN, SEEN = "session_began_at", "session_seen_at"
BY_MACHINE = "signed_in_at_the_machine"
HAS_FACTOR = "has_second_factor"
NOTED_SECONDS = 60  # how exactly we know when somebody was last here
WAITING_PATHS = ("/live/",)  # a page left open is nobody at work

# Pages that whoever must still set up a second factor can reach: to do so, or to leave. Those whose
# name begins with “public-” are for everybody.
ON_THE_WAY = frozenset(
    {"account_logout", "account_reauthenticate", "account_set_password", "account_change_password"}
)
# Pages that need a sign-in of the last five minutes, by the name of their address.
FRESH = {
    "account-add", "account-import", "account-edit", "account-grant", "account-deactivate",
    "account-send_link", "account-bulk", "access-role-end", "api-token-add",
    "push-key-add",
}  # fmt: skip

View = Callable[..., HttpResponse]


class SessionEnds(MiddlewareMixin):
    """Ends a session 12 hours after it began, or 30 minutes after somebody was last here."""

    def process_request(self, request: HttpRequest) -> None:
        """Sign out what is over, note who is here."""
        if not request.user.is_authenticated:
            return
        now, session = time.now().timestamp(), request.session
        began, seen = session.setdefault(BEGAN, now), session.setdefault(SEEN, now)
        if now - began >= settings.SESSION_COOKIE_AGE or now - seen >= _idle_seconds(request):
            UserSession.objects.filter(session_key=session.session_key).delete()
            logout(request)
        elif now - seen >= NOTED_SECONDS and not request.path.startswith(WAITING_PATHS):
            session[SEEN] = now
            UserSession.objects.create_from_request(request)


class SecondFactor(MiddlewareMixin):
    """Lets administrators, approvers and operators nowhere before they have a second factor.

    Whoever came by a link made on the machine itself is let in: they hold everything already.
    """

    def process_view(
        self, request: HttpRequest, view: View, args: Sequence[Any], given: Mapping[str, Any]
    ) -> HttpResponse | None:
        """Send people to set one up; refuse programs with a sentence."""
        name = request.resolver_match.url_name or "" if request.resolver_match else ""
        if name in ON_THE_WAY or name.startswith(("mfa_", "public-")) or not _lacks_factor(request):
            return None
        sentence = "Your role needs a second factor: set up a passkey or a code generator first."
        if request.headers.get("Accept", "").startswith("application/json"):
            return problems.answer(request, 403, sentence)
        messages.warning(request, sentence)
        return _go(request, reverse("mfa_index"))


class FreshSignIn(MiddlewareMixin):
    """Asks for the password or second factor again before accounts, roles and tokens."""

    def process_view(
        self, request: HttpRequest, view: View, args: Sequence[Any], given: Mapping[str, Any]
    ) -> HttpResponse | None:
        """Send people to confirm who they are, and back again."""
        name = request.resolver_match.url_name if request.resolver_match else None
        if name not in FRESH or not request.user.is_authenticated:
            return None
        if is_fresh(request):
            return None
        methods = get_adapter(request).get_reauthentication_methods(request.user)
        return reauthentication.suspend_request(request, methods[0]["url"])


def is_fresh(request: HttpRequest) -> bool:
    """Say whether somebody proved within five minutes who they are, or has nothing to prove it."""
    return not reauthentication.is_reauthentication_required(request, app="fullscore")


def is_from_loopback(request: HttpRequest) -> bool:
    """Say whether a request comes from this machine itself, and through no proxy."""
    if "X-Forwarded-For" in request.headers or "Forwarded" in request.headers:
        return False
    try:
        return ipaddress.ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False


def step_up(request: HttpRequest) -> None:
    """Give the session a new id, so that one known from before does not rise with its owner."""
    before = request.session.session_key
    request.session.cycle_key()
    UserSession.objects.filter(session_key=before).update(session_key=request.session.session_key)


def _lacks_factor(request: HttpRequest) -> bool:
    user, session = request.user, request.session
    if not user.is_authenticated or session.get(BY_MACHINE) or session.get(HAS_FACTOR):
        return False
    if not queries.is_privileged(user):
        return False
    if queries.has_second_factor(user):
        session[HAS_FACTOR] = True
        return False
    return True


def _go(request: HttpRequest, url: str) -> HttpResponse:
    """Lead a page there; a fragment tells its page to go."""
    if "HX-Request" in request.headers:
        return HttpResponse(status=204, headers={"HX-Redirect": url})
    return HttpResponseRedirect(url)


def _idle_seconds(request: HttpRequest) -> int:
    is_trusted = _is_trusted(
        request.META.get("REMOTE_ADDR", ""), tuple(settings.SESSION_TRUSTED_NETWORKS)
    )
    return settings.SESSION_IDLE_TRUSTED_SECONDS if is_trusted else settings.SESSION_IDLE_SECONDS


@lru_cache(maxsize=1024)
def _is_trusted(address: str, networks: tuple[str, ...]) -> bool:
    try:
        sender = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(sender in ipaddress.ip_network(network, strict=False) for network in networks)
