"""From wall clocks to instants."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

SECOND = timedelta(seconds=1)


def zone_named(name: str) -> ZoneInfo:
    """Return a zone of the IANA database. ValueError: there is none of that name."""
    try:
        return ZoneInfo(name)
    except (KeyError, OSError) as error:  # OSError: a folder of the database, such as "Europe"
        raise ValueError(f"There is no time zone {name!r}.") from error


def first_instant(wall: datetime, zone: ZoneInfo) -> datetime:
    """Return, in UTC, the first instant at which the local clock shows that time or later.

    A repeated time means its first occurrence, a skipped one the moment of the jump.
    """
    instant = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if wall_clock(instant, zone) == wall:
        return instant
    # Skipped: fold 0 counts from before the jump and lies behind it, fold 1 the other way round
    # (PEP 495). Jumps happen at whole seconds.
    behind = instant.replace(microsecond=0)
    before = wall.replace(tzinfo=zone, fold=1).astimezone(UTC).replace(microsecond=0)
    while behind - before > SECOND:
        middle = before + (behind - before) // 2 // SECOND * SECOND
        if wall_clock(middle, zone) >= wall:
            behind = middle
        else:
            before = middle
    return behind


def wall_clock(instant: datetime, zone: ZoneInfo) -> datetime:
    """Return what the local clock shows, without its zone."""
    return instant.astimezone(zone).replace(tzinfo=None)
