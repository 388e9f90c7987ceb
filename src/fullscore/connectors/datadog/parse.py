"""Read what our payload lets Datadog post: its variables, each a text.

Source: docs.datadoghq.com/integrations/webhooks, "Variables"; the payload is in the guide.
"""

import re

from fullscore.connectors import documents
from fullscore.connectors.alertmanager.parse import names_in
from fullscore.connectors.alerts import (
    KEY_LETTERS,
    TEXT_LETTERS,
    TITLE_LETTERS,
    Signal,
    from_unix,
    safe_link,
    without_port,
)

# A transition's last words; `Re-Triggered` and `Re-Warn` are said again.
TRANSITIONS = {"triggered": "", "renotify": "", "no data": "warning", "warn": "warning"}
_TITLE = re.compile(r"^\[(?:P\d\] ?\[)?[\w -]+(?: on [^\]]*)?\] ?")


def event(body: bytes) -> tuple[Signal, ...]:
    """Read one event. Raises Garbled with the exact place."""
    told = documents.read(body)
    monitor, scopes = told.plain("monitor_id", most=60), told.plain("scopes", most=KEY_LETTERS)
    word = told.words("transition", most=40)
    if not monitor:
        raise told.wrong("is empty", "monitor_id")
    key = f"{monitor} {scopes}".strip()[:KEY_LETTERS]
    at = from_unix(told.plain("last_updated", most=40))
    kind = word.lower().removeprefix("re-")
    if kind.startswith("recovered"):
        return (Signal("resolve", key, at=at, ends_at=at),)
    if kind not in TRANSITIONS:
        raise told.wrong(f"is none of {', '.join(TRANSITIONS)}, recovered", "transition")
    labels = _labels(f"{scopes},{told.plain('tags', most=TEXT_LETTERS)}")
    host = told.plain("host", most=TEXT_LETTERS)
    title = told.words("title", most=1000, default="")
    text = told.words("body", most=TEXT_LETTERS, default="")
    return (
        Signal(
            "trigger",
            key,
            title=(_TITLE.sub("", title) or f"Monitor {monitor}")[:TITLE_LETTERS],
            at=at,
            starts_at=at,
            severity=TRANSITIONS[kind] or told.plain("severity", most=20),
            labels={**labels, "monitor": monitor},
            annotations={"summary": text} if text else {},
            link=safe_link(told.words("link", most=1000, default="")),
            group=monitor,
            names=tuple(filter(None, (without_port(host), *names_in(labels)))),
        ),
    )


def _labels(text: str) -> dict[str, str]:
    """Return the tags of `host:web1,env:prod`; one without a value names itself."""
    pairs = (tag.strip().partition(":") for tag in text.split(",")[:100])
    return {name[:200]: value or "yes" for name, _, value in pairs if name}
