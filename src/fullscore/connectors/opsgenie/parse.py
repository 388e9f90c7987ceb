"""Read what clients of the Opsgenie alert API post.

Source: docs.opsgenie.com/docs/alert-api, "Create alert", "Acknowledge alert", "Close alert".
"""

import json

from fullscore.connectors import documents
from fullscore.connectors.alertmanager.parse import names_in
from fullscore.connectors.alerts import (
    KEY_LETTERS,
    TEXT_LETTERS,
    Action,
    Signal,
    without_port,
)
from fullscore.connectors.documents import Node

MESSAGE_LETTERS, ALIAS_LETTERS = 130, KEY_LETTERS
PRIORITIES = ("P1", "P2", "P3", "P4", "P5")
ACTIONS: dict[str, Action] = {"create": "trigger", "acknowledge": "acknowledge", "close": "resolve"}


def wrapped(body: bytes, *, action: str, alias: str = "") -> bytes:
    """Return a request as one document: what is to be done stands in the address, not in the body.

    Raises Garbled.
    """
    told = documents.read(body or b"{}").of(dict)
    return json.dumps({"action": action, "alias": alias, "body": told}).encode()


def request(body: bytes, *, made_key: str = "") -> tuple[Signal, ...]:
    """Read one wrapped request. Raises Garbled with the exact place."""
    told = documents.read(body)
    inner, word = told.field("body"), told.words("action", most=20)
    inner.of(dict)
    if word not in ACTIONS:
        raise told.wrong(f"is none of {', '.join(ACTIONS)}", "action")
    if word == "create":
        return (_created(inner, made_key),)
    alias = told.words("alias", most=ALIAS_LETTERS)
    return (Signal(ACTIONS[word], alias),)


def _created(told: Node, made_key: str) -> Signal:
    message = told.words("message", most=MESSAGE_LETTERS + 1)
    if not 0 < len(message) <= MESSAGE_LETTERS:
        raise told.wrong(f"has to have 1 to {MESSAGE_LETTERS} letters", "message")
    priority = told.words("priority", most=20, default="P3")
    if priority not in PRIORITIES:
        raise told.wrong(f"is none of {', '.join(PRIORITIES)}", "priority")
    details = told.optional("details")
    labels = {} if details is None else details.plains(most=TEXT_LETTERS)
    own = {name: told.words(name, most=TEXT_LETTERS, default="") for name in ("entity", "source")}
    own["tags"] = ", ".join(_tags(told))[:TEXT_LETTERS]
    text = told.words("description", most=TEXT_LETTERS, default="")
    entity = without_port(own["entity"])
    return Signal(
        "trigger",
        _alias(told) or made_key,
        title=message,
        severity=priority,
        labels={**labels, **{name: value for name, value in own.items() if value}},
        annotations={"summary": text} if text else {},
        names=tuple(filter(None, (entity, *names_in(labels)))),
    )


def _alias(told: Node) -> str:
    found = told.words("alias", most=ALIAS_LETTERS + 1, default="")
    if len(found) > ALIAS_LETTERS:
        raise told.wrong(f"is longer than {ALIAS_LETTERS} letters", "alias")
    return found


def _tags(told: Node) -> list[str]:
    found = told.optional("tags")
    return [documents.tidy(one.of(str)) for one in found.items()] if found else []
