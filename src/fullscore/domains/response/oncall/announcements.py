"""What others may react to; each carries ids only."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RunAcknowledged:
    """Somebody answered a page by its link; whoever owns the subject says so there too."""

    subject: str  # noun, such as incidents.incident
    record: int
    user: int | None
    who: str


@dataclass(frozen=True, slots=True)
class StepWants:
    """A step of a policy wants something of the subject: `declare` it major, or `resolve` it."""

    subject: str  # noun, such as incidents.incident
    record: int
    what: str
    policy: str


@dataclass(frozen=True, slots=True)
class CalendarWanted:
    """Somebody gave a calendar's address, or wants it read at once."""

    calendar: int


@dataclass(frozen=True, slots=True)
class RotaChanged:
    """A schedule's turns are others than before: its shifts have to be written anew."""

    schedule: int
