"""What runs by itself: this machine read, others visited, fresh facts looked at."""

from fullscore.domains.infrastructure.servers.jobs.local import (
    LocalSampler,
    check_facts,
    declare_silent,
    read_local,
)
from fullscore.domains.infrastructure.servers.jobs.visiting import Visitor

__all__ = ["LocalSampler", "Visitor", "check_facts", "declare_silent", "read_local"]
