"""What runs by itself: this machine read, others visited, fresh facts looked at."""

from fullscore.domains.infrastructure.servers.jobs.capacity import measure_capacity
from fullscore.domains.infrastructure.servers.jobs.local import (
    LocalSampler,
    check_facts,
    declare_silent,
    read_local,
)
from fullscore.domains.infrastructure.servers.jobs.logins import match_logins
from fullscore.domains.infrastructure.servers.jobs.virtual import (
    carry_out,
    read_hypervisor,
    read_hypervisors,
)
from fullscore.domains.infrastructure.servers.jobs.visiting import Visitor

__all__ = [
    "LocalSampler",
    "Visitor",
    "carry_out",
    "check_facts",
    "declare_silent",
    "match_logins",
    "measure_capacity",
    "read_hypervisor",
    "read_hypervisors",
    "read_local",
]
