"""Time zones as a calendar names them, or describes them itself in a VTIMEZONE.

The library that reads calendars keeps what a VTIMEZONE describes for the whole process, under the
name that calendar gave it: the next calendar with the same name would get the wrong clock. So
the descriptions are taken out before it reads, and looked at here, for this calendar alone.
"""

import re
from collections.abc import Mapping
from datetime import tzinfo
from io import StringIO
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dateutil.tz import tzical
from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from fullscore.connectors.base import Garbled

DESCRIBED = re.compile(r"^BEGIN:VTIMEZONE$.*?^END:VTIMEZONE$\n?", re.M | re.S | re.I)
TZID = re.compile(r"^TZID[^:\n]*:(.+)$", re.M | re.I)
COMES_AGAIN = re.compile(r"^RRULE[^:\n]*:(?P<rule>.+)$", re.M | re.I)
BY_SLASH = re.compile(r"(;TZID=\"?)/+", re.I)
MOST_DESCRIBED = 50  # each is read twice, and real calendars have one or two


class Zones:
    """The zones of one calendar; `own` is the one for what names none."""

    def __init__(self, own: str, described: Mapping[str, str]) -> None:
        self.own = ZoneInfo(own)
        self._described = described
        self._found: dict[str, tzinfo] = {}

    def named(self, name: str) -> tzinfo:
        """Return a zone by the name that events use. Raises Garbled for one nobody knows."""
        if name not in self._found:
            found = _known(name) or self._read(name)
            if found is None:
                raise Garbled(f"The time zone “{name[:60]}” in it is not known.")
            self._found[name] = found
        return self._found[name]

    def _read(self, name: str) -> tzinfo | None:
        text = self._described.get(name)
        if text is None:
            return None
        rules = [rule.upper() for rule in COMES_AGAIN.findall(text)]
        if not all("FREQ=YEARLY" in rule for rule in rules):
            raise Garbled(f"The time zone “{name[:60]}” changes its clock more than once a year.")
        try:
            found: tzinfo | None = tzical(StringIO(text)).get()  # the only one in this text
        except (ValueError, TypeError, IndexError, KeyError, AttributeError) as error:
            raise Garbled(f"The time zone “{name[:60]}” in it cannot be read.") from error
        return found


def taken_out(text: str, own: str) -> tuple[str, Zones]:
    """Return a calendar without its descriptions of time zones, and its zones."""
    found = DESCRIBED.findall(text)
    if len(found) > MOST_DESCRIBED:
        raise Garbled(f"It describes more than {MOST_DESCRIBED} time zones.")
    told = [(name[1].strip().strip("/"), one) for one in found if (name := TZID.search(one))]
    # A name that begins with a slash is guessed by the library, with a warning: ours are looked up.
    return BY_SLASH.sub(r"\1", DESCRIBED.sub("", text)), Zones(own, dict(told))


def _known(name: str) -> tzinfo | None:
    """Return a zone of the common list: by its name, Windows' name, or the end of a longer one."""
    parts = name.split("/")
    for at in range(len(parts)):
        told = "/".join(parts[at:])
        try:
            return ZoneInfo(WINDOWS_TO_OLSON.get(told, told))
        except (ZoneInfoNotFoundError, ValueError, OSError):
            continue
    return None
