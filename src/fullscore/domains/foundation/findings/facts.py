"""What the checks of this domain read, as values."""

from typing import NamedTuple


class Ran(NamedTuple):
    """How a check's newest run went."""

    check: int
    title: str
    state: str
    problem: str


class GaveUp(NamedTuple):
    """A job that failed at its last attempt, how often, and what it said last."""

    task: str
    times: int
    error: str
