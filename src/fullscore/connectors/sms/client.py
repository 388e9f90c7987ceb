"""Sends a text message by a gateway, written as Apprise writes it.

Apprise makes its own connections, past our guard. So only gateways are let through whose host is
fixed in Apprise itself: nobody can name an address inside the network by them.
"""

from collections.abc import Callable

from apprise import Apprise

from fullscore.connectors.base import Refused, Unreachable

GATEWAYS = frozenset({
    "atalk", "bulksms", "bulkvs", "burstsms", "clicksend", "d7sms", "freemobile",
    "httpsms", "kavenegar", "msg91", "msgbird", "nexmo", "plivo", "seven", "sinch",
    "smsmgr", "twilio", "voipms", "vonage",
})  # fmt: skip
LONGEST = 300  # two parts of a message

Notify = Callable[[str, str, str], bool]


def gateway(url: str) -> str:
    """Return the gateway's name. Refused: it is none of those that lead to fixed hosts."""
    name = url.partition("://")[0].lower()
    if name not in GATEWAYS:
        known = ", ".join(sorted(GATEWAYS))
        raise Refused(f"“{name[:20]}” is no gateway for text messages: {known}.")
    if not Apprise().add(url):
        raise Refused(f"This is not how a {name} gateway is written; see Apprise's own pages.")
    return name


def send(url: str, title: str, text: str, *, notify: Notify | None = None) -> str:
    """Send, and return what came back in a few words; raises as `chat.client.send` does."""
    name = gateway(url)
    if not (notify or _notify)(url, title[:LONGEST], text[:LONGEST]):
        raise Unreachable(f"{name} did not take the message.")
    return f"taken by {name}"


def _notify(url: str, title: str, text: str) -> bool:
    sender = Apprise()
    sender.add(url)
    return bool(sender.notify(body=text, title=title))
