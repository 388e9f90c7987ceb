"""What others may react to."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AccountWanted:
    """Somebody asked for a cloud account to be read at once."""

    account: int
