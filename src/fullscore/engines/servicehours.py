"""Hours of the week in which something counts, as people write them: `Mon-Fri 08:00-18:00`."""

import re
from dataclasses import dataclass
from datetime import datetime

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
SHAPE = re.compile(r"(?P<days>[a-z,\- ]+) (?P<from>\d\d:\d\d)-(?P<to>\d\d:\d\d)")


@dataclass(frozen=True, slots=True)
class Hours:
    """Minutes of the day on some days of the week; the end is not among them."""

    days: frozenset[int]  # 0 is Monday
    start: int  # minutes since midnight
    end: int  # at most 1440

    def __contains__(self, moment: datetime) -> bool:
        """Say whether a moment of the local clock lies inside."""
        minute = moment.hour * 60 + moment.minute
        return moment.weekday() in self.days and self.start <= minute < self.end


def read(text: str) -> Hours:
    """Read days and hours. Raises ValueError with a sentence for what is none.

    Days are a range or a list: `Mon-Fri`, `Sat,Sun`. 24:00 is the end of a day; hours that pass
    midnight are not spoken.
    """
    found = SHAPE.fullmatch(text.strip().lower())
    if found is None:
        raise ValueError(f"“{text}”: write hours such as Mon-Fri 08:00-18:00.")
    start, end = _minutes(found["from"]), _minutes(found["to"])
    if not start < end <= 1440:
        raise ValueError(f"“{text}”: the hours must begin before they end, within one day.")
    return Hours(frozenset(_days(found["days"])), start, end)


def _minutes(clock: str) -> int:
    hours, minutes = clock.split(":")
    if int(minutes) > 59:
        raise ValueError(f"“{clock}” is no time of day.")
    return int(hours) * 60 + int(minutes)


def _days(text: str) -> list[int]:
    days: list[int] = []
    for part in text.replace(" ", "").split(","):
        first, _, last = part.partition("-")
        if first not in DAYS or (last or first) not in DAYS:
            raise ValueError(f"“{part}” is no day: write Mon, Tue, Wed, Thu, Fri, Sat or Sun.")
        start, end = DAYS.index(first), DAYS.index(last or first)
        days += [day % 7 for day in range(start, end + 1 if end >= start else end + 8)]
    return days
