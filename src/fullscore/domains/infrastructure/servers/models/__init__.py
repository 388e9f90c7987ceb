"""Servers, what their probes tell, and how those read over SSH are reached."""

from fullscore.domains.infrastructure.servers.models.hosts import SshHost
from fullscore.domains.infrastructure.servers.models.servers import (
    Account,
    Facts,
    Filesystem,
    Installed,
    PackageVersion,
    Server,
    Unit,
)

__all__ = [
    "Account",
    "Facts",
    "Filesystem",
    "Installed",
    "PackageVersion",
    "Server",
    "SshHost",
    "Unit",
]
