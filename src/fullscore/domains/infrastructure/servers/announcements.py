"""What others may react to."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FactsTaken:
    """A server told its facts; `sections` are those that changed."""

    item: int
    sections: list[str]


@dataclass(frozen=True, slots=True)
class ActOrdered:
    """Something is to be done with a virtual machine now."""

    act: int


@dataclass(frozen=True, slots=True)
class HypervisorWanted:
    """Somebody asked for a hypervisor to be read at once."""

    hypervisor: int
