"""The doors for programs: tokens of `access` let callers in, resources say what is behind."""

from typing import Any

from fullscore.config.resources import RESOURCES
from fullscore.config.tools import TOOLS
from fullscore.domains.foundation.access.services import keys
from fullscore.interfaces.callers import Caller
from fullscore.interfaces.mcp import server


def authenticate(text: str, address: str) -> Caller:
    """Return the caller behind a token. Raises NotAllowed."""
    user, token = keys.authenticate(text, address=address)
    return Caller(user, token.prefix, lambda noun, action: keys.token_allows(token, noun, action))


def build_mcp(who_came: server.WhoCame) -> Any:
    """Return the server for assistants: questions over every noun, and the product's own."""
    from django.conf import settings

    return server.build(RESOURCES, who_came, tools=TOOLS, base_url=settings.OPTIONS.address)
