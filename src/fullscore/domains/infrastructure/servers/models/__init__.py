"""Servers, what probes tell, who gets in, how they are reached, and virtual machines."""

from fullscore.domains.infrastructure.servers.models.capacity import Capacity
from fullscore.domains.infrastructure.servers.models.hosts import SshHost
from fullscore.domains.infrastructure.servers.models.logins import (
    AccountKey,
    KnownLogin,
    SudoRule,
)
from fullscore.domains.infrastructure.servers.models.servers import (
    Account,
    Disk,
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
    "AccountKey",
    "Capacity",
    "Disk",
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
    "SudoRule",
    "Unit",
]
