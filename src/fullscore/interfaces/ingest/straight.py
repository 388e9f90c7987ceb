"""The short way in for programs: past all that pages need.

Sessions, CSRF, policies and the threads between them take 10 ms of a request, and a new thread
with a new connection to the database 4 more; storing ten thousand samples takes 20 (measured). So
doors are called from threads that stay, with the connections they keep. The same views stand in
the framework's addresses, too: whoever comes with anything but POST is answered there.
"""

import asyncio
import json
import tempfile
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from typing import IO, Any, NamedTuple

from django.core.handlers.asgi import ASGIRequest
from django.db import connections
from django.http import HttpResponse

from fullscore.interfaces.ingest.doors import View
from fullscore.kit.log import get_logger

THREADS = 16  # what waits for the disk waits together; the rest is the interpreter's
IN_MEMORY = 2 * 1024 * 1024  # bytes of one body; more of it waits on the disk

Scope = MutableMapping[str, Any]
App = Callable[[Any, Any, Any], Awaitable[None]]
log = get_logger()


class Door(NamedTuple):
    """A view, and how many bytes of a body are read for it."""

    view: View
    most_bytes: int


class TooMuch(Exception):
    """More of a body came than is read."""


def straight(app: App, doors: Mapping[str, Door], *, otherwise: int) -> App:
    """Return an application that answers POST to a door by itself and hands on everything else.

    Of a body that is handed on, at most `otherwise` bytes: the framework writes a body to the disk
    before it asks any of our code, whoever sends it.
    """
    pool = ThreadPoolExecutor(THREADS, "ingest")

    async def application(scope: Scope, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        door = doors.get(scope["path"]) if scope["method"] == "POST" else None
        if door is None:
            await _handed_on(app, otherwise, scope, receive, send)
            return
        with tempfile.SpooledTemporaryFile(IN_MEMORY) as body:
            try:
                is_whole = await _read(receive, body, door.most_bytes)
            except TooMuch:
                await _refuse(send)
                return
            if is_whole:
                loop = asyncio.get_running_loop()
                answer = await loop.run_in_executor(pool, _answer, door.view, scope, body)
                await _send(send, answer)

    return application


async def _read(receive: Any, body: IO[bytes], most_bytes: int) -> bool:
    """Write a body to a file; False when the sender went away. Raises TooMuch."""
    count, has_more = 0, True
    while has_more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return False
        part = message.get("body", b"")
        count += len(part)
        if count > most_bytes:
            raise TooMuch
        body.write(part)
        has_more = message.get("more_body", False)
    body.seek(0)
    return True


def _answer(view: View, scope: Scope, body: IO[bytes]) -> HttpResponse:
    try:
        return view(ASGIRequest(scope, body))
    except Exception as error:  # ours; the sender keeps what it has and comes again
        log.error("request failed", path=scope["path"], exc_info=error)
        return HttpResponse(b'{"detail": "Something broke on our side."}', status=500)
    finally:
        for one in connections.all(initialized_only=True):
            if one.vendor != "sqlite" or one.errors_occurred:  # a file of our own needs no renewal
                one.close_if_unusable_or_obsolete()


async def _send(send: Any, answer: HttpResponse) -> None:
    headers = [(k.lower().encode(), v.encode("latin-1")) for k, v in answer.items()]
    headers += [(b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff")]
    headers.append((b"content-length", str(len(answer.content)).encode()))
    await send({"type": "http.response.start", "status": answer.status_code, "headers": headers})
    await send({"type": "http.response.body", "body": answer.content})


async def _refuse(send: Any) -> None:
    told = json.dumps({"detail": "More was sent than is taken at once."}).encode()
    headers = [(b"content-type", b"application/json"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": told})


async def _handed_on(app: App, most_bytes: int, scope: Scope, receive: Any, send: Any) -> None:
    count, has_begun = 0, False

    async def counted() -> Any:
        nonlocal count
        message = await receive()
        count += len(message.get("body", b""))
        return {"type": "http.disconnect"} if count > most_bytes else message

    async def noted(message: Any) -> None:
        nonlocal has_begun
        has_begun = True
        await send(message)

    await app(scope, counted, noted)
    if count > most_bytes and not has_begun:
        await _refuse(send)
