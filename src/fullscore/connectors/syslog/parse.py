"""Read messages of RFC 5424 and RFC 3164, and of what is near the latter (Cisco, rsyslog).

What came in together is one body: a line with moment, address and length before each message.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

from fullscore.connectors.alerts import KEY_LETTERS, TEXT_LETTERS, TITLE_LETTERS, Signal, moment_in
from fullscore.connectors.base import Garbled
from fullscore.connectors.documents import tidy
from fullscore.connectors.wording import StateWords, template

MOST_BYTES = 64 * 1024
USER_NOTICE = 13  # what RFC 3164 (4.3.3) lets stand for a priority that is missing
# By syslog's own numbers, 0 to 7, and ours beside each.
SEVERITIES = (
    "emergency", "critical", "critical", "error", "warning", "notice", "info", "debug",
)  # fmt: skip
GRADES = (5, 5, 5, 4, 3, 2, 1, 1)
FACILITIES = (
    "kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv",
    "ftp", "ntp", "audit", "alert", "clock", *(f"local{n}" for n in range(8)),
)  # fmt: skip
STALE = timedelta(days=1)  # a stamp further from its arrival is a wrong clock's
PRIORITY = re.compile(r"<([0-9]{1,3})>")
HEAD = re.compile(r"([0-9]{1,9}) ([^ ]+) ([0-9]{1,20})\n")
NEW = re.compile(
    r"1 (?P<at>\S{1,64}) (?P<host>\S{1,255}) (?P<app>\S{1,48}) (?P<process>\S{1,128}) "
    r"(?P<id>\S{1,32})(?: (?P<rest>.*))?\Z", re.S,
)  # fmt: skip
DATA = re.compile(
    r'-(?: |\Z)|(?:\[[^ \]="]{1,32}(?: [^ =\]"]{1,32}="(?:[^"\\\]]|\\.)*")*\])+ ?', re.S
)
PAIR = re.compile(r'([^ =\]"\[]{1,32})="((?:[^"\\\]]|\\.)*)"', re.S)
OLD_STAMP = re.compile(
    r"[*.]?([A-Z][a-z]{2} [ 0-9]?[0-9] (?:[0-9]{4} )?[0-9:]{8})(?:\.[0-9]+)?:? ?"
)
ISO_STAMP = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{8,18}(?:Z|[+-][0-9:]{5}))\s")
SEQUENCE = re.compile(r"[0-9]{1,10}: ")  # Cisco's own count
CISCO = re.compile(r"(?:[A-Z]{1,5}: )?%([A-Z0-9_-]{3,60}): ")
HOST = re.compile(r"([\w.:-]{1,255}) (?=\S)")
TAG = re.compile(r"([\w./-]{1,48})(?:\[[^\]]{0,40}\])?: ?")
MOST_LABELS = 20


@dataclass(frozen=True, slots=True)
class Came:
    """A message as it came."""

    at: datetime
    peer: str  # the address it came from
    data: bytes


@dataclass(frozen=True, slots=True)
class Message:
    """What a message says."""

    priority: int
    text: str
    host: str = ""
    app: str = ""
    id: str = ""
    at: datetime | None = None
    data: tuple[tuple[str, str], ...] = ()

    @property
    def grade(self) -> int:
        """Return its severity as 1 (info) to 5 (critical)."""
        return GRADES[self.priority % 8]


def packed(came: Iterable[Came]) -> bytes:
    """Return messages as one body."""
    return b"".join(
        f"{one.at.isoformat()} {one.peer} {len(one.data)}\n".encode() + one.data + b"\n"
        for one in came
    )


def unpacked(body: bytes) -> Iterator[Came]:
    """Yield the messages of a body. Raises Garbled."""
    at = 0
    while at < len(body):
        end = body.find(b"\n", at)
        try:
            moment, peer, length = body[at : end if end >= 0 else at].decode().split(" ")
            size, when = int(length), datetime.fromisoformat(moment)
            if not 0 <= size <= len(body) - end:
                raise ValueError("a length beyond the body")
        except ValueError as error:
            raise Garbled(f"At byte {at} a moment, an address and a length are missing.") from error
        yield Came(when, peer, body[end + 1 : end + 1 + size])
        at = end + size + 2


def message(data: bytes, *, zone: tzinfo = UTC, now: datetime) -> Message:
    """Read one message; what is not of any form is a text. `zone` is that of stamps without one."""
    text = tidy(data[:MOST_BYTES].decode("utf-8", "replace")).removeprefix("\ufeff").strip()
    found = PRIORITY.match(text)
    priority = int(found[1]) if found and int(found[1]) < 192 else USER_NOTICE
    text = text[found.end() :] if found else text
    if new := NEW.match(text):
        return _new(priority, new)
    return _old(priority, text, zone, now)


def is_wanted(told: Message, *, least: int, words: StateWords) -> bool:
    """Say whether a message is an alert from this grade on, or says that one is over."""
    return told.grade >= least or words.is_over(told.text)


def signals(body: bytes, *, zone: tzinfo, words: StateWords) -> tuple[Signal, ...]:
    """Read a body of messages that are wanted. Raises Garbled."""
    return tuple(_signal(came, message(came.data, zone=zone, now=came.at), words)
                 for came in unpacked(body))  # fmt: skip


def _signal(came: Came, told: Message, words: StateWords) -> Signal:
    host = told.host or came.peer
    of_kind = template(words.without(told.text)) or told.id
    key = f"{host}!{told.app}!{of_kind}"[:KEY_LETTERS]
    if words.is_over(told.text):
        return Signal("resolve", key, at=came.at, ends_at=came.at)
    starts_at = told.at if told.at and abs(came.at - told.at) < STALE else came.at
    # The title is of every message of this key: a number that changes is no news of its own.
    title = f"{told.app or 'syslog'} on {host}: {template(told.text)}"
    return Signal(
        "trigger", key, title=title[:TITLE_LETTERS], at=came.at, starts_at=min(starts_at, came.at),
        severity=SEVERITIES[told.priority % 8], labels=_labels(told, host, came.peer),
        annotations={"last message": told.text[:TEXT_LETTERS]}, group=host[:KEY_LETTERS],
        names=(host, came.peer),
    )  # fmt: skip


def _labels(told: Message, host: str, peer: str) -> dict[str, str]:
    facility = told.priority // 8
    named = {
        "host": host, "app": told.app, "facility": FACILITIES[facility], "address": peer,
        "message_id": told.id,
    }  # fmt: skip
    return {name: value for name, value in (*told.data, *named.items()) if value}


def _new(priority: int, found: re.Match[str]) -> Message:
    """Read RFC 5424; `-` is what is not said."""
    rest = found["rest"] or ""
    data = DATA.match(rest)
    text = rest[data.end() :] if data else rest
    pairs = PAIR.findall(data[0])[:MOST_LABELS] if data else []
    return Message(
        priority, text.removeprefix("\ufeff").strip(), host=_said(found["host"]),
        app=_said(found["app"]), id=_said(found["id"]), at=_instant(found["at"]),
        data=tuple((name, re.sub(r"\\(.)", r"\1", value)[:300]) for name, value in pairs),
    )  # fmt: skip


def _old(priority: int, text: str, zone: tzinfo, now: datetime) -> Message:
    """Read RFC 3164: a stamp, a host and a tag, each of which may be missing."""
    if sequence := SEQUENCE.match(text):
        text = text[sequence.end() :]
    at, host = None, ""
    if named := HOST.match(text) if not _stamp(text) else None:  # Cisco's `logging origin-id`
        after = text[named.end() :]
        if named[1].endswith(":") and _stamp(after):
            host, text = named[1].rstrip(":"), after
    if stamp := _stamp(text):
        at = _instant(stamp[1]) or _local(stamp[1], zone, now)
        text = text[stamp.end() :]
    if cisco := CISCO.match(text):
        return Message(priority, text[cisco.end() :], host=host, app=cisco[1][:48], at=at)
    if stamp and not host and (named := HOST.match(text)) and not named[1].endswith(":"):
        host, text = named[1], text[named.end() :]
    tag = TAG.match(text)
    return Message(
        priority, text[tag.end() :] if tag else text, host=host, app=tag[1] if tag else "", at=at
    )


def _stamp(text: str) -> re.Match[str] | None:
    return OLD_STAMP.match(text) or ISO_STAMP.match(text)


def _said(text: str) -> str:
    return "" if text == "-" else text


def _instant(text: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if at.tzinfo else None


def _local(text: str, zone: tzinfo, now: datetime) -> datetime | None:
    """Return the instant of a stamp without zone, and mostly without year: the nearest to `now`."""
    if len(text.split()) == 4:  # with its year
        return moment_in(text, "%b %d %Y %H:%M:%S", zone, now=now)
    years = (f"{now.year + step} {text}" for step in (-1, 0, 1))
    found = [at for year in years if (at := moment_in(year, "%Y %b %d %H:%M:%S", zone, now=now))]
    return min(found, key=lambda at: abs(at - now), default=None)
