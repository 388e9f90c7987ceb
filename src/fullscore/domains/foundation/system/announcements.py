"""What others may react to."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ImportAccepted:
    """Somebody has seen what a file would do, and lets it happen."""

    number: int
    by: int


@dataclass(frozen=True, slots=True)
class ImportRevoked:
    """Somebody wants back how it was before an import."""

    number: int
    by: int


@dataclass(frozen=True, slots=True)
class InventoryAsked:
    """Somebody wants an inventory read from where it is kept."""

    number: int
    by: int
