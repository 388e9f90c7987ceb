"""What a hypervisor tells, as values."""

from dataclasses import dataclass
from datetime import datetime

STATES = {
    1: "running", 2: "running", 3: "paused", 4: "stopping", 5: "off", 6: "crashed",
    7: "suspended",
}  # fmt: skip
"""The numbers of virDomainState; 2 is blocked, which only old Xen says of an idle machine."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A saved state of a machine."""

    name: str
    taken_at: datetime
    state: str


@dataclass(frozen=True, slots=True)
class Disk:
    """A disk of a machine: where it lies, and the name the guest sees."""

    target: str
    source: str


@dataclass(frozen=True, slots=True)
class Machine:
    """A virtual machine. Memory is what it may grow to; `wait_ns` counts since it started."""

    uuid: str
    name: str
    state: str
    cpu_count: int
    memory_bytes: int
    is_persistent: bool = True
    starts_by_itself: bool = False
    macs: tuple[str, ...] = ()
    networks: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    disks: tuple[Disk, ...] = ()
    snapshots: tuple[Snapshot, ...] = ()
    wait_ns: int | None = None  # all virtual CPUs: ready to run, and no CPU was free


@dataclass(frozen=True, slots=True)
class Pool:
    """A place where disks of machines lie."""

    uuid: str
    name: str
    kind: str
    path: str
    capacity_bytes: int
    used_bytes: int


@dataclass(frozen=True, slots=True)
class Network:
    """A network that the hypervisor makes for its machines."""

    uuid: str
    name: str
    forward: str
    bridge: str


@dataclass(frozen=True, slots=True)
class Host:
    """The hypervisor itself."""

    hostname: str
    uuid: str
    version: str
    cpu_count: int
    memory_bytes: int


@dataclass(frozen=True, slots=True)
class Reading:
    """All of it; `errors` says in words what could not be read."""

    host: Host
    machines: tuple[Machine, ...]
    pools: tuple[Pool, ...]
    networks: tuple[Network, ...]
    errors: tuple[str, ...] = ()
