"""What can be done with servers: reports taken in, hosts enrolled and reached."""

from fullscore.domains.infrastructure.servers.services.reports import (
    PROBE,
    declare_silent,
    digest,
    enrol,
    local_server,
    take_facts,
    take_samples,
)
from fullscore.domains.infrastructure.servers.services.ssh import (
    Visit,
    add_host,
    change_host,
    claim,
    give_credential,
    make_key,
    note_visits,
    pause,
    read_now,
    resume,
    server_of,
    trust,
)

__all__ = [
    "PROBE",
    "Visit",
    "add_host",
    "change_host",
    "claim",
    "declare_silent",
    "digest",
    "enrol",
    "give_credential",
    "local_server",
    "make_key",
    "note_visits",
    "pause",
    "read_now",
    "resume",
    "server_of",
    "take_facts",
    "take_samples",
    "trust",
]
