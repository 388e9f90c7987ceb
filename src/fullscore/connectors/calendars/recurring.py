"""When an event comes again, by the wall clock of its zone (RFC 5545, section 3.3.10).

Rules are refused that would take long to say little: a library that looks for 30 February every
day until the year 9999 looks for nine seconds.
"""

from collections.abc import Iterator
from datetime import date, datetime, time, tzinfo
from typing import Any

from dateutil.rrule import rrulestr
from icalendar.prop import vRecur

from fullscore.connectors.base import Garbled

MOST_STEPS = 300_000  # turns looked at in one calendar: 34 years of an hourly one, 3 s
ALWAYS = {"FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST", "BYDAY", "BYHOUR", "BYMINUTE"}
# What RFC 5545 has for each, without BYSECOND. With more, some find nothing until the year 9999.
PARTS = {
    "HOURLY": ALWAYS,
    "DAILY": ALWAYS | {"BYMONTH", "BYMONTHDAY", "BYSETPOS"},
    "WEEKLY": ALWAYS | {"BYMONTH", "BYSETPOS"},
    "MONTHLY": ALWAYS | {"BYMONTH", "BYMONTHDAY", "BYSETPOS"},
    "YEARLY": ALWAYS | {"BYMONTH", "BYMONTHDAY", "BYYEARDAY", "BYWEEKNO", "BYSETPOS"},
}
LONGEST_MONTHS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


class Steps:
    """How much of a calendar's recurrences may still be looked at."""

    def __init__(self, most: int = MOST_STEPS) -> None:
        self._most = self._left = most

    def take(self) -> None:
        """Count one turn. Raises Garbled after the last that is looked at."""
        self._left -= 1
        if self._left < 0:
            raise Garbled(f"Its events come again more than the {self._most:,} times we look at.")


def walls(
    rule: Any, *, first: datetime, zone: tzinfo, until: datetime, steps: Steps, name: str
) -> Iterator[datetime]:
    """Yield the wall clock of each turn of a rule from the first one, none after `until`.

    Raises Garbled, naming the event, for a rule that cannot be read.
    """
    try:
        text = _checked(rule, first, zone)
        for wall in rrulestr(text, dtstart=first):
            steps.take()
            if wall > until:
                return
            yield wall
    except (ValueError, TypeError, KeyError, AttributeError, IndexError) as error:
        raise Garbled(f"How “{name}” comes again cannot be read: {str(error)[:120]}") from error


def _checked(rule: Any, first: datetime, zone: tzinfo) -> str:
    """Return a rule as text whose end is by the wall clock, too. Raises ValueError."""
    if not isinstance(rule, vRecur):
        raise ValueError("it is no rule as RFC 5545 has them.")
    parts = dict(part.split("=", 1) for part in rule.to_ical().decode().upper().split(";"))
    frequency = parts.get("FREQ", "")
    if frequency not in PARTS:
        raise ValueError(f"it comes {frequency or 'by nothing'}, not HOURLY to YEARLY.")
    if odd := sorted(set(parts) - PARTS[frequency]):
        raise ValueError(f"{odd[0]} does not go with {frequency}.")
    if not _is_in_some_month(parts):
        raise ValueError("No month has such a day.")
    if "UNTIL" in parts:
        parts["UNTIL"] = f"{_ending(rule['UNTIL'][0], zone):%Y%m%dT%H%M%S}"
    return ";".join(f"{key}={value}" for key, value in parts.items())


def _is_in_some_month(parts: dict[str, str]) -> bool:
    days = [abs(int(day)) for day in parts.get("BYMONTHDAY", "1").split(",")]
    months = [int(month) for month in parts.get("BYMONTH", "1").split(",")]
    return any(0 < m < 13 and min(days) <= LONGEST_MONTHS[m - 1] for m in months)


def _ending(told: date, zone: tzinfo) -> datetime:
    if not isinstance(told, datetime):
        return datetime.combine(told, time.max)
    return told.astimezone(zone).replace(tzinfo=None) if told.tzinfo else told
