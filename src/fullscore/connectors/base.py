"""What every connector raises, the limits it keeps, and the permit it needs to send anything."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from fullscore.connectors.addresses import Network, lies_in, read


class ConnectorError(Exception):
    """Something outside did not do what we need; the message is a sentence for a person."""


class Unreachable(ConnectorError):
    """Nobody answered, or not in time."""


class Refused(ConnectorError):
    """It answered and said no, or a rule of ours forbids asking."""


class Garbled(ConnectorError):
    """What it said cannot be understood, or is more than we read."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How long, how fast and how much a connector may ask."""

    timeout_seconds: float = 10.0
    rate_per_second: float = 5.0
    size_bytes: int = 4 * 1024 * 1024


class Deadline:
    """The moment at which a whole conversation is over, however often the other side says a bit."""

    def __init__(self, seconds: float, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._clock = clock
        self._ends = clock() + seconds

    def left_seconds(self) -> float:
        """Return the time left, never 0; raises Unreachable once there is none."""
        left = self._ends - self._clock()
        if left <= 0:
            raise Unreachable(f"There was no complete answer within {self._seconds:g} seconds.")
        return left


@dataclass(frozen=True, slots=True)
class Permit:
    """What an approved scope lets a connector send, to whom, and until when.

    Exclusions win over targets. A target given by name is permitted at whichever address its name
    was found to have, unless that address is excluded.
    """

    networks: tuple[Network, ...]
    methods: frozenset[str]
    expires_at: datetime
    names: frozenset[str] = frozenset()
    excluded_networks: tuple[Network, ...] = ()
    excluded_names: frozenset[str] = frozenset()
    packets_per_second: float = 100.0
    connections_per_host: int = 2

    def check(self, address: str, method: str, *, now: datetime, name: str = "") -> None:
        """Raise Refused unless `method` may be used now on `address`, found by `name` if given."""
        place = read(address)
        if place is None:
            raise Refused(f"{address[:80]} is not an address; look the name up first.")
        if now >= self.expires_at:
            raise Refused(f"The permit ended at {self.expires_at:%Y-%m-%d %H:%M %Z}; renew it.")
        if method not in self.methods:
            raise Refused(f"The permit does not include {method}; ask for it to be added.")
        if lies_in(place, self.excluded_networks) or _has(self.excluded_names, name):
            raise Refused(f"{name or address} is excluded from what may be contacted.")
        if not (lies_in(place, self.networks) or _has(self.names, name)):
            raise Refused(f"{name or address} is outside the networks and names of the permit.")


def _has(names: frozenset[str], name: str) -> bool:
    """Say whether a name is in the list; case and the final dot of the root do not matter."""
    asked = name.rstrip(".").casefold()
    return bool(asked) and any(listed.rstrip(".").casefold() == asked for listed in names)
