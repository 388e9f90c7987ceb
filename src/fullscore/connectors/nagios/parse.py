"""Read notifications of Nagios, Icinga 2, Naemon and Centreon: their macros, as a form or as JSON.

Sources: "Standard Macros in Nagios" (assets.nagios.com) and Icinga 2's "Runtime Macros" and
"Notifications". The commands that send them are in `docs/senders/`.
"""

from urllib.parse import parse_qsl

from fullscore.connectors import documents
from fullscore.connectors.alerts import (
    KEY_LETTERS,
    TEXT_LETTERS,
    TITLE_LETTERS,
    Action,
    Signal,
    from_unix,
)
from fullscore.connectors.base import Garbled

ACTIONS: dict[str, Action] = {
    "PROBLEM": "trigger",
    "RECOVERY": "resolve",
    "ACKNOWLEDGEMENT": "acknowledge",
    "CUSTOM": "note",
}
NOTED = ("FLAPPING", "DOWNTIME")  # how these words begin: FLAPPINGSTART, DOWNTIMEEND …
SEVERITIES = {
    "CRITICAL": "critical",
    "DOWN": "critical",
    "UNREACHABLE": "error",
    "WARNING": "warning",
    "UNKNOWN": "warning",
}
MOST_FIELDS = 100


def notification(body: bytes) -> tuple[Signal, ...]:
    """Read one notification; what is SOFT is not said yet. Raises Garbled."""
    told = _fields(body)
    host, service = told.get("HOSTNAME", ""), told.get("SERVICEDESC", "")
    if not host:
        raise Garbled("HOSTNAME is missing.")
    action = _action(told.get("NOTIFICATIONTYPE", ""))
    if told.get("STATETYPE", "HARD").upper() == "SOFT":
        return ()
    key = f"{host}!{service}"[:KEY_LETTERS] if service else host[:KEY_LETTERS]
    at = from_unix(told.get("TIMET", ""))
    if action == "note":
        return (Signal("note", key, at=at, title=_note(told)),)
    if action != "trigger":
        return (Signal(action, key, at=at, ends_at=at if action == "resolve" else None),)
    state = told.get("SERVICESTATE" if service else "HOSTSTATE", "").upper()
    return (
        Signal(
            "trigger",
            key,
            title=_title(told, host, service, state),
            at=at,
            starts_at=at,
            severity=SEVERITIES.get(state, state),
            labels=_labels(told, state),
            annotations={"summary": told["OUTPUT"]} if told.get("OUTPUT") else {},
            group=host[:KEY_LETTERS],
            names=tuple(filter(None, (host, told.get("HOSTADDRESS", "")))),
        ),
    )


def _fields(body: bytes) -> dict[str, str]:
    if body.lstrip()[:1] == b"{":
        return documents.read(body).plains(most=TEXT_LETTERS)
    try:
        pairs = parse_qsl(body.decode(), strict_parsing=True, max_num_fields=MOST_FIELDS)
    except ValueError as error:  # a byte that is no text is one, too
        raise Garbled("The body is neither a form such as HOSTNAME=db1&… nor JSON.") from error
    return {documents.tidy(name): documents.tidy(value)[:TEXT_LETTERS] for name, value in pairs}


def _action(word: str) -> Action:
    """Return what a notification means; `PROBLEM (OK)`, as some commands write, by its first."""
    word = word.upper().partition(" ")[0]
    if word.startswith(NOTED):
        return "note"
    if word not in ACTIONS:
        raise Garbled(f"NOTIFICATIONTYPE “{word[:40]}” is none of {', '.join(ACTIONS)}.")
    return ACTIONS[word]


def _title(told: dict[str, str], host: str, service: str, state: str) -> str:
    what = f"{service} on {host}" if service else host
    return f"{what} is {state}: {told.get('OUTPUT', '')}".rstrip(": ")[:TITLE_LETTERS]


def _note(told: dict[str, str]) -> str:
    who = f"{told['NOTIFICATIONTYPE']} {told.get('NOTIFICATIONAUTHOR', '')}".strip()
    return f"{who}: {told.get('NOTIFICATIONCOMMENT', '')}".rstrip(": ")[:TITLE_LETTERS]


def _labels(told: dict[str, str], state: str) -> dict[str, str]:
    labels = {
        "host": told["HOSTNAME"],
        "service": told.get("SERVICEDESC", ""),
        "state": state,
        "address": told.get("HOSTADDRESS", ""),
    }
    return {name: value for name, value in labels.items() if value}
