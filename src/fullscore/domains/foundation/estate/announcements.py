"""What others may react to."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DifferenceRejected:
    """The record is right and the world is not: somebody has to bring it back."""

    difference: int
