"""What goes back: JSON, and every refusal in one shape with its own status."""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any
from uuid import uuid4

from django.core.exceptions import RequestDataTooBig
from django.core.serializers.json import DjangoJSONEncoder
from django.http import HttpRequest, HttpResponse, JsonResponse
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError

from fullscore.interfaces.api.bodies import TooLarge
from fullscore.kit.errors import Invalid, NotFound, Problem, TooMany
from fullscore.kit.log import get_logger

log = get_logger()

TITLES = {
    400: "Not readable", 401: "Who are you?", 403: "Not allowed", 404: "Not found",
    405: "Not that way", 409: "Not now", 413: "Too large", 422: "Not valid",
    429: "Too many calls", 500: "Our fault",
}  # fmt: skip


def answer(content: Any, status: int = 200) -> HttpResponse:
    """Return content as JSON that no cache keeps."""
    if status == 204:
        return HttpResponse(status=204, headers={"Cache-Control": "no-store"})
    made = JsonResponse(content, status=status, safe=False, encoder=DjangoJSONEncoder)
    made["Cache-Control"] = "no-store"
    return made


def refusal(problem: Problem) -> HttpResponse:
    """Return a problem as `{title, detail, fields}` with its status."""
    made = _refused(problem.status, str(problem), getattr(problem, "fields", {}))
    if isinstance(problem, TooMany):
        made["Retry-After"] = str(problem.retry_after_seconds)
    return made


def translate(api: NinjaAPI) -> None:
    """Let every error of `api` answer in that shape."""
    handlers: dict[type[Exception], Callable[[HttpRequest, Any], HttpResponse]] = {
        Problem: lambda request, error: refusal(error),
        HttpError: _framework_error,
        ValidationError: _not_of_the_schema,
        RequestDataTooBig: lambda request, error: refusal(TooLarge.of_a_body()),
        Exception: _broken,
    }
    for kind, handler in handlers.items():
        api.add_exception_handler(kind, handler)


def in_one_shape(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Let a view refuse a method in that shape: the library answers with text called HTML."""

    @wraps(view)
    def shaped(request: HttpRequest, *args: Any, **given: Any) -> HttpResponse:
        made = view(request, *args, **given)
        if made.status_code != 405:
            return made
        refused = _refused(405, f"{request.method} is not done here: {made['Allow']} is.")
        refused["Allow"] = made["Allow"]
        return refused

    return shaped


def _refused(
    status: int, sentence: str, fields: Mapping[str, list[str]] | None = None
) -> HttpResponse:
    told = {
        "title": TITLES.get(status, "Refused"),
        "detail": sentence,
        "fields": dict(fields or {}),
    }
    return answer(told, status)


def _broken(request: HttpRequest, error: Exception) -> HttpResponse:
    """Answer what broke on our side by a reference; the rest is for our own log."""
    reference = uuid4().hex[:8]
    log.error("call failed", reference=reference, path=request.path, exc_info=error)
    return _refused(500, f"Nothing was saved. Please try again, or tell us “{reference}”.")


def _framework_error(request: HttpRequest, error: HttpError) -> HttpResponse:
    """Answer what the framework refused; a body that could not be parsed hides our own reason."""
    if isinstance(error.__cause__, Problem) and error.status_code == 400:
        return refusal(error.__cause__)
    sentence = {
        400: "The body is not JSON.",
        401: "Send a token as “Authorization: Bearer fs_…”, or sign in.",
    }.get(error.status_code, str(error))
    is_own = error.status_code == 401 and str(error) != "Unauthorized"
    made = _refused(error.status_code, str(error) if is_own else sentence)
    if error.status_code == 401:
        made["WWW-Authenticate"] = 'Bearer realm="Fullscore"'
    return made


def _not_of_the_schema(request: HttpRequest, error: ValidationError) -> HttpResponse:
    """Answer values of the wrong kind by field; an address with no number in it is no address."""
    if any(one["loc"][0] == "path" for one in error.errors):
        return refusal(NotFound("There is no such record: ids are whole numbers."))
    fields: dict[str, list[str]] = {}
    for one in error.errors:
        name = str(one["loc"][2]) if len(one["loc"]) > 2 else ""
        fields.setdefault(name, []).append(str(one["msg"]))
    sentences = (f"{n}: {', '.join(t)}." if n else f"{', '.join(t)}." for n, t in fields.items())
    return refusal(Invalid(" ".join(sentences), fields))
