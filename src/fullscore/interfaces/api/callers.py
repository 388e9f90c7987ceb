"""Who calls: a program with a token, or a signed-in person's browser. And how often."""

from datetime import timedelta
from typing import Any, NoReturn

from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import CsrfViewMiddleware
from ninja.errors import AuthenticationError
from ninja.security import HttpBearer
from ninja.security.session import SessionAuth

from fullscore.interfaces.callers import Authenticate, Caller
from fullscore.kit.errors import NotAllowed
from fullscore.kit.limits import limit
from fullscore.kit.models import User

READS_A_MINUTE = 600
WRITES_A_MINUTE = 120
READING = ("GET", "HEAD", "OPTIONS")


class Asked(HttpRequest):
    """A request that was let in."""

    auth: Caller


class Token(HttpBearer):
    """A program with `Authorization: Bearer fs_…`."""

    def __init__(self, authenticate: Authenticate) -> None:
        super().__init__()
        self.caller_of = authenticate

    def authenticate(self, request: HttpRequest, token: str) -> Caller:
        """Return the caller behind a token. Raises 401 for a token that opens nothing."""
        try:
            caller = self.caller_of(token, address_of(request))
        except NotAllowed as refused:
            raise AuthenticationError(message=str(refused)) from refused
        count(request, caller)
        return caller


class CsrfOfPrograms(CsrfViewMiddleware):
    """Django's check, that refuses as a problem and not as a page."""

    def _reject(self, request: HttpRequest, reason: str) -> NoReturn:
        raise NotAllowed("The CSRF token is missing or wrong: send the cookie's as X-CSRFToken.")


class Session(SessionAuth):
    """A signed-in person's browser: the session's cookie, and the CSRF token with what writes."""

    def __init__(self) -> None:
        super().__init__(csrf=False)  # the library's check answers with a page

    def __call__(self, request: HttpRequest) -> Any:
        """Ask for the CSRF token only of who is signed in; everybody else is just not let in."""
        if not request.user.is_authenticated:
            return None
        check = CsrfOfPrograms(lambda request: HttpResponse())
        check.process_request(request)
        check.process_view(request, lambda request: HttpResponse(), (), {})
        return super().__call__(request)

    def authenticate(self, request: HttpRequest, key: str | None) -> Caller | None:
        """Return the signed-in person as a caller."""
        if not isinstance(request.user, User) or not request.user.is_active:
            return None
        caller = Caller(request.user)
        count(request, caller)
        return caller


def count(request: HttpRequest, caller: Caller) -> None:
    """Count one more call. Raises TooMany; per account, so that more tokens are not more calls."""
    is_read = request.method in READING
    kind, most = ("read", READS_A_MINUTE) if is_read else ("write", WRITES_A_MINUTE)
    limit(f"api-{kind}:{caller.user.pk}", per=timedelta(minutes=1), count=most)


def address_of(request: HttpRequest) -> str:
    """Return the address the call came from."""
    return str(request.META.get("REMOTE_ADDR", ""))
