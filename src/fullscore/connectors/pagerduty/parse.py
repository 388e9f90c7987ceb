"""Read PagerDuty's Events API, version 2.

Source: developer.pagerduty.com/docs/events-api-v2-overview and its pages on sending an alert event
and on sending a change event.
"""

import hashlib
import json
import secrets
from dataclasses import dataclass
from datetime import datetime

from fullscore.connectors import documents
from fullscore.connectors.alerts import TEXT_LETTERS, Action, Signal, safe_link, without_port
from fullscore.connectors.documents import Node

ACTIONS: tuple[Action, ...] = ("trigger", "acknowledge", "resolve")
SEVERITIES = ("critical", "error", "warning", "info")
DEDUP_LETTERS, SUMMARY_LETTERS = 255, 1024
TITLE_LETTERS = 160  # of a change here
LABELS = ("source", "component", "group", "class")


def routing_key(body: bytes) -> str:
    """Return only who an event is for. Raises Garbled."""
    return documents.read(body).words("routing_key", most=200)


def event(body: bytes, *, made_key: str = "") -> Signal:
    """Read one event. Raises Garbled with the exact place.

    A trigger without a `dedup_key` is given `made_key`, or one of our making.
    """
    told = documents.read(body)
    action = _action(told)
    key = _key(told, action) or made_key or secrets.token_hex(16)
    if action != "trigger":
        return Signal(action, key)
    return _triggered(told, key)


@dataclass(frozen=True, slots=True)
class ChangeEvent:
    """What was changed outside. Equal bodies have the same digest, whatever the time."""

    summary: str
    at: datetime | None
    text: str
    names: tuple[str, ...]  # words that may name the item, the surest first
    digest: str


def change(body: bytes) -> ChangeEvent:
    """Read one change event. Raises Garbled with the exact place."""
    told = documents.read(body)
    payload = told.field("payload")
    summary = payload.words("summary", most=SUMMARY_LETTERS + 1)
    if not summary or len(summary) > SUMMARY_LETTERS:
        raise payload.wrong(f"has to have 1 to {SUMMARY_LETTERS} letters", "summary")
    source = payload.words("source", most=TEXT_LETTERS, default="")
    details = payload.optional("custom_details")
    is_object = details is not None and isinstance(details.value, dict)
    named = details.plain("service", most=TEXT_LETTERS) if details and is_object else ""
    parts = [summary if len(summary) > TITLE_LETTERS else "", f"From {source}." if source else ""]
    if details is not None:
        text = details.value if isinstance(details.value, str) else _json(details.value)
        parts.append(documents.tidy(text)[:TEXT_LETTERS])
    parts += _links(told)
    digest = hashlib.sha256(json.dumps(told.value, sort_keys=True).encode()).hexdigest()
    return ChangeEvent(
        summary, payload.moment("timestamp"), "\n".join(filter(None, parts)),
        tuple(filter(None, (without_port(source), named))), digest,
    )  # fmt: skip


def _links(told: Node) -> list[str]:
    found = told.optional("links")
    return [
        link for one in (found.items() if found else ())
        if (link := safe_link(one.words("href", most=1000, default="")))
    ]  # fmt: skip


def _action(told: Node) -> Action:
    word = told.words("event_action", most=20)
    for action in ACTIONS:
        if word == action:
            return action
    raise told.wrong(f"is none of {', '.join(ACTIONS)}", "event_action")


def _key(told: Node, action: Action) -> str:
    found = told.optional("dedup_key")
    if found is None or not found.of(str):
        if action != "trigger":
            raise told.wrong("is missing", "dedup_key")
        return ""
    if len(found.value) > DEDUP_LETTERS:
        raise found.wrong(f"is longer than {DEDUP_LETTERS} letters")
    return documents.tidy(found.value)


def _triggered(told: Node, key: str) -> Signal:
    payload = told.field("payload")
    severity = payload.words("severity", most=20)
    if severity not in SEVERITIES:
        raise payload.wrong(f"is none of {', '.join(SEVERITIES)}", "severity")
    summary = payload.words("summary", most=SUMMARY_LETTERS + 1)
    if not summary or len(summary) > SUMMARY_LETTERS:
        raise payload.wrong(f"has to have 1 to {SUMMARY_LETTERS} letters", "summary")
    source = payload.words("source", most=TEXT_LETTERS)
    labels = {name: payload.words(name, most=TEXT_LETTERS, default="") for name in LABELS}
    labels = {name: value for name, value in labels.items() if value}
    at = payload.moment("timestamp")
    return Signal(
        "trigger", key, title=summary[:300], at=at, starts_at=at, severity=severity, labels=labels,
        annotations=_notes(told, payload, summary), link=_link(told),
        group=labels.get("group") or labels.get("class", ""),
        names=tuple(filter(None, (without_port(source), labels.get("component", "")))),
    )  # fmt: skip


def _notes(told: Node, payload: Node, summary: str) -> dict[str, str]:
    notes = {"summary": summary, "client": told.words("client", most=200, default="")}
    details = payload.optional("custom_details")
    if details is not None:
        text = details.value if isinstance(details.value, str) else _json(details.value)
        notes["details"] = documents.tidy(text)[: 2 * TEXT_LETTERS]
    return {name: value for name, value in notes.items() if value}


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1)


def _link(told: Node) -> str:
    if found := _links(told):
        return found[0]
    return safe_link(told.words("client_url", most=1000, default=""))
