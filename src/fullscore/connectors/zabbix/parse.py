"""Read what our media type lets Zabbix post: the values of its macros, each a text.

Source: zabbix.com/documentation, "Supported macros" and "Webhook" (6.0 and later); the media type
is `docs/senders/zabbix-media-type.yaml`.
"""

import re
from collections.abc import Iterator
from datetime import datetime, tzinfo

from fullscore.connectors import documents
from fullscore.connectors.alerts import (
    KEY_LETTERS,
    TEXT_LETTERS,
    TITLE_LETTERS,
    Signal,
    moment_in,
    safe_link,
)
from fullscore.connectors.base import Garbled
from fullscore.connectors.documents import Node

STAMP = "%Y.%m.%d %H:%M:%S"
# By Zabbix' own numbers: "not classified" is for the source to say.
SEVERITIES = ("", "information", "warning", "average", "high", "disaster")
LABELS = ("host", "ip", "trigger_id")
# A macro that means nothing for an event is left as it stands, or so.
UNRESOLVED = re.compile(r"\{[A-Z0-9.]+\}|\*UNKNOWN\*")


def problem(body: bytes, *, zone: tzinfo, now: datetime) -> tuple[Signal, ...]:
    """Read one message; Zabbix tells local time without a zone, which is `zone`.

    An update that neither acknowledges nor closes is a note. Raises Garbled with the exact place.
    """
    told = documents.read(body)
    key = told.words("event_id", most=KEY_LETTERS)
    status = _said(told, "status").upper()
    if not key or status not in ("PROBLEM", "RESOLVED", "OK"):
        raise told.wrong("has to have an event_id, and a status PROBLEM or RESOLVED")
    at = _moment(told, zone, now)
    if status != "PROBLEM":
        return (Signal("resolve", key, at=at, ends_at=at),)
    if _said(told, "update_status") == "1":
        return tuple(_updated(told, key, at))
    return (_triggered(told, key, at),)


def _updated(told: Node, key: str, at: datetime | None) -> Iterator[Signal]:
    done = _said(told, "update_action")
    text = f"{done}: {_said(told, 'update_message')}".strip(": ")
    yield Signal("note", key, at=at, title=text[:TITLE_LETTERS])
    # "unacknowledged" holds the word as well, and takes nothing back of a person's own here.
    if "acknowledged" in re.split(r"[\s,]+", done.lower()):
        yield Signal("acknowledge", key, at=at)


def _triggered(told: Node, key: str, at: datetime | None) -> Signal:
    labels = {name: _said(told, name) for name in LABELS} | _tags(told)
    return Signal(
        "trigger",
        key,
        title=_said(told, "name")[:TITLE_LETTERS] or "A problem of Zabbix without a name",
        at=at,
        starts_at=at,
        severity=_severity(_said(told, "severity")),
        labels={name: value for name, value in labels.items() if value},
        annotations=_notes(told),
        link=safe_link(_said(told, "url")),
        group=labels["trigger_id"],
        names=tuple(filter(None, (labels["host"], labels["ip"]))),
    )


def _notes(told: Node) -> dict[str, str]:
    notes = {"summary": _said(told, "message"), "operational data": _said(told, "opdata")}
    return {name: text for name, text in notes.items() if text}


def _severity(number: str) -> str:
    is_known = number.isascii() and number.isdecimal() and int(number[:3]) < len(SEVERITIES)
    return SEVERITIES[int(number)] if is_known else number


def _tags(told: Node) -> dict[str, str]:
    """Return the tags: a list of tag and value, written as a text in the text."""
    text = _said(told, "tags")
    if not text:
        return {}
    try:
        listed = list(documents.read(text.encode()).items())
    except Garbled as error:
        raise told.wrong("is not a list of tags", "tags") from error
    pairs = ((one.plain("tag", most=200), one.plain("value", most=TEXT_LETTERS)) for one in listed)
    return {name: value for name, value in pairs if name and name not in LABELS}


def _moment(told: Node, zone: tzinfo, now: datetime) -> datetime | None:
    text = _said(told, "time")
    at = moment_in(text, STAMP, zone, now=now) if text else None
    if text and at is None:
        raise told.wrong("is no time such as 2026.11.17 02:13:00", "time")
    return at


def _said(told: Node, name: str) -> str:
    text = told.words(name, most=TEXT_LETTERS, default="")
    return "" if UNRESOLVED.search(text) and UNRESOLVED.sub("", text).strip() == "" else text
