"""Servers, their capacity, what probes tell, how they are reached, and virtual machines."""

from fullscore.domains.infrastructure.servers.models.capacity import Capacity
from fullscore.domains.infrastructure.servers.models.hosts import SshHost
from fullscore.domains.infrastructure.servers.models.logins import KnownLogin
from fullscore.domains.infrastructure.servers.models.servers import (
    Account,
    Facts,
    Filesystem,
    Installed,
    PackageVersion,
    Server,
    Unit,
)
from fullscore.domains.infrastructure.servers.models.virtual import (
    Hypervisor,
    Machine,
    MachineAct,
    MachineSnapshot,
    StoragePool,
)

__all__ = [
    "Account",
    "Capacity",
    "Facts",
    "Filesystem",
    "Hypervisor",
    "Installed",
    "KnownLogin",
    "Machine",
    "MachineAct",
    "MachineSnapshot",
    "PackageVersion",
    "Server",
    "SshHost",
    "StoragePool",
    "Unit",
]
