"""The two ways in: a pipe for a program on this machine, HTTP with a token for all others."""

import json
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from typing import Any

from asgiref.sync import ThreadSensitiveContext, sync_to_async
from django.db import connections
from mcp.server.mcpserver import Context, MCPServer
from mcp.server.transport_security import TransportSecuritySettings

from fullscore.interfaces.callers import Authenticate, Caller
from fullscore.interfaces.mcp.server import Came, WhoCame
from fullscore.kit.errors import NotAllowed
from fullscore.kit.models import User

PATH = "/mcp"
LARGEST_BODY = 1024 * 1024  # bytes
CAME = "fullscore.came"  # where a request keeps who makes it

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]
App = Callable[[Any, Any, Any], Awaitable[None]]  # frameworks name the three differently
Build = Callable[[WhoCame], MCPServer]


def serve_pipe(build: Build, user: User) -> None:
    """Answer one assistant on standard input and output until it hangs up.

    It sees what the account sees, but for private fields: those need a token made for them.
    """
    came = Came(Caller(user, allows=lambda noun, action: action != "private"))
    build(lambda context: came).run("stdio")


def http_app(build: Build, authenticate: Authenticate, *, hosts: Sequence[str] = ()) -> App:
    """Return the ASGI application for `/mcp`: streamable HTTP, no sessions, a token with each call.

    `hosts` are the names this installation answers to, as in ALLOWED_HOSTS; a page of another site
    that points a name of its own at us is refused. Mount it with `beside`.
    """
    server = build(_who_came)
    names = [name for host in hosts for name in (host, f"{host}:*")]
    origins = [f"{scheme}://{name}" for name in names for scheme in ("http", "https")]
    inner = server.streamable_http_app(
        streamable_http_path=PATH, json_response=True, stateless_http=True,
        max_request_body_size=LARGEST_BODY,
        transport_security=TransportSecuritySettings(allowed_hosts=names, allowed_origins=origins),
    )  # fmt: skip

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            try:
                scope[CAME] = await _came(scope, authenticate)
            except NotAllowed as refused:
                await _refuse(send, str(refused))
                return
        await inner(scope, receive, send)

    return app


def beside(pages: App, assistants: App) -> App:
    """Return both as one application: `/mcp` and the server's life go to the second.

    In asgi.py: `application = beside(get_asgi_application(), http_app(…))`.
    """

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        is_ours = scope["type"] == "lifespan" or scope.get("path", "").rstrip("/") == PATH
        await (assistants if is_ours else pages)(scope, receive, send)

    return application


def _who_came(context: Context) -> Came:
    request: Any = context.request_context.request
    came: Came = request.scope[CAME]
    return came


async def _came(scope: Scope, authenticate: Authenticate) -> Came:
    """Return who makes a request. Raises NotAllowed."""
    headers = dict(scope["headers"])
    kind, _, token = headers.get(b"authorization", b"").decode("latin-1").partition(" ")
    if kind.lower() != "bearer":
        raise NotAllowed("Send a token as “Authorization: Bearer fs_…”.")
    address = scope["client"][0] if scope.get("client") else ""

    def find() -> Caller:
        try:
            return authenticate(token.strip(), address)
        finally:
            connections.close_all()

    async with ThreadSensitiveContext():
        return Came(await sync_to_async(find)(), address)


async def _refuse(send: Send, sentence: str) -> None:
    body = json.dumps({"error": "invalid_token", "error_description": sentence}).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"www-authenticate", b'Bearer realm="Fullscore"'),
    ]
    await send({"type": "http.response.start", "status": 401, "headers": headers})
    await send({"type": "http.response.body", "body": body})
