"""What others may react to."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FactsTaken:
    """A server told its facts; `sections` are those that changed."""

    item: int
    sections: list[str]
