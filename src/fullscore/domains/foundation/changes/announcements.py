"""What others may react to; each carries ids only."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ApprovalAsked:
    """A change waits for somebody's yes."""

    change: int


@dataclass(frozen=True, slots=True)
class ChangeStarted:
    """A change runs: what it touches may behave oddly from now on."""

    change: int


@dataclass(frozen=True, slots=True)
class ChangeFinished:
    """A change is over: done, failed or rolled back."""

    change: int


@dataclass(frozen=True, slots=True)
class RollbackProposed:
    """Something went wrong in the blast set of a change that is being verified."""

    change: int


@dataclass(frozen=True, slots=True)
class RunbookTold:
    """A step of a runbook is over, or became unknown, and showed something."""

    step: int


@dataclass(frozen=True, slots=True)
class RunbookAsks:
    """A run of a runbook waits for somebody, or is over."""

    run: int
