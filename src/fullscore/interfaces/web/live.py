"""`/live/changes` and `/live/stream`: tell browsers *that* something changed."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from functools import partial

from asgiref.sync import sync_to_async
from django.db import connections
from django.http import HttpRequest, JsonResponse, StreamingHttpResponse

from fullscore.kit import live
from fullscore.kit.errors import NotAllowed
from fullscore.kit.models.live import LiveChange
from fullscore.kit.models.user import User

RETRY_MS = 1000  # how soon a browser comes back: a restarted server is found again within 2 s
PULSE_SECONDS = 20  # proxies close what is silent for longer
RECHECK_SECONDS = 60  # changed roles and ended sessions count after at most this long


async def changes(request: HttpRequest) -> JsonResponse:
    """Answer what changed since an id: the catch-up of a new tab, and the polling fallback."""
    user = await _signed_in(request)
    messages = await live.off_loop(partial(live.catch_up, user, _since(request)))
    return JsonResponse(messages, safe=False, headers={"Cache-Control": "no-store"})


async def stream(request: HttpRequest) -> StreamingHttpResponse:
    """Keep telling what changed."""
    user = await _signed_in(request)
    live.hub.admit(user.pk)
    await sync_to_async(connections.close_all)()  # it lasts for hours and asks in other threads
    return StreamingHttpResponse(
        _lines(request, user),
        content_type="text/event-stream",
        headers={
            "Cache-Control": "no-cache",
            "Content-Encoding": "identity",  # not compressed …
            "X-Accel-Buffering": "no",  # … and not held back
        },
    )


async def _lines(request: HttpRequest, user: User) -> AsyncIterator[str]:
    yield f"retry: {RETRY_MS}\n\n"
    async with live.hub.reader(user.pk) as queue:  # join, then replay: what comes twice is dropped
        seen = _since(request)
        for message in await live.off_loop(partial(live.catch_up, user, seen)):
            seen = int(str(message["id"]))
            yield _event(message)
        checked_at = told_at = time.monotonic()
        while live.hub.is_telling(queue):
            if time.monotonic() - checked_at > RECHECK_SECONDS:
                fresh = await live.off_loop(partial(_still_signed_in, request, user))
                if fresh is None:
                    return
                user, checked_at = fresh, time.monotonic()
            changes = [c for c in await _next(queue) if c.pk > seen]
            seen = changes[-1].pk if changes else seen
            for change in await live.off_loop(partial(live.heard, user, changes)):
                told_at = time.monotonic()
                yield _event(change.message)
            if time.monotonic() - told_at >= PULSE_SECONDS:
                told_at = time.monotonic()
                yield f"id: {seen}\n\n"  # a pulse; moves the reader past what it may not hear


async def _next(queue: asyncio.Queue[LiveChange]) -> list[LiveChange]:
    """Return all that waits, or nothing after a while."""
    try:
        changes = [await asyncio.wait_for(queue.get(), PULSE_SECONDS)]
    except TimeoutError:
        return []
    while not queue.empty():
        changes.append(queue.get_nowait())
    return changes


async def _signed_in(request: HttpRequest) -> User:
    user = await request.auser()
    if not isinstance(user, User):
        raise NotAllowed("Sign in to hear what changes.")
    return user


def _still_signed_in(request: HttpRequest, user: User) -> User | None:
    """Return the account as it is now, with its present roles; None when it was signed out."""
    key = request.session.session_key
    if key is None or not request.session.exists(key):
        return None
    return User.objects.filter(pk=user.pk, is_active=True).first()


def _since(request: HttpRequest) -> int:
    """Return the last id the browser knows; the header wins, it is newer than the page."""
    text = request.headers.get("Last-Event-ID") or request.GET.get("since") or "0"
    return int(text) if text.isdecimal() and len(text) < 19 else 0


def _event(message: dict[str, object]) -> str:
    return f"id: {message['id']}\ndata: {json.dumps(message)}\n\n"
