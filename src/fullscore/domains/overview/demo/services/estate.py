"""Founding Brightwater's estate: items, what they need, and how some of it was until lately."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from fullscore.domains.foundation.estate.models import Item, Link, Requirement
from fullscore.domains.foundation.estate.support import of_release
from fullscore.domains.overview.demo import names, needs
from fullscore.domains.overview.demo.company import Company, Computer
from fullscore.domains.overview.demo.logins import TEAM_OF_ROLE
from fullscore.domains.overview.demo.services import keeping
from fullscore.domains.overview.demo.services.people import People
from fullscore.kit.models import User

DAY = timedelta(days=1)
MONTHLY_COST = {"hypervisor": "410.00", "cloud": "86.40"}
UNDERSTATED = 4


def found(
    company: Company, people: People, *, by: User, now: datetime, began: datetime
) -> Mapping[str, Item]:
    """Make every item, link and need; return the items by name."""
    wanted = needs.needs(company)
    carried = needs.criticalities(wanted, {name: number for _, name, number in names.SERVICES})
    sites = [Item(kind="site", name=name, criticality=2) for name, *_ in names.SITES]
    owners = people.teams
    for site in sites:
        site.owner = owners["Platform"]
    items = dict(keeping.by_name(keeping.made(_keyed(company, sites), by=by, began=began)))
    places = {short: items[name] for name, short, *_ in names.SITES}
    rows = [
        *_business(people),
        *_parts(company, places, people),
        *_devices(company, places, people, now),
        *(_computer(one, places, people, now) for one in company.computers),
    ]
    for row in rows:
        _weigh(row, company, carried)
    items |= keeping.by_name(keeping.made(_keyed(company, rows), by=by, began=began))
    _join(wanted, items, by=by, began=began)
    _belong(company, items, by=by, began=began)
    _were_otherwise(items, people, by=by, now=now, began=began)
    return items


def _keyed(company: Company, rows: list[Item]) -> list[Item]:
    """Give each item a key that comes from the seed, so that the same seed makes the same rows."""
    for row in rows:
        row.key = keeping.uuid(f"{company.seed} {row.kind} {row.name}")
    return rows


def _weigh(item: Item, company: Company, carried: Mapping[str, int]) -> None:
    """State what an item carries, 2 at most for what serves; and plant what is nobody's or
    understated."""
    if item.kind not in ("service", "capability"):
        item.criticality = max(2, carried.get(item.name, item.criticality))
    faults = company.faults.get(item.name, frozenset())
    if "unowned" in faults:
        item.owner = item.contact = None
    if "understated" in faults:
        item.criticality = UNDERSTATED


def _business(people: People) -> Iterator[Item]:
    owner = people.teams["Applications"]
    for name in names.CAPABILITIES:
        yield Item(kind="capability", name=name, criticality=1, owner=owner)
    for _, name, criticality in names.SERVICES:
        yield Item(kind="service", name=name, criticality=criticality, owner=owner)
    yield Item(
        kind="cloud account",
        name=names.CLOUD_ACCOUNT,
        criticality=3,
        owner=people.teams["Platform"],
        attributes={"provider": "cirrus", "region": "eu-west-1"},
    )


def _parts(company: Company, places: Mapping[str, Item], people: People) -> Iterator[Item]:
    for part in needs.parts(company):
        yield Item(
            kind=part.kind, name=part.name, site=places[part.site], owner=people.teams[part.team],
            criticality=3,
        )  # fmt: skip


def _devices(
    company: Company, places: Mapping[str, Item], people: People, now: datetime
) -> Iterator[Item]:
    for device in company.devices:
        yield Item(
            kind=device.kind,
            name=device.name,
            site=places[device.site],
            criticality=3,
            owner=people.teams["Network"],
            attributes={"model": device.model},
            seen_at=now,
            supported_until=(now + 900 * DAY).date(),
            support_source="the maker's life-cycle page",
            state=Item.State.RETIRING
            if device.name == needs.FAILED_FIREWALL
            else Item.State.ACTIVE,
        )


def _computer(
    computer: Computer, places: Mapping[str, Item], people: People, now: datetime
) -> Item:
    system = computer.system
    support = of_release(system.id, system.version)
    team = TEAM_OF_ROLE[computer.role]
    members = [p.name for p in names.PEOPLE if p.team == team and p.roles == ("engineer",)]
    members.remove(names.LEAVER) if names.LEAVER in members else None
    is_trial = computer.role == "infrastructure" and computer.number % 4 == 0
    return Item(
        kind=computer.kind,
        name=computer.name,
        site=places.get(computer.site),
        criticality=3,
        owner=people.teams[team],
        contact=people.people[members[computer.number % len(members)]],
        environment=Item.Environment.TEST if is_trial else Item.Environment.PRODUCTION,
        supported_until=support.until if support else None,
        support_source=support.source if support else "",
        seen_at=now,
        tags=[computer.role],
        monthly_cost=MONTHLY_COST.get(computer.role),
        attributes={
            "os": system.id,
            "os_version": system.version,
            "kernel": system.kernel,
            "cpu_count": computer.cpus,
            "memory_bytes": computer.memory_bytes,
            "hostname": computer.name,
        },
    )


def _join(
    wanted: list[needs.Need], items: Mapping[str, Item], *, by: User, began: datetime
) -> None:
    rows = [
        Requirement(dependent=items[n.dependent], kind=n.kind, name=n.name, needed=n.needed)
        for n in wanted
    ]
    made = keeping.made(rows, by=by, began=began)
    links = [
        Link(
            kind=need.kind,
            from_item=items[need.dependent],
            to_item=items[name],
            requirement=requirement,
        )
        for need, requirement in zip(wanted, made, strict=True)
        for name in need.supports
    ]
    keeping.made(links, by=by, began=began)


def _belong(company: Company, items: Mapping[str, Item], *, by: User, began: datetime) -> None:
    """Join what belongs together without a need: services to capabilities, instances to their
    account."""
    pairs = [(name, names.CAPABILITIES[place]) for place, name, _ in names.SERVICES]
    pairs += [(one.name, names.CLOUD_ACCOUNT) for one in company.of_role("cloud")]
    links = [Link(kind="part_of", from_item=items[a], to_item=items[b]) for a, b in pairs]
    keeping.made(links, by=by, began=began)


def _were_otherwise(
    items: Mapping[str, Item], people: People, *, by: User, now: datetime, began: datetime
) -> None:
    """Let some items have changed three and twenty days ago, so that the past shows another
    estate."""
    network, data = people.teams["Network"].pk, people.teams["Data"].pk
    keeping.changed(items[needs.FAILED_FIREWALL], at=now - 20 * DAY, state="active")
    keeping.changed(items["app-01"], at=now - 20 * DAY, criticality=3)
    keeping.changed(items["db-03"], at=now - 20 * DAY, owner_id=data)
    keeping.changed(items["inf-01"], at=now - 3 * DAY, owner_id=network)
    keeping.changed(items["Fleet tracking"], at=now - 3 * DAY, criticality=3)
    edge = Requirement.objects.filter(name="internet edge")
    gone = [
        Link(
            kind="needs", from_item=one.dependent, to_item=items[needs.FAILED_FIREWALL],
            requirement=one,
        )
        for one in edge.select_related("dependent")
    ]  # fmt: skip
    for link in keeping.made(gone, by=by, began=began):
        keeping.ended(link, at=now - 20 * DAY)
