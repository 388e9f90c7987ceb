"""What a campaign's plan is made of: servers, slots, what each service needs, who comes first."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from graphlib import CycleError, TopologicalSorter

from fullscore.domains.foundation.changes.models import Freeze, Trouble
from fullscore.domains.foundation.estate import queries as estate
from fullscore.domains.foundation.estate import support
from fullscore.domains.foundation.estate.models import Item, Link, Requirement
from fullscore.domains.infrastructure.patching.facts import (
    Candidate,
    Given,
    Group,
    Outage,
    Pending,
    Slot,
    Standing,
    Update,
)
from fullscore.domains.infrastructure.patching.models import Campaign, PatchWindow
from fullscore.domains.infrastructure.patching.queries import ending, standing
from fullscore.domains.infrastructure.patching.reading import watched
from fullscore.domains.infrastructure.patching.rules import pending, windows
from fullscore.domains.infrastructure.servers.models import Server
from fullscore.engines import graph

AHEAD = timedelta(days=60)
MOST_WAVES = 200
SILENT = "It has not told anything for a while: see that it answers first."
NO_RING = "No ring of its baseline holds it: add a last one that fits everything."
MIXED = "Its updates are of several package managers: bring it up to date by hand."
NO_TOOL = "Packages of {} are not altered by us yet: bring it up to date by hand."
NO_PLAYBOOK = "Ansible's playbooks are for Debian's family: carry the campaign out over SSH."
ALTERED = ("deb", "rpm", "release")
NO_WINDOW = "No window is open for it: add one, or widen a selector."


@dataclass(frozen=True)
class World:
    """The graph of needs as it stands now, and what in it must stay up."""

    estate: estate.Estate
    down: frozenset[int]  # nodes that are down already
    watched: frozenset[int]  # nodes of services that must not go down

    def falls(self, items: Iterable[int]) -> frozenset[int]:
        """Return the watched services, as items, that go down when these items are away."""
        away = [self.estate.node[pk] for pk in items if pk in self.estate.node]
        effect = graph.impact(self.estate.graph, [*away, *self.down])
        fallen = self.watched.intersection(effect.down.tolist()) - self.down
        return frozenset(self.estate.items[node] for node in fallen)

    def taken(self, item: int) -> set[int]:
        """Return the nodes that go down with one item."""
        if item not in self.estate.node:
            return set()
        return set(graph.impact(self.estate.graph, [self.estate.node[item]]).down.tolist())


def world(*, but: Collection[int] = ()) -> World:
    """Return how the estate stands now; what is in trouble or silent counts as down.

    `but` names items that are being patched: they are counted as leases, not twice.
    """
    known = estate.dependencies()
    away = set(Trouble.objects.open().values_list("item_id", flat=True))
    away |= set(Server.objects.filter(state=Server.State.SILENT).values_list("item_id", flat=True))
    failed = [known.node[pk] for pk in away.difference(but) if pk in known.node]
    down = frozenset(graph.impact(known.graph, failed).down.tolist())
    return World(known, down, watched.watched(known))


def gather(campaign: Campaign, *, now: datetime, world: World) -> Given:
    """Return all that a campaign's plan is made of; some thirty statements, whatever its size."""
    begins = max(campaign.begins_at, now)
    rows = standing.standings(now=now, cut_off=campaign.cut_off_at)
    if campaign.release_from:
        rows = _upgrades(rows, campaign.release_from)
    wanted = [one for one in rows if one.baseline == campaign.baseline_id and one.taken]
    groups = needed(world)
    reader = _Reader(
        slots=_slots(campaign, begins),
        groups=groups,
        outages=tuple(
            Outage(*row)
            for row in campaign.outages.values_list("service_id", "starts_at", "ends_at")
        ),
        world=world,
        begins=begins,
        way=campaign.way,
        offsets=dict(campaign.baseline.rings.values_list("pk", "offset_days")),
        silent=frozenset(
            Server.objects.filter(state=Server.State.SILENT).values_list("pk", flat=True)
        ),
        facts=_facts(),
        frozen=standing.frozen(begins, begins + AHEAD),
        supported=_supported(groups, world),
    )
    found, left_out = _candidates(wanted, reader)
    used = {key for one in found for key, _ in one.loads}
    groups = {key: group for key, group in groups.items() if key in used}
    return Given(
        tuple(found),
        tuple(reader.slots),
        groups | _window_groups(found),
        _capacity(reader.slots),
        _site_capacity(found, wanted),
        tuple(campaign.baseline.rings.values_list("pk", "place", "soak_hours")),
        reader.outages,
        left_out,
    )


def _upgrades(rows: Sequence[Standing], release_from: str) -> list[Standing]:
    """Return servers whose one update is the next release, where they run the one before."""
    os_id, _, release = release_from.partition(" ")
    running = ending.on_release(os_id, release)
    to = support.next_release(os_id, release) or ""
    return [
        replace(
            one,
            pending=(Pending(Update("release", os_id, running[one.server], to, True, None), ""),),
        )
        for one in rows
        if one.server in running
    ]


def _slots(campaign: Campaign, begins: datetime) -> list[Slot]:
    open_times = standing.open_times(begins, begins + AHEAD)
    length = timedelta(minutes=campaign.run_minutes)
    return windows.slots(open_times, length, most=MOST_WAVES)


def _capacity(slots: Sequence[Slot]) -> tuple[int, ...]:
    many = dict(PatchWindow.objects.values_list("pk", "capacity"))
    return tuple(sum(many[pk] for pk in slot.windows) for slot in slots)


def _site_capacity(found: Sequence[Candidate], wanted: Sequence[Standing]) -> dict[str, int]:
    """Return, for each site, the narrowest limit of the windows that its servers are in.

    The engine keeps one a site: where a site has several windows, the narrowest holds in each.
    """
    rows = PatchWindow.objects.values_list("pk", "site_capacity")
    limits = {pk: many for pk, many in rows if many is not None}
    windows_of = {one.server: one.windows for one in wanted}
    least: dict[str, int] = {}
    for one in found:
        for pk in windows_of[one.server]:
            if one.site and pk in limits:
                least[one.site] = min(limits[pk], least.get(one.site, limits[pk]))
    return least


def _window_groups(found: Sequence[Candidate]) -> dict[str, Group]:
    """Return the limits of single windows, as groups: who is in one only counts against it."""
    many = dict(PatchWindow.objects.values_list("pk", "capacity"))
    used = {key for one in found for key, _ in one.loads if key.startswith("window:")}
    return {
        key: Group(key, 0, "The window", "places", 0, many[int(key.split(":")[1])]) for key in used
    }


def needed(world: World) -> dict[str, Group]:
    """Return what services need, and what lies between them and the servers."""
    known, kept_up = world.estate, {world.estate.items[n] for n in world.watched}
    supports: dict[int, list[int]] = {}
    for requirement, to in Link.objects.filter(requirement__isnull=False).values_list(
        "requirement_id", "to_item_id"
    ):
        if to in known.node:
            supports.setdefault(requirement, []).append(to)
    found = {}
    rows = Requirement.objects.exclude(needed=0).filter(
        dependent__in=Item.objects.live(), dependent__criticality__lte=watched.CRITICALITY
    )
    for pk, dependent, name, kind, what, needed in rows.values_list(
        "pk", "dependent_id", "dependent__name", "dependent__kind", "name", "needed"
    ):
        mine = supports.get(pk, [])
        if not mine or dependent not in known.node:
            continue
        up = sum(1 for item in mine if known.node[item] not in world.down)
        need = len(mine) if needed is None else min(needed, len(mine))
        group = Group(f"need:{pk}", dependent, name, what, need, up, dependent in kept_up)
        # What lies between binds only where it can spare something: the rest is felt above it.
        if group.is_watched or (kind in watched.BETWEEN_KINDS and group.spare):
            found[group.key] = group
    return found


def _supported(groups: Mapping[str, Group], world: World) -> dict[int, list[str]]:
    """Return, by node that serves now, the groups it supports."""
    found: dict[int, list[str]] = {}
    for requirement, to in Link.objects.filter(requirement__isnull=False).values_list(
        "requirement_id", "to_item_id"
    ):
        node = world.estate.node.get(to)
        if node is not None and node not in world.down and f"need:{requirement}" in groups:
            found.setdefault(node, []).append(f"need:{requirement}")
    return found


@dataclass(frozen=True)
class _Reader:
    """What is asked once for all servers of a campaign."""

    slots: Sequence[Slot]
    groups: Mapping[str, Group]
    outages: tuple[Outage, ...]
    world: World
    begins: datetime
    way: str
    offsets: Mapping[int, int]  # ring → days
    silent: frozenset[int]
    facts: Mapping[int, tuple[int, str]]
    frozen: Sequence[tuple[Freeze, frozenset[int] | None]]
    supported: Mapping[int, list[str]]

    def excuse(self, one: Standing) -> str:
        """Say why a server cannot be planned at all; empty: it can."""
        if one.ring is None:
            return NO_RING
        if not one.windows:
            return NO_WINDOW
        if told := _untouchable({update.manager for update in one.taken}, self.way):
            return told
        return SILENT if one.server in self.silent else ""

    def permitted(self, one: Standing) -> list[int]:
        """Return the waves a server may be in: its windows, from its ring's day, no freeze."""
        first = self.begins + timedelta(days=self.offsets[one.ring or 0])
        closed = [f for f, items in self.frozen if items is None or one.item in items]
        return [
            n
            for n, slot in enumerate(self.slots)
            if slot.starts_at >= first
            and slot.windows.intersection(one.windows)
            and not any(f.starts_at < slot.ends_at and f.ends_at > slot.starts_at for f in closed)
        ]

    def candidate(self, one: Standing) -> Candidate:
        """Return a server as the planner reads it."""
        loads = _loads(one.item, self.supported, self.world)
        waves, loads = _bent(self.permitted(one), loads, self.slots, self.groups, self.outages)
        if len(one.windows) == 1:
            loads[f"window:{one.windows[0]}"] = 1
        criticality, site = self.facts[one.item]
        return Candidate(
            one.server,
            one.name,
            one.item,
            one.ring or 0,
            one.taken,
            pending.risk(one.urgency, criticality),
            site,
            tuple(waves),
            tuple(sorted(loads.items())),
        )


def _untouchable(managers: set[str], way: str) -> str:
    """Say why what these package managers look after cannot be altered; empty: it can."""
    if len(managers) > 1:
        return MIXED
    if unknown := managers.difference(ALTERED):
        return NO_TOOL.format(*unknown)
    return NO_PLAYBOOK if way == Campaign.Way.ANSIBLE and managers == {"rpm"} else ""


def _candidates(
    wanted: Sequence[Standing], reader: _Reader
) -> tuple[list[Candidate], dict[int, str]]:
    left_out = {one.server: told for one in wanted if (told := reader.excuse(one))}
    after = _after(wanted)
    _leave_followers(wanted, after, left_out)
    found = [reader.candidate(one) for one in wanted if one.server not in left_out]
    return [replace(one, after=tuple(sorted(after.get(one.server, ())))) for one in found], left_out


def _leave_followers(
    wanted: Sequence[Standing], after: Mapping[int, set[int]], left_out: dict[int, str]
) -> None:
    """Leave out whatever comes after something that is left out: what replicates comes first."""
    names = {one.server: one.name for one in wanted}
    while follow := [
        (server, min(others & left_out.keys()))
        for server, others in after.items()
        if server not in left_out and others & left_out.keys()
    ]:
        for server, other in follow:
            left_out[server] = (
                f"It comes after {names[other]}, which is left out: {left_out[other]}"
            )


def loads_of(item: int, groups: Mapping[str, Group], world: World) -> dict[str, int]:
    """Return how many supports of each need one item takes away."""
    return _loads(item, _supported(groups, world), world)


def name_of(world: World, item: int) -> str:
    """Return how an item is called."""
    return world.estate.names[world.estate.node[item]]


def _loads(item: int, supported: Mapping[int, list[str]], world: World) -> dict[str, int]:
    loads: dict[str, int] = {}
    for node in world.taken(item):
        for key in supported.get(node, ()):
            loads[key] = loads.get(key, 0) + 1
    return loads


def _bent(
    permitted: list[int],
    loads: dict[str, int],
    slots: Sequence[Slot],
    groups: Mapping[str, Group],
    outages: Sequence[Outage],
) -> tuple[list[int], dict[str, int]]:
    """Let accepted outages count: who cannot be spared is patched within them, and then only.

    What lies between is bent too where a server alone is more than it can spare: what that takes
    with it is counted at the services above.
    """
    kept = {}
    for key, units in loads.items():
        group = groups[key]
        if units <= group.spare:
            kept[key] = units
        elif not group.is_watched:
            continue
        elif mine := [one for one in outages if one.service == group.service]:
            permitted = [n for n in permitted if any(_lies_in(slots[n], one) for one in mine)]
        else:
            kept[key] = units
    return permitted, kept


def _lies_in(slot: Slot, outage: Outage) -> bool:
    return outage.starts_at <= slot.starts_at and slot.ends_at <= outage.ends_at


def _facts() -> dict[int, tuple[int, str]]:
    """Return criticality and site of every item that is a server."""
    rows = Item.objects.filter(server__isnull=False)
    return {
        pk: (criticality, str(site or ""))
        for pk, criticality, site in rows.values_list("pk", "criticality", "site_id")
    }


def _after(wanted: Sequence[Standing]) -> dict[int, set[int]]:
    """Return who comes after whom: what others replicate comes after its replicas."""
    server_of = {one.item: one.server for one in wanted}
    below: dict[int, list[int]] = {}
    for upper, lower in Link.objects.filter(kind="runs_on").values_list(
        "from_item_id", "to_item_id"
    ):
        below.setdefault(upper, []).append(lower)

    def servers(item: int) -> set[int]:
        found = {item, *below.get(item, ())}
        return {server_of[pk] for pk in found if pk in server_of}

    after: dict[int, set[int]] = {}
    for standby, primary in Link.objects.filter(kind="replicates").values_list(
        "from_item_id", "to_item_id"
    ):
        for server in servers(primary):
            after.setdefault(server, set()).update(servers(standby) - {server})
    try:
        TopologicalSorter(after).prepare()
    except CycleError:  # each replicates the other: then neither comes first
        return {}
    return after
