"""The kinds of things an estate holds: frozen values, not rows."""

from dataclasses import dataclass

LANES = ("places", "network", "compute", "data", "software", "business")


@dataclass(frozen=True, slots=True)
class Kind:
    """What one kind of item is, where it stands on the map, and how it is recognised."""

    name: str
    lane: str
    tier: int  # 0 nearest the user, 5 nearest the ground
    icon: str
    strong_identifiers: tuple[str, ...] = ()


KINDS: tuple[Kind, ...] = (
    Kind("site", "places", 5, "boxes"),
    Kind("room", "places", 5, "boxes"),
    Kind("rack", "places", 5, "boxes"),
    Kind("circuit", "places", 5, "activity"),
    Kind("power feed", "places", 5, "activity"),
    Kind("device", "network", 4, "network", ("serial", "chassis_mac", "engine_id")),
    Kind("interface", "network", 4, "network", ("mac",)),
    Kind("vlan", "network", 4, "network"),
    Kind("firewall", "network", 4, "network", ("serial",)),
    Kind("load balancer", "network", 4, "network", ("serial",)),
    Kind("wireless controller", "network", 4, "network", ("serial",)),
    Kind("host", "compute", 4, "server", ("system_uuid", "serial", "machine_id")),
    Kind("hypervisor", "compute", 4, "server", ("system_uuid", "serial", "machine_id")),
    Kind("vm", "compute", 4, "server", ("system_uuid", "machine_id")),
    Kind("cluster", "compute", 3, "boxes"),
    Kind("cloud account", "compute", 5, "cloud", ("cloud_id",)),
    Kind("cloud resource", "compute", 4, "cloud", ("cloud_id",)),
    Kind("database cluster", "data", 3, "database"),
    Kind("database", "data", 3, "database"),
    Kind("storage", "data", 4, "database", ("serial",)),
    Kind("backup target", "data", 4, "archive-restore"),
    Kind("queue", "data", 3, "database"),
    Kind("application", "software", 2, "rocket"),
    Kind("container platform", "software", 3, "boxes"),
    Kind("certificate", "software", 2, "file-badge"),
    Kind("domain name", "software", 1, "file-badge"),
    Kind("licence", "software", 5, "key-round"),
    Kind("service", "business", 1, "activity"),
    Kind("capability", "business", 0, "target"),
)
BY_NAME = {kind.name: kind for kind in KINDS}
CHOICES = [(kind.name, kind.name.capitalize()) for kind in KINDS]
COMPUTERS = ("host", "hypervisor", "vm")

# What a link means to impact: the dependent *needs* the other; others are softer or none.
HARD_LINKS = ("needs", "runs_on", "powered_by", "stored_on", "located_in")
SOFT_LINKS = ("replicates", "backed_up_by", "influences")
LINK_CHOICES = [
    (name, name.replace("_", " "))
    for name in (*HARD_LINKS, *SOFT_LINKS, "part_of", "member_of", "secured_by", "connects")
]
CRITICALITY_WEIGHT = {1: 1.0, 2: 0.5, 3: 0.25, 4: 0.1}
