"""An installation that assistants speak to: what `config` does for the product, in a few lines."""

from datetime import datetime

import uvicorn
from django.core.asgi import get_asgi_application

from fullscore.interfaces.callers import Caller
from fullscore.interfaces.mcp.server import Tool, build
from fullscore.interfaces.mcp.transports import beside, http_app, serve_pipe
from fullscore.kit import access
from fullscore.kit.access import EVERYWHERE, NOWHERE
from fullscore.kit.errors import Conflict, NotAllowed
from fullscore.kit.models import User
from tests.interfaces.people import RESOURCES, SEEING


def greet(user: User, name: str, since: datetime | None = None) -> dict:
    """Say who greets whom; nobody greets Nobody."""
    print("this stays out of the protocol")
    if name == "Nobody":
        raise Conflict("Nobody is not there.")
    return {"from": str(user), "to": name, "since": since}


TOOLS = (Tool("greet", "Greet somebody.", greet),)


def server(who_came):
    """Return the server over the directory."""
    return build(RESOURCES, who_came, tools=TOOLS, base_url="http://testserver")


def authenticate(text: str, address: str) -> Caller:
    """Take `fs_ann` for Ann; `fs_ann_greet` covers greeting only."""
    _, _, rest = text.partition("_")
    name, _, only = rest.partition("_")
    user = User.objects.filter(email=f"{name}@example.org").first()
    if user is None:
        raise NotAllowed("This token is not known here.")
    return Caller(user, "fs_" + name, lambda noun, action: noun == only if only else True)


def let_see() -> None:
    """Let Ann see the directory, and nobody else."""
    access.answer_with(
        lambda user, name: (
            EVERYWHERE if user.email.startswith("ann@") and name in SEEING else NOWHERE
        )
    )


def main(way: str) -> None:
    """Serve over a pipe, or over HTTP at a port."""
    let_see()
    if way == "pipe":
        serve_pipe(server, User.objects.get(email="ann@example.org"))
    else:
        assistants = http_app(server, authenticate, hosts=["127.0.0.1"])
        both = beside(get_asgi_application(), assistants)
        uvicorn.run(both, host="127.0.0.1", port=int(way), log_level="warning")
