"""What needs what at Brightwater. Pure.

What is critical stands twice, at two sites; of three servers two must be up. The one exception is
planted: the standby firewall in Amsterdam has failed, and nobody has noticed.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle, islice

from fullscore.domains.overview.demo.company import Company
from fullscore.domains.overview.demo.names import SERVICES

AT_THE_EDGE = 2  # the first services face the internet, through Amsterdam's firewalls
FAILED_FIREWALL, LEFT_FIREWALL = "fw-ams-2", "fw-ams-1"


@dataclass(frozen=True, slots=True)
class Need:
    """That something needs some number of a set of others; all by name."""

    dependent: str
    kind: str
    name: str
    needed: int
    supports: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """An application or a database cluster: what runs on computers and serves services."""

    name: str
    kind: str
    site: str
    team: str


def short(service: str) -> str:
    """Return the short name by which a service's applications are called."""
    return service.lower().replace(" ", "-")


def parts(company: Company) -> list[Part]:
    """Return the applications and database clusters."""
    found = [
        Part(f"{short(name)} ({site})", "application", site, "Applications")
        for _, name, criticality in SERVICES
        for site in (("ams", "rtm") if criticality <= 2 else ("ams",))
    ]
    for pair in range(1, _pairs(company) + 1):
        found += [Part(f"pg-{pair:02}-{s}", "database cluster", s, "Data") for s in ("ams", "rtm")]
    return found


def needs(company: Company) -> list[Need]:
    """Return every need of the company."""
    return [*_services(), *_applications(company), *_clusters(company), *_computers(company)]


def _pairs(company: Company) -> int:
    return len(company.of_role("database")) // 4


def _services() -> Iterator[Need]:
    for place, (_, name, criticality) in enumerate(SERVICES):
        sites = ("ams", "rtm") if criticality <= 2 else ("ams",)
        supports = tuple(f"{short(name)} ({site})" for site in sites)
        yield Need(name, "needs", "application", 1, supports)
        if place < AT_THE_EDGE:
            yield Need(name, "needs", "internet edge", 1, (LEFT_FIREWALL,))


def _applications(company: Company) -> Iterator[Need]:
    threes = {s: _threes(company, s) for s in ("ams", "rtm")}
    cloud = [c.name for c in company.of_role("cloud")]
    for place, (_, name, criticality) in enumerate(SERVICES):
        pair = place % _pairs(company) + 1
        database = (f"pg-{pair:02}-ams", f"pg-{pair:02}-rtm")
        if criticality <= 2:
            for site in ("ams", "rtm"):
                servers = threes[site][place % len(threes[site])]
                yield Need(f"{short(name)} ({site})", "runs_on", "servers", 2, servers)
                yield Need(f"{short(name)} ({site})", "needs", "database", 1, database)
            continue
        mine = tuple(islice(cycle(cloud), place % len(cloud), place % len(cloud) + 2))
        servers = mine if place % 2 else threes["ams"][place % len(threes["ams"])][:2]
        yield Need(f"{short(name)} (ams)", "runs_on", "servers", 1, servers)
        yield Need(f"{short(name)} (ams)", "needs", "database", 1, database)


def _threes(company: Company, site: str) -> list[tuple[str, ...]]:
    names = [c.name for c in company.of_role("application", site)]
    return [tuple(names[n : n + 3]) for n in range(0, len(names) - 2, 3)]


def _clusters(company: Company) -> Iterator[Need]:
    names = [c.name for c in company.of_role("database")]
    for pair in range(1, _pairs(company) + 1):
        first = 4 * (pair - 1)
        yield Need(f"pg-{pair:02}-ams", "runs_on", "nodes", 1, tuple(names[first : first + 2]))
        yield Need(f"pg-{pair:02}-rtm", "runs_on", "nodes", 1, tuple(names[first + 2 : first + 4]))


def _computers(company: Company) -> Iterator[Need]:
    """Return what VMs run on, up to the core switches: any host of a cluster will do."""
    for site in ("ams", "rtm", "vnl"):
        clusters = _grouped([c.name for c in company.of_role("hypervisor", site)])
        switches = [d.name for d in company.devices_of("access", site)]
        cores = tuple(d.name for d in company.devices_of("core", site))
        guests = [c for c in company.computers if c.site == site and c.kind == "vm"]
        for guest, hosts in zip(guests, cycle(clusters), strict=False):
            yield Need(guest.name, "runs_on", "hosts", 1, hosts)
        for place, hosts in enumerate(clusters):
            first = 2 * place % (len(switches) - 1)
            for host in hosts:
                yield Need(host, "needs", "network", 1, tuple(switches[first : first + 2]))
        for switch in switches:
            yield Need(switch, "needs", "uplink", 1, cores)


def _grouped(names: Sequence[str], size: int = 5) -> list[tuple[str, ...]]:
    """Return the names in groups of about five, none of a single one."""
    count = max(1, len(names) // size)
    return [tuple(names[n::count]) for n in range(count)]


def criticalities(found: Sequence[Need], stated: Mapping[str, int]) -> dict[str, int]:
    """Return the lowest number among what needs each thing: what it carries."""
    below: dict[str, set[str]] = {}
    for need in found:
        below.setdefault(need.dependent, set()).update(need.supports)
    carried: dict[str, int] = {}
    for name, number in sorted(stated.items(), key=lambda pair: pair[1]):
        front = [name]
        while front:
            one = front.pop()
            if carried.get(one, 9) > number:
                carried[one] = number
                front.extend(below.get(one, ()))
    return carried
