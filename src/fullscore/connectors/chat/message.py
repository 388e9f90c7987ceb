"""One message, and how each program wants it: pure, so that every form can be read in a test."""

import hashlib
import hmac
import json
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import quote

from fullscore.connectors.base import Refused
from fullscore.connectors.http import Call

TELEGRAM = "https://api.telegram.org"


@dataclass(frozen=True, slots=True)
class Message:
    """What is told, in words and as facts. `key` is the same however often it is sent."""

    key: str
    title: str
    text: str
    url: str
    severity: int  # 1 to 5, 5 worst
    sent_at: int  # Unix seconds
    is_important: bool = True


@dataclass(frozen=True, slots=True)
class Target:
    """Where a message goes."""

    kind: str
    address: str
    secret: str = ""


def call_for(target: Target, message: Message, *, is_http_allowed: bool = False) -> Call:
    """Return the request that brings a message to its target. Refused: no such kind."""
    form = _FORMS.get(target.kind)
    if form is None:
        raise Refused(f"There is no way to send to “{target.kind[:20]}”.")
    url, headers, content = form(target, message)
    told = {"Idempotency-Key": message.key, **headers}
    return Call(url, "POST", told, content, is_http_allowed=is_http_allowed)


def signature(secret: str, body: bytes, at: int) -> str:
    """Return the header that proves who sent a body: HMAC-SHA256 over `t.body`."""
    signed = f"{at}.".encode() + body
    return f"t={at},v1={hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()}"


Form = tuple[str, Mapping[str, str], bytes]
JSON = {"Content-Type": "application/json"}


def _webhook(target: Target, message: Message) -> Form:
    body = json.dumps({
        "id": message.key, "title": message.title, "text": message.text, "url": message.url,
        "severity": message.severity, "is_important": message.is_important,
    }).encode()  # fmt: skip
    signed = signature(target.secret, body, message.sent_at)
    return target.address, {**JSON, "Fullscore-Signature": signed}, body


def _ntfy(target: Target, message: Message) -> Form:
    headers = {
        "Title": _in_header(message.title), "Priority": "5" if message.is_important else "3",
        "Tags": "rotating_light" if message.is_important else "bell",
    }  # fmt: skip
    if message.url:
        headers["Click"] = message.url
    if target.secret:
        headers["Authorization"] = f"Bearer {target.secret}"
    return target.address, headers, message.text.encode()


def _slack(target: Target, message: Message) -> Form:
    title = _escaped(message.title)
    text = f"*{title}*\n{_escaped(message.text)}"
    if message.url:
        text += f"\n<{message.url}|Answer>"
    return target.secret, JSON, json.dumps({"text": text}).encode()


def _teams(target: Target, message: Message) -> Form:
    blocks = [
        {"type": "TextBlock", "text": message.title, "weight": "Bolder", "wrap": True},
        {"type": "TextBlock", "text": message.text, "wrap": True},
    ]
    card: dict[str, object] = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json", "type": "AdaptiveCard",
        "version": "1.4", "body": blocks,
    }  # fmt: skip
    if message.url:
        card["actions"] = [{"type": "Action.OpenUrl", "title": "Answer", "url": message.url}]
    content = {"contentType": "application/vnd.microsoft.card.adaptive", "content": card}
    body = {"type": "message", "attachments": [content]}
    return target.secret, JSON, json.dumps(body).encode()


def _telegram(target: Target, message: Message) -> Form:
    text = "\n".join(filter(None, [message.title, message.text, message.url]))
    body = {"chat_id": target.address, "text": text, "disable_web_page_preview": True}
    url = f"{TELEGRAM}/bot{quote(target.secret, safe=':')}/sendMessage"
    return url, JSON, json.dumps(body).encode()


_FORMS: Mapping[str, Callable[[Target, Message], Form]] = {
    "webhook": _webhook, "ntfy": _ntfy, "slack": _slack, "teams": _teams, "telegram": _telegram,
}  # fmt: skip


def _in_header(text: str) -> str:
    """Return text that fits a header: ntfy reads RFC 2047 words."""
    line = " ".join(text.split())
    if line.isascii():
        return line
    return f"=?UTF-8?B?{b64encode(line.encode()).decode()}?="


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
