"""A call sent again with the same key does nothing twice: it gets the first answer again."""

import hashlib
from collections.abc import Callable

from django.core.cache import cache
from django.http import HttpResponse

from fullscore.interfaces.api.callers import READING, Asked
from fullscore.kit.errors import Conflict, Invalid

HEADER = "Idempotency-Key"
KEPT_SECONDS = 24 * 3600
# If a process dies between the act and the note of its answer, the key opens again after this long.
# The act may then run twice; revisit when verbs carry keys into their own transaction.
PENDING_SECONDS = 120
LONGEST_KEY = 200


def once(request: Asked, act: Callable[[], HttpResponse]) -> HttpResponse:
    """Return the answer of `act`, or the kept one when this key was seen with the same call.

    Raises Conflict for a key seen with another call, or whose first call still runs.
    """
    key = request.headers.get(HEADER, "")
    if not key or request.method in READING:
        return act()
    if len(key) > LONGEST_KEY:
        raise Invalid(f"{HEADER} is longer than {LONGEST_KEY} characters.")
    place, call = _place(request, key), _digest(request)
    if not cache.add(place, {"call": call, "answer": None}, PENDING_SECONDS):
        return _again(place, call)
    try:
        made = act()
    except BaseException:
        cache.delete(place)
        raise
    told = {"status": made.status_code, "body": made.content, "type": made.get("Content-Type", "")}
    cache.set(place, {"call": call, "answer": told}, KEPT_SECONDS)
    return made


def _again(place: str, call: str) -> HttpResponse:
    kept = cache.get(place) or {"call": call, "answer": None}
    if kept["call"] != call:
        raise Conflict(f"This {HEADER} was used for another call: take a new one.")
    told = kept["answer"]
    if told is None:
        raise Conflict(f"The first call with this {HEADER} is still running: ask again shortly.")
    made = HttpResponse(told["body"], status=told["status"], content_type=told["type"])
    made["Cache-Control"] = "no-store"
    made["Idempotency-Replayed"] = "true"
    return made


def _place(request: Asked, key: str) -> str:
    """Return where the answer is kept: one account cannot meet another's keys."""
    return "once:" + hashlib.sha256(f"{request.auth.user.pk}\0{key}".encode()).hexdigest()


def _digest(request: Asked) -> str:
    call = f"{request.method}\0{request.get_full_path()}\0".encode() + request.body
    return hashlib.sha256(call).hexdigest()
