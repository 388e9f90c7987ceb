"""Read an e-mail: what it is about, what it answers, and whether it says that something is over.

A mail is kept without its attachments, as a mail of one part, at most 64 KiB of text.
"""

import email
import email.errors
import email.header
import hashlib
import re
from collections.abc import Sequence
from contextlib import suppress
from email import policy
from email.message import Message
from html.parser import HTMLParser

from fullscore.connectors.alerts import KEY_LETTERS, TEXT_LETTERS, TITLE_LETTERS, Signal
from fullscore.connectors.base import Garbled
from fullscore.connectors.documents import tidy
from fullscore.connectors.wording import StateWords, tidied

MOST_BYTES = 1024 * 1024  # of a mail as it comes; what follows is attachments
TEXT_BYTES = 64 * 1024
HEADER_LETTERS = 4000
MOST_PARTS = 200
MOST_REFERENCES = 20
KEPT = ("From", "Subject", "Date", "Message-ID", "In-Reply-To", "References", "Auto-Submitted",
        "Importance")  # fmt: skip
ID = re.compile(r"<[^<>\s]{1,400}>")
PREFIX = re.compile(r"(?i)^(?:(?:re|fwd?|aw|wg|sv|tr|rv)(?:\[[0-9]{1,3}\])?\s*:\s*)+")
# What counts, and what dates: gone from a key. A bare number may be a port or a server's own.
COUNTED = (
    re.compile(r"\[[^\[\]]{0,100}\]"),
    re.compile(r"\b[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ][0-9:.]{4,15}(?:Z|[+-][0-9:]{4,5})?)?\b"),
    re.compile(r"\b[0-9]{1,2}[./][0-9]{1,2}[./][0-9]{2,4}\b"),
    re.compile(
        r"(?i)\b(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]{0,6},? )?(?:[0-9]{1,2} )?"
        r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}\.? [0-9]{1,4}"
        r"(?:,? [0-9]{4})?\b"
    ),
    re.compile(
        r"(?<![\w:])[0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?(?:\.[0-9]+)?"
        r"(?: ?(?:[AP]M|UTC|GMT|CES?T))?(?![\w:])"
    ),
    re.compile(r"\([0-9]{1,9}(?:[/x ][0-9]{0,9})?\)|(?<!\w)[x×#][0-9]{1,9}\b"),
    re.compile(r"(?i)\b[0-9]{1,9} times\b"),
    re.compile(r"(?<![\w.])[0-9]{1,9}(?:[.,][0-9]{1,9})? ?%"),
)  # fmt: skip
GRADES = re.compile(
    r"(?i)(?<!\w)(emergency|disaster|fatal|critical|crit|error|high|major|warning|warn|average"
    r"|minor|notice|info)(?!\w)"
)


def reduced(raw: bytes) -> bytes:
    """Return a mail of one part of text that says the same, without attachments."""
    mail = email.message_from_bytes(raw[:MOST_BYTES], policy=policy.compat32)
    text = _text(mail).encode()[:TEXT_BYTES].decode("utf-8", "ignore")
    told = ((name, _header(mail, name)) for name in KEPT)
    head = "".join(f"{name}: {value}\r\n" for name, value in told if value)
    return f"{head}\r\n{text}".encode()


def delivery_of(kept: bytes) -> str:
    """Return what a mail is called: its Message-ID, without one a hash of it."""
    ids = ID.findall(_read(kept)[0].get("Message-ID", ""))
    return ids[0] if ids else f"sha256:{hashlib.sha256(kept).hexdigest()}"


def answered(kept: bytes) -> tuple[str, ...]:
    """Return the Message-IDs a mail answers, the oldest first."""
    told = _read(kept)[0]
    ids = ID.findall(f"{told.get('References', '')} {told.get('In-Reply-To', '')}")
    return tuple(dict.fromkeys(ids[:1] + ids[-MOST_REFERENCES:]))


def key_of(kept: bytes, words: StateWords) -> str:
    """Return what a mail is about: its subject without state, counts, dates and prefixes."""
    subject = PREFIX.sub("", _read(kept)[0].get("Subject", ""))
    for pattern in COUNTED:
        subject = pattern.sub(" ", subject)
    bare = tidied(re.sub(r"[\s:;,*!()<>–-]+", " ", words.without(PREFIX.sub("", subject.strip()))))
    return bare[:KEY_LETTERS]


def signals(kept: bytes, *, words: StateWords, keys: Sequence[str] = ()) -> tuple[Signal, ...]:
    """Read what a mail says of its alert; `keys` are those of the mails it answers.

    An automatic answer, such as that somebody is away, says nothing. Raises Garbled.
    """
    told, text = _read(kept)
    if told.get("Auto-Submitted", "").lower().startswith("auto-replied"):
        return ()
    subject = tidied(told.get("Subject", ""))
    key = keys[0] if keys else key_of(kept, words)
    if not key:
        raise Garbled("The mail has no subject that says what it is about.")
    if words.is_over(subject):
        return (Signal("resolve", key),)
    if keys and PREFIX.match(subject):  # a person answers: that says nothing of its state
        return (Signal("note", key, title=f"{told.get('From', '')}: {text}"[:TITLE_LETTERS]),)
    found = GRADES.search(subject)
    sender = told.get("From", "")
    return (
        Signal(
            "trigger", key, title=subject[:TITLE_LETTERS], severity=found[1] if found else "",
            labels={"from": sender[:300]} if sender else {},
            annotations={"text": text[:TEXT_LETTERS]} if text else {}, names=_names(subject),
        ),
    )  # fmt: skip


def _names(subject: str) -> tuple[str, ...]:
    """Return the words of a subject that may name an item: with a digit, a dot or a hyphen."""
    words = re.findall(r"[\w.:-]{3,255}", subject)
    return tuple(word.strip(".:-") for word in words[:40] if re.search(r"[0-9.-]", word))


def _read(kept: bytes) -> tuple[dict[str, str], str]:
    head, _, text = kept.decode("utf-8", "replace").partition("\r\n\r\n")
    lines = (line.partition(": ") for line in head.split("\r\n"))
    return {name: value for name, _, value in lines}, text


def _header(mail: Message, name: str) -> str:
    """Return a header in plain words, in one line; a charset nobody knows costs only itself."""
    raw = next((v for n, v in mail.raw_items() if n.lower() == name.lower()), "")
    value = raw[:HEADER_LETTERS].encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    try:
        parts = email.header.decode_header(value)
    except (email.errors.HeaderParseError, ValueError):
        return tidied(tidy(value))
    text = "".join(p if isinstance(p, str) else _decoded(p, c or "utf-8") for p, c in parts)
    return tidied(tidy(text))[:HEADER_LETTERS]


def _decoded(data: bytes, charset: str) -> str:
    try:
        return data.decode(charset, "replace")
    except (LookupError, ValueError):
        return data.decode("utf-8", "replace")


def _text(mail: Message) -> str:
    """Return the plain text of a mail, else what its HTML says."""
    plain = html = ""
    for count, part in enumerate(mail.walk()):
        if count >= MOST_PARTS or plain:
            break
        if part.is_multipart() or part.get_content_disposition() == "attachment":
            continue
        if part.get_content_type() == "text/plain":
            plain = _content(part)
        elif part.get_content_type() == "text/html" and not html:
            html = _content(part)
    return (plain or _said(html)).replace("\r\n", "\n").strip()


def _content(part: Message) -> str:
    data = part.get_payload(decode=True)
    if not isinstance(data, bytes):
        return ""
    try:
        charset = part.get_content_charset() or "utf-8"
    except (LookupError, ValueError):
        charset = "utf-8"
    return tidy(_decoded(data, charset))


class _Words(HTMLParser):
    """Keeps the text of a page, without scripts and styles."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: object) -> None:
        """Leave out what is not shown; begin a line."""
        self._hidden += tag in ("script", "style")
        self.words.append("\n" if tag in ("br", "p", "div", "tr", "li") else "")

    def handle_endtag(self, tag: str) -> None:
        """Show again what follows."""
        self._hidden -= tag in ("script", "style") and self._hidden > 0

    def handle_data(self, data: str) -> None:
        """Keep text that is shown."""
        if not self._hidden:
            self.words.append(data)


def _said(html: str) -> str:
    parser = _Words()
    with suppress(AssertionError):  # so it takes `<![hello]>`: what stands before is kept
        parser.feed(html[: 4 * TEXT_BYTES])
    return "\n".join(filter(None, map(tidied, "".join(parser.words).split("\n"))))
