"""Drawing a campaign's plan up, and playing it through again later."""

import json
from collections.abc import Iterator
from datetime import datetime
from hashlib import sha256
from typing import Any

from django.db import transaction

from fullscore.domains.infrastructure.patching.facts import Arranged, Given
from fullscore.domains.infrastructure.patching.models import Campaign, ServerRun, Wave
from fullscore.domains.infrastructure.patching.queries import looks, standing
from fullscore.domains.infrastructure.patching.reading import given as reading
from fullscore.domains.infrastructure.patching.reading.given import World
from fullscore.domains.infrastructure.patching.rules import planning as rules
from fullscore.kit.audit import recorded
from fullscore.kit.models import User

SECONDS = 10.0
MOST_KEPT = 200  # services whose redundancy is kept for the page, the tightest first


def draw_up(campaign: Campaign, *, by: User, now: datetime, seconds: float = SECONDS) -> Campaign:
    """Plan a campaign and keep the plan; nothing is locked while the solver thinks."""
    world = reading.world()
    given = reading.gather(campaign, now=now, world=world)
    made = rules.arrange(given, falls=world.falls, seconds=seconds)
    kept = redundancy(given, made, world)
    with transaction.atomic():
        locked = Campaign.objects.select_for_update().get(pk=campaign.pk)
        if locked.state != Campaign.State.DRAFT or not locked.is_planning:
            return locked  # it was altered meanwhile: whoever did has asked for a plan of their own
        _store(locked, given, made)
        with recorded(locked, "arrange", by=by):
            locked.is_planning, locked.planned_at = False, now
            locked.is_looking, locked.looked_at = False, None
            locked.digest, locked.kept = digest(locked), kept
            locked.cost, locked.bound, locked.rounds = made.cost, made.bound, made.rounds
            locked.problems, locked.simulated_at = [], now
    return locked


def _store(campaign: Campaign, given: Given, made: Arranged) -> None:
    """Write waves and runs in place of those of an older plan."""
    campaign.runs.all().delete()
    campaign.waves.all().delete()
    used = sorted(set(made.wave_of.values()))
    waves = Wave.objects.bulk_create(
        [
            Wave(
                campaign=campaign,
                number=number,
                starts_at=given.slots[slot].starts_at,
                ends_at=given.slots[slot].ends_at,
            )
            for number, slot in enumerate(used, 1)
        ]
    )
    wave_of = dict(zip(used, waves, strict=True))
    rings = {one.server: one for one in given.candidates}
    rows = [
        ServerRun(
            campaign=campaign,
            server_id=server,
            wave=wave_of[slot],
            ring_id=rings[server].ring,
            risk=rings[server].risk,
            manager=rings[server].updates[0].manager,
            packages=[[u.package, u.version, u.candidate] for u in rings[server].updates],
        )
        for server, slot in sorted(made.wave_of.items())
    ]
    rows += [
        ServerRun(
            campaign=campaign,
            server_id=server,
            state=ServerRun.State.UNPLACED,
            why=why[:300],
            ring_id=rings[server].ring if server in rings else None,
            risk=rings[server].risk if server in rings else 1.0,
        )
        for server, why in sorted(made.unplaced.items())
    ]
    ServerRun.objects.bulk_create(rows, batch_size=1000)


def digest(campaign: Campaign) -> str:
    """Return what an approval is of: who, when, what, by what, how many failures are borne.

    What is of a server is its planned packages and, where it was looked at, all it would do.
    SHA-256 of canonical JSON. Whoever alters any of it has to ask anew.
    """
    told = {
        "baseline": campaign.baseline_id,
        "error_limit": campaign.error_limit,
        "settle_minutes": campaign.settle_minutes,
        "way_back": campaign.way_back,
        "no_way_back": campaign.no_way_back,
        "new_dependencies": campaign.new_dependencies,
        "reboots": campaign.reboots,
        "drains": campaign.drains,
        "way": campaign.way,
        "outages": [
            [row.service_id, row.starts_at.isoformat(), row.ends_at.isoformat()]
            for row in campaign.outages.order_by("pk")
        ],
        "waves": [
            [wave.starts_at.isoformat(), wave.ends_at.isoformat()]
            for wave in campaign.waves.order_by("number")
        ],
        "runs": [
            [
                run.server_id,
                run.wave.number if run.wave else 0,
                run.packages,
                run.transaction if run.looked_at else None,
                run.lacks,
            ]
            for run in campaign.runs.select_related("wave").order_by("server_id")
        ],
    }
    text = json.dumps(told, sort_keys=True, separators=(",", ":"))
    return sha256(text.encode()).hexdigest()


def redundancy(given: Given, made: Arranged, world: World) -> list[dict[str, Any]]:
    """Return, for each service, how many of what it needs are left beyond that, wave by wave."""
    loads = {one.server: dict(one.loads) for one in given.candidates}
    waves = sorted(rules.by_wave(made.wave_of).items())
    rows: list[dict[str, Any]] = []
    for key, group in given.groups.items():
        if key.startswith("window:"):
            continue
        left = [
            group.spare - sum(loads[server].get(key, 0) for server in members)
            for _, members in waves
        ]
        if any(one != group.spare for one in left):
            rows.append(
                {
                    "service": group.service,
                    "name": group.name,
                    "what": group.what,
                    "needed": group.needed,
                    "up": group.up,
                    "left": left,
                }
            )
    rows.sort(key=lambda row: (min(row["left"]), row["name"], row["what"]))
    return rows[:MOST_KEPT]


def problems(campaign: Campaign, *, now: datetime) -> list[str]:
    """Return in words what speaks against a plan, on the estate as it is now."""
    return [*looks.objections(campaign), *_problems(campaign, now, reading.world())][:50]


def _problems(campaign: Campaign, now: datetime, world: World) -> Iterator[str]:
    given_outages = list(campaign.outages.values_list("service_id", "starts_at", "ends_at"))
    frozen = standing.frozen(now, now + reading.AHEAD)
    rows = campaign.runs.filter(state=ServerRun.State.PLANNED).select_related("server")
    members: dict[int, list[int]] = {}
    for run in rows:
        members.setdefault(run.wave_id or 0, []).append(run.server.item_id)
    for wave in campaign.waves.filter(pk__in=members).order_by("number"):
        if wave.ends_at <= now and wave.state == Wave.State.PLANNED:
            yield f"The slot of {wave} has passed."
        for service in sorted(world.falls(members[wave.pk])):
            if not any(s == service and a <= wave.starts_at and wave.ends_at <= b
                       for s, a, b in given_outages):  # fmt: skip
                yield f"{str(wave).capitalize()} would take {reading.name_of(world, service)} down."
        for freeze, items in frozen:
            touches = freeze.starts_at < wave.ends_at and freeze.ends_at > wave.starts_at
            if touches and (items is None or items.intersection(members[wave.pk])):
                yield f"{str(wave).capitalize()} lies in the freeze “{freeze}”."
