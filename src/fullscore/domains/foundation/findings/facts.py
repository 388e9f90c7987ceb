"""What the checks of this domain read, as values."""

from typing import NamedTuple


class Ran(NamedTuple):
    """How a check's newest run went."""

    check: int
    title: str
    state: str
    problem: str
