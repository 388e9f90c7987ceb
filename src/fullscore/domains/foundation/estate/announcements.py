"""What others may react to."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DifferenceRejected:
    """The record is right and the world is not: somebody has to bring it back."""

    difference: int
    by: int  # who said so


@dataclass(frozen=True, slots=True)
class ItemsMerged:
    """Two items were one thing: what hung on the first belongs to the second."""

    item: int
    into: int
