"""Fetch a calendar from the address at which a tool publishes it."""

from urllib.parse import urlsplit

from fullscore.connectors import http
from fullscore.connectors.base import Limits, Refused, Unreachable
from fullscore.connectors.calendars.parse import MOST_BYTES
from fullscore.connectors.guard import Guard

LIMITS = Limits(timeout_seconds=20.0, size_bytes=MOST_BYTES)
REDIRECTS = 2
GONE = (401, 403, 404, 410)


def fetch(address: str, *, guard: Guard, is_http_allowed: bool = False) -> bytes:
    """Return the calendar. Raises ConnectorError, whose words never hold the address.

    Whoever knows the address of a private calendar reads it: the address is its password.
    """
    call = http.Call(web_address(address), redirects=REDIRECTS, is_http_allowed=is_http_allowed,
                     headers={"Accept": "text/calendar"})  # fmt: skip
    answer = http.fetch(call, guard=guard, limits=LIMITS)
    host = urlsplit(answer.url).hostname
    if answer.status in GONE:
        raise Refused(f"{host} has no calendar at this address, or no longer: give it a new one.")
    if answer.status == 429 or answer.status >= 500:
        raise Unreachable(f"{host} answers {answer.status}.")
    if answer.status != 200:
        raise Refused(f"{host} answers {answer.status}: is that the address of a calendar?")
    return answer.body


def web_address(address: str) -> str:
    """Return an address as a browser knows it: calendar programs also write webcal://."""
    kind, colon, rest = address.strip().partition("://")
    return f"https://{rest}" if kind.lower() in ("webcal", "webcals") and colon else address.strip()
