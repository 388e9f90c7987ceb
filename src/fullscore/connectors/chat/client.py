"""Sends a message through the guard."""

from fullscore.connectors.base import Limits, Refused, Unreachable
from fullscore.connectors.chat.message import Message, Target, call_for
from fullscore.connectors.guard import Guard
from fullscore.connectors.http import fetch

LIMITS = Limits(timeout_seconds=10, size_bytes=64 * 1024)


def send(target: Target, message: Message, *, guard: Guard, is_http_allowed: bool = False) -> str:
    """Send, and return what came back in a few words.

    Unreachable: nobody took it, so it may be sent again. Refused: it will never be taken like this.
    """
    answer = fetch(
        call_for(target, message, is_http_allowed=is_http_allowed), guard=guard, limits=LIMITS
    )
    if 200 <= answer.status < 300:
        return f"taken ({answer.status})"
    if answer.status == 429 or answer.status >= 500:
        raise Unreachable(f"The answer was {answer.status}.")
    raise Refused(f"The answer was {answer.status}: see the address and the secret.")
