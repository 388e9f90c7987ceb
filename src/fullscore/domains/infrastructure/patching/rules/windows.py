"""When windows are open, and the slots that are cut of them: one slot is one wave."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, time, timedelta
from itertools import takewhile
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr

from fullscore.domains.infrastructure.patching.facts import Occurrence, Slot
from fullscore.engines.rota.clock import first_instant, zone_named

__all__ = ["check_recurrence", "occurrences", "slots", "zone_named"]

TOO_OFTEN = ("HOURLY", "MINUTELY", "SECONDLY")
MOST_OCCURRENCES = 500
AFTER_THE_GAP = timedelta(days=1)  # a wall clock is never further from UTC


def check_recurrence(text: str) -> None:
    """Raise ValueError, with what to write, for a recurrence that cannot be read."""
    if "\n" in text or not text.upper().startswith("FREQ="):
        raise ValueError("Write one rule that begins with FREQ=, such as FREQ=WEEKLY;BYDAY=TU.")
    if any(f"FREQ={word}" in text.upper() for word in TOO_OFTEN):
        raise ValueError("A window opens once a day at most: FREQ=DAILY, WEEKLY, MONTHLY, YEARLY.")
    if any(f"BY{word}" in text.upper() for word in ("HOUR", "MINUTE", "SECOND")):
        raise ValueError("The hour is said apart: leave BYHOUR, BYMINUTE and BYSECOND out.")
    try:
        rrulestr(text, dtstart=datetime.combine(date(2026, 1, 1), time()))
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise ValueError(f"This is no recurrence of RFC 5545: {error}.") from error


def occurrences(
    window: int,
    recurrence: str,
    *,
    first: date,
    opens: time,
    zone: ZoneInfo,
    length: timedelta,
    start: datetime,
    end: datetime,
) -> Iterator[Occurrence]:
    """Return the times a window is open between two moments, by its own wall clock.

    An hour that summer time skips opens at the jump, one that it repeats opens the first time; the
    length is real time, so that a night of the change is as long as any other.
    """
    rule = rrulestr(recurrence, dtstart=datetime.combine(first, opens))
    since = (start - length).astimezone(zone).replace(tzinfo=None) - AFTER_THE_GAP
    until = end.astimezone(zone).replace(tzinfo=None) + AFTER_THE_GAP
    walls = takewhile(lambda wall: wall <= until, rule.xafter(since, count=MOST_OCCURRENCES))
    for wall in walls:
        opened = first_instant(wall, zone)
        if opened + length > start and opened < end:
            yield Occurrence(window, max(opened, start), min(opened + length, end))


def slots(open_times: Iterable[Occurrence], length: timedelta, *, most: int) -> list[Slot]:
    """Cut times into slots of one length, in order, none overlapping another; at most so many.

    A window is open for a slot when it is open for all of it.
    """
    times = sorted(open_times, key=lambda one: (one.starts_at, one.ends_at, one.window))
    found: list[Slot] = []
    at = min((one.starts_at for one in times), default=None)
    while at is not None and len(found) < most:
        holding = [o for o in times if o.starts_at <= at and at + length <= o.ends_at]
        if holding:
            found.append(Slot(at, at + length, frozenset(o.window for o in holding)))
            at += length
            continue
        at = _next_start(times, at)
    return found


def _next_start(times: Sequence[Occurrence], after: datetime) -> datetime | None:
    return min((one.starts_at for one in times if one.starts_at > after), default=None)
