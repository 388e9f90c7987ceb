"""Read CloudEvents 1.0: one event, a batch of them, or one told in headers.

Sources: "CloudEvents 1.0.2" with its JSON format and its HTTP protocol binding, of the CNCF.
"""

import base64
import json
from collections.abc import Iterator, Mapping
from urllib.parse import unquote

from fullscore.connectors import documents
from fullscore.connectors.alertmanager.parse import names_in
from fullscore.connectors.alerts import (
    KEY_LETTERS,
    TEXT_LETTERS,
    TITLE_LETTERS,
    Action,
    Signal,
    safe_link,
)
from fullscore.connectors.base import Garbled
from fullscore.connectors.documents import Node

BATCH = "application/cloudevents-batch+json"
MOST_EVENTS = 1_000  # of a batch
NEEDED = ("id", "source", "specversion", "type")
TITLES = ("title", "summary", "message", "name")
ENDINGS: dict[str, Action] = {".resolved": "resolve", ".acknowledged": "acknowledge"}


def singly(body: bytes, headers: Mapping[str, str]) -> Iterator[tuple[bytes, str]]:
    """Yield each event of a request as a body of its own, with what tells its delivery apart.

    Raises Garbled.
    """
    if headers.get("ce-specversion"):
        told = documents.read(_in_one(body, headers))
        yield told.text.encode(), _delivery(told)
        return
    told = documents.read(body)
    if not isinstance(told.value, list):
        yield body, _delivery(told)
        return
    if len(told.value) > MOST_EVENTS:
        raise told.wrong(f"holds more than {MOST_EVENTS:,} events")
    for one in told.items():
        yield json.dumps(one.value).encode(), _delivery(one)


def event(body: bytes) -> tuple[Signal, ...]:
    """Read one event. Raises Garbled with the exact place."""
    told = documents.read(body)
    _delivery(told)
    kind, subject = told.words("type", most=KEY_LETTERS), _word(told, "subject")
    action, base = _action(kind)
    at = told.moment("time")
    if action != "trigger":
        return (
            Signal(action, subject or base, at=at, ends_at=at if action == "resolve" else None),
        )
    data = _data(told)
    labels = told.plains(most=TEXT_LETTERS) | (data.plains(most=TEXT_LETTERS) if data else {})
    title = next((labels[name] for name in TITLES if labels.get(name)), "")
    for own in ("id", "specversion", "datacontenttype", "time", "data", "data_base64"):
        labels.pop(own, None)
    return (
        Signal(
            action,
            subject or base,
            title=(title or f"{kind} {subject}".strip())[:TITLE_LETTERS],
            at=at,
            starts_at=at,
            severity=labels.get("severity", ""),
            labels=labels,
            annotations=_details(data),
            link=safe_link(labels.get("link", labels.get("url", ""))),
            group=base,
            names=(*names_in(labels), *filter(None, (subject,))),
        ),
    )


def _delivery(told: Node) -> str:
    """Return what no two events share. Raises Garbled where one of the four musts is missing."""
    for name in NEEDED:
        if not told.words(name, most=KEY_LETTERS):
            raise told.wrong("is empty", name)
    if not told.words("specversion", most=20).startswith("1."):
        raise told.wrong("is not 1.0, the version that is read here", "specversion")
    return f"{told.field('source').value} {told.field('id').value}"


def _action(kind: str) -> tuple[Action, str]:
    for ending, action in ENDINGS.items():
        if kind.endswith(ending):
            return action, kind.removesuffix(ending)
    return "trigger", kind


def _data(told: Node) -> Node | None:
    """Return the data where it is an object of JSON, packed or not."""
    data, packed = told.optional("data"), told.optional("data_base64")
    if data is None and packed is not None:
        data = _unpacked(packed)
    return data if data is not None and isinstance(data.value, dict) else None


def _unpacked(packed: Node) -> Node | None:
    try:
        raw = base64.b64decode(packed.of(str), validate=True)
    except ValueError as error:  # a letter beyond ASCII, too
        raise packed.wrong("is not base64") from error
    try:
        return documents.read(raw)
    except Garbled:  # data of another kind: it is the event that counts
        return None


def _details(data: Node | None) -> dict[str, str]:
    if data is None:
        return {}
    text = json.dumps(data.value, ensure_ascii=False, indent=1)
    return {"details": documents.tidy(text)[: 2 * TEXT_LETTERS]}


def _word(told: Node, name: str) -> str:
    return told.words(name, most=KEY_LETTERS, default="")


def _in_one(body: bytes, headers: Mapping[str, str]) -> bytes:
    """Return an event told in headers as one document, as the JSON format writes it."""
    told: dict[str, object] = {
        name.lower()[3:]: unquote(text)
        for name, text in headers.items()
        if name.lower().startswith("ce-")
    }
    content = headers.get("content-type", "")
    if "json" in content and body:
        told["data"] = documents.read(body).value
    elif body:
        told["data_base64"] = base64.b64encode(body).decode()
    return json.dumps({**told, "datacontenttype": content}).encode()
