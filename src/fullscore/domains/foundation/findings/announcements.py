"""What others may react to; each carries ids only."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FindingsOpened:
    """New findings, or such as came back later than seven days."""

    ids: list[int]


@dataclass(frozen=True, slots=True)
class FindingsRaised:
    """Findings that became worse."""

    ids: list[int]


@dataclass(frozen=True, slots=True)
class FindingsReopened:
    """Findings that were closed or excepted and are open again."""

    ids: list[int]


@dataclass(frozen=True, slots=True)
class FindingsClosed:
    """Findings closed with proof."""

    ids: list[int]


@dataclass(frozen=True, slots=True)
class FindingsOverdue:
    """Findings whose due day has just passed."""

    ids: list[int]


@dataclass(frozen=True, slots=True)
class ExceptionAsked:
    """Exceptions somebody asks for."""

    ids: list[int]


@dataclass(frozen=True, slots=True)
class ExceptionEnding:
    """Exceptions that end in 30, 7 or 0 days."""

    ids: list[int]
