"""What every connector raises, and the limits it keeps."""

from dataclasses import dataclass


class ConnectorError(Exception):
    """Something outside did not do what we need; the message is a sentence for a person."""


class Unreachable(ConnectorError):
    """Nobody answered."""


class Refused(ConnectorError):
    """It answered, and said no."""


class Garbled(ConnectorError):
    """What it said cannot be understood."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How long, how fast and how much a connector may ask."""

    timeout_seconds: float = 10.0
    rate_per_second: float = 5.0
    size_bytes: int = 4 * 1024 * 1024
