"""Shifts as an iCalendar (RFC 5545)."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from fullscore.domains.response.oncall.models import Shift

FOLD = 73  # octets of a line, less than the 75 that are allowed with its line end


def calendar(name: str, shifts: Iterable[Shift], *, now: datetime) -> bytes:
    """Return a calendar with one event per shift, in UTC, lines folded at 75 octets."""
    lines = [
        "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Fullscore//On call//EN", "METHOD:PUBLISH",
        f"X-WR-CALNAME:{_text(name)}", "REFRESH-INTERVAL;VALUE=DURATION:PT1H",
        *(line for shift in shifts for line in _event(shift, now)), "END:VCALENDAR",
    ]  # fmt: skip
    return b"".join(part for line in lines for part in _folded(line))


def _event(shift: Shift, now: datetime) -> Iterator[str]:
    yield "BEGIN:VEVENT"
    yield f"UID:shift-{shift.pk}@fullscore"
    yield f"DTSTAMP:{_instant(now)}"
    yield f"DTSTART:{_instant(shift.starts_at)}"
    yield f"DTEND:{_instant(shift.ends_at)}"
    yield f"SUMMARY:{_text(f'{shift.person} on call: {shift.schedule}')}"
    yield "TRANSP:TRANSPARENT"
    yield "END:VEVENT"


def _instant(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _text(text: str) -> str:
    """Return text in which nothing can end a line or a value."""
    line = " ".join(text.split())
    return line.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")


def _folded(line: str) -> Iterator[bytes]:
    """Yield a line in pieces that cut no character."""
    piece, is_first = b"", True
    for character in line:
        octets = character.encode()
        if len(piece) + len(octets) > FOLD:
            yield (b"" if is_first else b" ") + piece + b"\r\n"
            piece, is_first = b"", False
        piece += octets
    yield (b"" if is_first else b" ") + piece + b"\r\n"
