"""Bodies of what programs send: read under a limit, unpacked under a limit."""

import io
import zlib
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from gzip import GzipFile
from typing import Any

from django.http import HttpRequest

from fullscore.connectors.base import Garbled
from fullscore.interfaces.ingest.doors import TooLarge

Scope = MutableMapping[str, Any]
App = Callable[[Any, Any, Any], Awaitable[None]]
OVER = b'{"detail": "More was sent than is taken at once."}'


def read(request: HttpRequest, *, most_bytes: int) -> bytes:
    """Return the body as it came. Raises TooLarge.

    Read and not `request.body`, whose limit is that of forms.
    """
    body = request.read(most_bytes + 1)
    if len(body) > most_bytes:
        raise TooLarge(f"At most {most_bytes // 2**20} MiB are taken at once.")
    return bytes(body)


def unpacked(request: HttpRequest, *, most_bytes: int) -> bytes:
    """Return the body, unzipped where it says so: a bomb is refused before it has grown.

    Raises TooLarge and Garbled.
    """
    body = read(request, most_bytes=most_bytes)
    if request.headers.get("Content-Encoding", "").lower() != "gzip":
        return body
    try:
        with GzipFile(fileobj=io.BytesIO(body)) as packed:
            told = packed.read(most_bytes + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise Garbled(f"The body is not gzip: {error}.") from error
    if len(told) > most_bytes:
        raise Garbled(f"The body unpacks to more than {most_bytes // 2**20} MiB.")
    return told


def bounded(app: App, *, most: Mapping[str, int], otherwise: int) -> App:
    """Return an application that is handed at most so many bytes of a body, by path.

    The framework writes a body to the disk before it asks any of our code, whoever sends it.
    """

    async def application(scope: Scope, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        limit = most.get(scope["path"], otherwise)
        count, has_begun = 0, False

        async def counted() -> Any:
            nonlocal count
            message = await receive()
            count += len(message.get("body", b""))
            return {"type": "http.disconnect"} if count > limit else message

        async def noted(message: Any) -> None:
            nonlocal has_begun
            has_begun = True
            await send(message)

        await app(scope, counted, noted)
        if count > limit and not has_begun:
            headers = [(b"content-type", b"application/json"), (b"connection", b"close")]
            await send({"type": "http.response.start", "status": 413, "headers": headers})
            await send({"type": "http.response.body", "body": OVER})

    return application
