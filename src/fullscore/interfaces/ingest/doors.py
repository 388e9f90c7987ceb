"""A door for programs that send: who comes is asked, and whatever is wrong is told in a status.

Senders decide by the status alone whether to keep what they have and try again:
400, 413, 415   what was sent is no good and never will be: it is dropped
401, 403        the key is: an operator has to act
429, 503        not now: it is sent again after `Retry-After` seconds
"""

import base64
import binascii
from collections.abc import Callable
from functools import wraps
from typing import TypeVar

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from fullscore.connectors.base import Garbled, Refused
from fullscore.kit.audit import coming
from fullscore.kit.errors import NotAllowed, Problem, TooMany

# Amazon sends what an address says of who it is only once basic auth was asked for.
ASKED = 'Bearer realm="Fullscore", Basic realm="Fullscore"'
TOKENS = ("bearer", "geniekey")  # the second is Opsgenie's word
WAIT_SECONDS = 5  # where nothing better is known: a full disk, a full buffer
View = Callable[..., HttpResponse]
Sender = TypeVar("Sender")


class Unknown(NotAllowed):
    """Nobody knows the sender."""

    status = 401


class TooLarge(Problem):
    """More was sent than is taken at once."""

    status = 413


class WrongKind(Problem):
    """What was sent is of a kind that is not taken here."""

    status = 415


def door(view: View) -> View:
    """Make a view a door: POST only, no cookie and so nothing to forge, every fault a status."""
    return open_to("POST")(view)


def open_to(*methods: str) -> Callable[[View], View]:
    """Make a view a door for these methods."""
    return lambda view: csrf_exempt(require_http_methods(methods)(_told_in_statuses(view)))


def _told_in_statuses(view: View) -> View:
    @wraps(view)
    def opened(request: HttpRequest, **path: str) -> HttpResponse:
        try:
            with coming("push", address=str(request.META.get("REMOTE_ADDR", ""))):
                return view(request, **path)
        except Garbled as error:
            return _told(400, str(error))
        except Refused as error:  # the store: it has no room, or too much waits
            return _told(503, str(error), {"Retry-After": str(WAIT_SECONDS)})
        except TooMany as problem:
            return _told(429, str(problem), {"Retry-After": str(problem.retry_after_seconds)})
        except Unknown as problem:
            return _told(401, str(problem), {"WWW-Authenticate": ASKED})
        except Problem as problem:
            return _told(problem.status, str(problem))

    return opened


def sender(request: HttpRequest, find: Callable[[str], Sender]) -> Sender:
    """Return who sends, found by the key that comes with the request. Raises Unknown."""
    text = _key(request.headers.get("Authorization", ""))
    if not text:
        raise Unknown("Send a key: “Authorization: Bearer fp_…”, or as the password of basic auth.")
    try:
        return find(text)
    except NotAllowed as error:
        raise Unknown(str(error)) from error


def _key(header: str) -> str:
    """Return the key in an Authorization header: the bearer token, or the password."""
    scheme, _, text = header.partition(" ")
    if scheme.lower() in TOKENS:
        return text.strip()
    if scheme.lower() != "basic":
        return ""
    try:
        return base64.b64decode(text.strip(), validate=True).decode().partition(":")[2]
    except (binascii.Error, UnicodeDecodeError):
        return ""


def _told(status: int, sentence: str, headers: dict[str, str] | None = None) -> JsonResponse:
    return JsonResponse({"detail": sentence}, status=status, headers=headers)
