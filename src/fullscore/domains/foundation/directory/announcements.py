"""What others may react to."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PersonLeft:
    """Somebody is no longer here: accounts close, what was theirs returns to their teams."""

    person: int
