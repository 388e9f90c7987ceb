"""What any sender of alerts says, whatever its own words are."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from typing import Literal

# A note changes no state: it is kept beside an open alert, and otherwise not at all.
Action = Literal["trigger", "acknowledge", "resolve", "note"]
KEY_LETTERS, TITLE_LETTERS, TEXT_LETTERS = 512, 300, 4096

SEVERITIES = {
    **dict.fromkeys(("info", "information", "informational", "debug", "none", "p5"), 1),
    **dict.fromkeys(("notice", "low", "minor", "p4"), 2),
    **dict.fromkeys(("warning", "warn", "average", "medium", "moderate", "p3"), 3),
    **dict.fromkeys(("error", "err", "high", "major", "p2"), 4),
    **dict.fromkeys(("critical", "crit", "fatal", "disaster", "emergency", "page", "p1"), 5),
}


@dataclass(frozen=True, slots=True)
class Signal:
    """One thing a sender says of one of its alerts."""

    action: Action
    key: str  # the sender's: the same for each thing it says of the same alert
    title: str = ""
    at: datetime | None = None  # the moment it speaks of; None: that of its arrival
    starts_at: datetime | None = None
    ends_at: datetime | None = None  # when it was over
    holds_until: datetime | None = None  # resolved by itself then, unless said again
    severity: str = ""  # in the sender's word
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    link: str = ""
    group: str = ""  # what the sender itself puts together
    names: tuple[str, ...] = ()  # words that may name the item, the surest first


def severity_of(word: str) -> int | None:
    """Return 1 (info) to 5 (critical) for a sender's word; None for one that is not known."""
    return SEVERITIES.get(word.strip().lower())


def safe_link(text: str) -> str:
    """Return an address a page may link to; empty for anything but http and https."""
    return text[:1000] if text.lower().startswith(("http://", "https://")) else ""


def without_port(text: str) -> str:
    """Return the host of `db1:9100`, `[fd00::1]:9100` or a plain name or address."""
    if text.startswith("["):
        return text[1:].partition("]")[0]
    host, colon, port = text.rpartition(":")
    return host if colon and port.isdecimal() and ":" not in host else text


def moment_in(text: str, form: str, zone: tzinfo, *, now: datetime) -> datetime | None:
    """Return the instant of a stamp without an offset; None where it is not of the form.

    Of the two instants that an hour told twice may mean, the one nearer to `now`, when it came in:
    an hour too early, a resolution would be older than what it resolves.
    """
    try:
        local = datetime.strptime(text, form).replace(tzinfo=zone)
        both = [local.replace(fold=fold).astimezone(UTC) for fold in (0, 1)]
    except (ValueError, OverflowError):
        return None
    return min(both, key=lambda at: abs(at - now))


def from_unix(text: str) -> datetime | None:
    """Return the instant of Unix seconds, or of milliseconds, written as text."""
    try:
        seconds = float(text)
        return datetime.fromtimestamp(seconds / 1000 if seconds > 1e11 else seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None
