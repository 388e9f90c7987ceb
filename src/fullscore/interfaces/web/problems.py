"""A `Problem` becomes a page that says what happened, what is safe and what to do next."""

from collections.abc import Callable
from uuid import uuid4

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone

from fullscore.interfaces.web import shell
from fullscore.kit import time
from fullscore.kit.audit import coming
from fullscore.kit.errors import Problem, TooMany
from fullscore.kit.log import get_logger

log = get_logger()
TITLES = {
    400: "That did not work", 403: "Not yours to do", 404: "Not here", 409: "Not now",
    422: "That does not fit", 429: "A little slower, please", 500: "Something broke on our side",
}  # fmt: skip


class ProblemsAndOrigin:
    """Marks what comes by the page as `web`, and translates problems in one place."""

    sync_capable = async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if iscoroutinefunction(self.get_response):
            return self._later(request)  # type: ignore[return-value]
        zone = getattr(request.user, "time_zone", "") or "UTC"  # what people type is local time
        with coming("web", address=_address(request)), timezone.override(time.zone(zone)):
            return self.get_response(request)

    async def _later(self, request: HttpRequest) -> HttpResponse:
        user = await request.auser()
        zone = time.zone(getattr(user, "time_zone", "") or "UTC")
        with coming("web", address=_address(request)), timezone.override(zone):
            return await self.get_response(request)  # type: ignore[misc]

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Answer a problem with its own status; anything else is our fault and gets a reference."""
        if isinstance(error, Http404 | PermissionDenied):
            return None
        if isinstance(error, Problem):
            return answer(request, error.status, str(error), error)
        if settings.DEBUG:
            return None
        reference = uuid4().hex[:8]
        log.error("request failed", reference=reference, path=request.path, exc_info=error)
        return answer(request, 500, "Nothing was saved. Please try again.", reference=reference)


def answer(
    request: HttpRequest, status: int, sentence: str, problem: Problem | None = None,
    *, reference: str = "",
) -> HttpResponse:  # fmt: skip
    """Return the error as the asker reads it: a page, or JSON for programs."""
    if request.headers.get("Accept", "").startswith("application/json"):
        made: HttpResponse = JsonResponse(
            {"title": TITLES.get(status, ""), "detail": sentence}, status=status
        )
    elif status == 500:
        # No database and no menu: they may be what broke.
        made = render(request, "500.html", {"reference": reference}, status=500)
    else:
        made = shell.page(
            request, "error.html", status, code=status, sentence=sentence, reference=reference,
            title=getattr(problem, "title", "") or TITLES.get(status, "That did not work"),
        )  # fmt: skip
    if isinstance(problem, TooMany):
        made["Retry-After"] = str(problem.retry_after_seconds)
    return made


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Answer an address that is none of ours."""
    return answer(request, 404, "There is no such page, or you may not see it.")


def not_allowed(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Answer what the framework itself refused."""
    return answer(request, 403, "This is not allowed for your account.")


def no_token(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a form without its token: most often a page left open over a sign-in."""
    return answer(
        request, 403, "This page was too old to be sent. Load it again; what you typed is kept."
    )


def _address(request: HttpRequest) -> str:
    return str(request.META.get("REMOTE_ADDR", ""))
