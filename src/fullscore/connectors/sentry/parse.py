"""Read the webhooks of a Sentry integration, and check by whom they are signed.

Source: docs.sentry.io/organization/integrations/integration-platform/webhooks.
"""

import hashlib
import hmac
from collections.abc import Iterator

from fullscore.connectors import documents
from fullscore.connectors.alerts import (
    KEY_LETTERS,
    TEXT_LETTERS,
    TITLE_LETTERS,
    Action,
    Signal,
    safe_link,
)
from fullscore.connectors.documents import Node

SIGNED = "Sentry-Hook-Signature"
OF_ISSUES: dict[str, Action] = {
    "created": "trigger",
    "unresolved": "trigger",
    "triggered": "trigger",
    "resolved": "resolve",
    "assigned": "note",
    "archived": "note",
    "ignored": "note",
}
OF_METRICS: dict[str, Action] = {"critical": "trigger", "warning": "trigger", "resolved": "resolve"}
LABELS = ("culprit", "environment", "platform", "release", "level")


def is_signed(body: bytes, *, signature: str, secret: str) -> bool:
    """Say whether a body was signed with the integration's client secret."""
    wanted = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(wanted.encode(), signature.strip().lower().encode())


def webhook(body: bytes) -> tuple[Signal, ...]:
    """Read one webhook; of a resource that is no alert, nothing. Raises Garbled."""
    told = documents.read(body)
    action, data = told.words("action", most=40), told.field("data")
    for name, read in (("metric_alert", _metric), ("event", _of_issue), ("issue", _of_issue)):
        found = data.optional(name)
        if found is not None:
            return tuple(read(found, action))
    return ()


def _of_issue(one: Node, word: str) -> Iterator[Signal]:
    action = OF_ISSUES.get(word)
    key = one.plain("issue_id", most=KEY_LETTERS) or one.plain("id", most=KEY_LETTERS)
    if not key:
        raise one.wrong("is missing", "id")
    if action is None:
        return
    if action != "trigger":
        yield Signal(action, key, title=f"{word} in Sentry")
        return
    labels = {name: one.plain(name, most=TEXT_LETTERS) for name in LABELS} | _tags(one)
    labels["project"] = _project(one)
    at = one.moment("datetime") or one.moment("lastSeen")
    yield Signal(
        action,
        key,
        title=_title(one),
        at=at,
        starts_at=one.moment("firstSeen") or at,
        severity=labels.get("level", ""),
        labels={k: v for k, v in labels.items() if v},
        link=_link(one),
        group=labels["project"],
        names=tuple(filter(None, (labels.get("server_name", ""), labels["project"]))),
    )


def _metric(one: Node, word: str) -> Iterator[Signal]:
    action = OF_METRICS.get(word)
    key = one.plain("id", most=KEY_LETTERS - 10)
    if not key:
        raise one.wrong("is missing", "id")
    if action is None:
        return
    at = one.moment("date_detected") or one.moment("date_started")
    ends_at = one.moment("date_closed") if action == "resolve" else None
    yield Signal(
        action,
        f"metric {key}",
        title=_title(one),
        at=ends_at or at,
        starts_at=at,
        ends_at=ends_at,
        severity=word if action == "trigger" else "",
        link=_link(one),
    )


def _title(one: Node) -> str:
    title = one.plain("title", most=TITLE_LETTERS)
    return title or "An issue of Sentry without a title"


def _link(one: Node) -> str:
    found = (safe_link(one.plain(name, most=1000)) for name in ("web_url", "permalink"))
    return next(filter(None, found), "")


def _project(one: Node) -> str:
    """Return the project: an object in issues, a name or a number in events."""
    found = one.optional("project")
    if found is not None and isinstance(found.value, dict):
        return found.plain("slug", most=200)
    return one.plain("project_name", most=200) or one.plain("project", most=200)


def _tags(one: Node) -> dict[str, str]:
    """Return an event's tags, which are pairs."""
    found = one.optional("tags")
    pairs = found.value if found is not None and isinstance(found.value, list) else []
    return {
        documents.tidy(pair[0])[:200]: documents.tidy(pair[1])[:TEXT_LETTERS]
        for pair in pairs[:100]
        if isinstance(pair, list) and len(pair) == 2 and all(isinstance(t, str) for t in pair)
    }
