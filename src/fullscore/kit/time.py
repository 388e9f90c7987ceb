"""The clock, asked in one place, so that tests can move it."""

from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo, available_timezones

FOREVER = datetime(
    9999, 12, 31, tzinfo=UTC
)  # an interval still open; never NULL, so indexes stay simple


def now() -> datetime:
    """Return the present instant, in UTC."""
    return datetime.now(UTC)


def zone(name: str) -> tzinfo:
    """Return a time zone by its IANA name; UTC when the name is unknown to this machine."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return UTC


def zones() -> list[str]:
    """Return the time zones a person may live in: those of places, and UTC."""
    names = available_timezones() - {"Factory", "localtime", "posixrules"}
    return sorted(name for name in names if not name.startswith(("posix/", "right/", "SystemV/")))


def in_words(seconds: float) -> str:
    """Say a duration in its two largest units: `2 h 14 min`, `3 d 4 h`, `12 s`."""
    sign, left = ("-" if seconds < 0 else ""), abs(round(seconds))
    parts = []
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1)):
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count} {unit}")
        elif parts:
            break
    return sign + (" ".join(parts[:2]) or "0 s")
