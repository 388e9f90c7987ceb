"""Brightwater as it stands, drawn from a seed: what exists, where, and whose it is. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

from fullscore.domains.overview.demo import truth
from fullscore.domains.overview.demo.names import CLOUD_NETWORKS, SITES

GIB = 1024**3


@dataclass(frozen=True, slots=True)
class System:
    """A release of an operating system as its hosts tell of it."""

    id: str
    version: str
    name: str
    codename: str
    kernel: str
    manager: str  # deb or rpm
    libc: str


DEBIAN_13 = System(
    "debian",
    "13",
    "Debian GNU/Linux 13 (trixie)",
    "trixie",
    "6.12.48+deb13-amd64",
    "deb",
    "glibc 2.41",
)
DEBIAN_12 = System(
    "debian",
    "12",
    "Debian GNU/Linux 12 (bookworm)",
    "bookworm",
    "6.1.0-40-amd64",
    "deb",
    "glibc 2.36",
)
UBUNTU_24 = System(
    "ubuntu", "24.04", "Ubuntu 24.04.3 LTS", "noble", "6.8.0-85-generic", "deb", "glibc 2.39"
)
ROCKY_9 = System(
    "rocky", "9.6", "Rocky Linux 9.6 (Blue Onyx)", "", "5.14.0-570.el9.x86_64", "rpm", "glibc 2.34"
)
UBUNTU_20 = System(
    "ubuntu", "20.04", "Ubuntu 20.04.6 LTS", "focal", "5.4.0-216-generic", "deb", "glibc 2.31"
)
CENTOS_7 = System(
    "centos", "7", "CentOS Linux 7 (Core)", "", "3.10.0-1160.el7.x86_64", "rpm", "glibc 2.17"
)
CURRENT = (DEBIAN_13, DEBIAN_13, DEBIAN_12, UBUNTU_24, UBUNTU_24, ROCKY_9)
ENDED = (UBUNTU_20, CENTOS_7)


@dataclass(frozen=True, slots=True)
class Computer:
    """One host, VM or cloud instance."""

    name: str
    kind: str
    role: str  # hypervisor, application, database, infrastructure, cloud
    number: int  # within its role, from 1
    site: str  # a site's short name; empty: in the cloud
    team: str
    system: System
    cpus: int
    memory_bytes: int
    addresses: tuple[str, ...]
    faults: frozenset[str] = frozenset()

    def dice(self, seed: int, use: str) -> Random:
        """Return dice of its own, so that one host's facts do not hang on another's."""
        return Random(f"{seed} {self.name} {use}")  # noqa: S311 - a sample, not a secret


@dataclass(frozen=True, slots=True)
class Device:
    """One network device."""

    name: str
    kind: str
    site: str
    model: str
    role: str  # core, access, firewall, balancer, wireless


@dataclass(frozen=True)
class Company:
    """Everything that stands somewhere; what needs what is in `needs`."""

    seed: int
    computers: tuple[Computer, ...]
    devices: tuple[Device, ...]
    faults: Mapping[str, frozenset[str]] = field(default_factory=truth.faults)

    def of_role(self, role: str, site: str | None = None) -> list[Computer]:
        """Return the computers of a role, at one site if given, in their order."""
        return [c for c in self.computers if c.role == role and site in (None, c.site)]

    def devices_of(self, role: str, site: str) -> list[Device]:
        """Return the devices of a role at a site."""
        return [d for d in self.devices if d.role == role and d.site == site]


def draw(*, seed: int, size: float) -> Company:
    """Return the company: at size 1 with 400 computers and 60 network devices, never under a
    tenth."""
    size = max(size, 0.1)
    addresses: dict[str, int] = {}
    computers = tuple(
        _computer(seed, addresses, **told)
        for told in (*_hypervisors(size), *_vms(size), *_cloud(size))
    )
    return Company(seed, computers, tuple(_devices(size)))


def _hypervisors(size: float) -> Iterator[dict[str, Any]]:
    for (_, site, *_), share in zip(SITES, (16, 16, 8), strict=True):
        for number in range(1, max(2, round(share * size)) + 1):
            yield {"name": f"hv-{site}-{number:02}", "kind": "hypervisor", "role": "hypervisor",
                   "number": number, "site": site, "team": "Platform"}  # fmt: skip


def _vms(size: float) -> Iterator[dict[str, Any]]:
    total = round(300 * size)
    databases = max(8, round(48 * size))
    applications = max(18, round(180 * size))
    plan = (
        ("application", "app", "Applications", applications, 3),
        ("database", "db", "Data", databases, 2),
        ("infrastructure", "inf", "Platform", max(4, total - applications - databases), 1),
    )
    for role, prefix, team, count, together in plan:
        # Servers of one application or cluster stand at one site, and its twin at the other.
        sites = ("ams", "rtm", "vnl") if role == "infrastructure" else ("ams", "rtm")
        for number in range(1, count + 1):
            site = sites[(number - 1) // together % len(sites)]
            yield {"name": f"{prefix}-{number:02}", "kind": "vm", "role": role, "number": number,
                   "site": site, "team": team}  # fmt: skip


def _cloud(size: float) -> Iterator[dict[str, Any]]:
    for number in range(1, max(6, round(60 * size)) + 1):
        yield {"name": f"cloud-{number:02}", "kind": "vm", "role": "cloud", "number": number,
               "site": "", "team": "Platform"}  # fmt: skip


def _computer(seed: int, addresses: dict[str, int], **told: Any) -> Computer:
    name, role, site = told["name"], told["role"], told["site"]
    dice = Random(f"{seed} {name}")  # noqa: S311 - a sample, not a secret
    faults = truth.faults().get(name, frozenset())
    cpus, memory = {
        "hypervisor": (64, 512),
        "database": (8, 64),
        "application": (4, 16),
        "infrastructure": (2, 8),
        "cloud": (4, 16),
    }[role]
    place = addresses[site] = addresses.get(site, 9) + 1
    return Computer(
        **told,
        cpus=cpus,
        memory_bytes=memory * GIB,
        addresses=_addresses(site, place),
        faults=faults,
        system=dice.choice(ENDED if "end_of_life" in faults else CURRENT),
    )


def _addresses(site: str, place: int) -> tuple[str, ...]:
    """Return addresses from the ranges for documentation; the small IPv4 ones only while they
    last."""
    networks = {short: (four, six) for _, short, four, six in SITES} | {"": CLOUD_NETWORKS}
    four, six = networks[site]
    told = (f"{six}{place:x}/64",)
    return (f"{four}{place}/24", *told) if four and place < 255 else told


def _devices(size: float) -> Iterator[Device]:
    for (_, site, *_), access in zip(SITES, (18, 18, 9), strict=True):
        for number in (1, 2):
            yield Device(f"core-{site}-{number}", "device", site, "Meander 9500", "core")
        for number in range(1, max(2, round(access * size)) + 1):
            yield Device(f"sw-{site}-{number:02}", "device", site, "Meander 2960", "access")
        if site == "vnl":
            continue
        for number in (1, 2):
            yield Device(f"fw-{site}-{number}", "firewall", site, "Palisade 440", "firewall")
            yield Device(f"lb-{site}-{number}", "load balancer", site, "Seesaw 2600", "balancer")
    yield Device("wlc-ams-1", "wireless controller", "ams", "Meander 3504", "wireless")
