"""Fill an installation with findings as a company of some years has them."""

import random
from datetime import UTC, datetime, timedelta
from operator import attrgetter
from typing import Any

CHUNK = 5000


def fill(rows: int, live: int) -> None:
    """Make teams, people, items, checks and findings, the newest of them live."""
    from django.db import connection

    from fullscore.domains.foundation.findings.models import Finding
    from fullscore.kit import bulk, search

    dice = random.Random(7)
    ground = _ground(dice)
    now = datetime.now(UTC)
    names = [f.attname for f in Finding._meta.concrete_fields]
    for start in range(0, rows, CHUNK):
        numbers = range(start, min(start + CHUNK, rows))
        made = [_finding(n, rows - n <= live, ground, now, dice) for n in numbers]
        keys = bulk.keys(Finding, len(made))
        for finding, key in zip(made, keys, strict=True):
            finding.pk = key
        bulk.insert(Finding, names, map(attrgetter(*names), made))
        search.refresh_many(Finding, [f.pk for f in made])
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")


def _ground(dice: random.Random) -> dict[str, list[Any]]:
    from fullscore.domains.foundation.directory.models import Person, Team
    from fullscore.domains.foundation.estate.models import Item
    from fullscore.domains.foundation.findings.models import Check

    teams = [Team.objects.create(name=f"Team {n}") for n in range(20)]
    people = Person.objects.bulk_create([Person(name=f"Person {n}") for n in range(300)])
    items = [Item(kind="host", name=f"host{n}", owner=dice.choice(teams)) for n in range(10_000)]
    Item.objects.bulk_create(items, batch_size=CHUNK)
    checks = [
        Check.objects.create(ident=f"bench.check{n}", title=f"Check {n}", every_seconds=900)
        for n in range(60)
    ]
    return {
        "teams": [*(t.pk for t in teams), None], "people": [p.pk for p in people],
        "items": list(Item.objects.values_list("pk", flat=True)), "checks": [c.pk for c in checks],
    }  # fmt: skip


def _finding(
    n: int, is_live: bool, ground: dict[str, list[Any]], now: datetime, dice: random.Random
) -> Any:
    from fullscore.domains.foundation.findings.models import Finding

    age = dice.uniform(0, 24 * 30) if is_live else dice.uniform(24 * 30, 24 * 730)
    opened_at = now - timedelta(hours=age)
    severity = dice.choices([1, 2, 3, 4, 5], [10, 30, 40, 17, 3])[0]
    state = dice.choices(["open", "acknowledged", "fixed", "excepted"], [70, 20, 2, 8])[0]
    return Finding(
        check_of_id=dice.choice(ground["checks"]),
        item_id=dice.choice(ground["items"]),
        key=f"/{n}",
        fingerprint=f"{n:032x}",
        severity=severity,
        title=f"Something number {n} is wrong with part{n % 60}x of a host",
        figure=n,
        limit=1,
        unit="%",
        evidence=[{"n": n}],
        advice="Repair it.",
        owner_id=dice.choice(ground["teams"]),
        assignee_id=dice.choice(ground["people"]) if state == "acknowledged" else None,
        state=state if is_live else "closed",
        closed_as="" if is_live else "verified",
        due_on=(opened_at + timedelta(days=7 * (6 - severity))).date(),
        opened_at=opened_at,
        closed_at=None if is_live else opened_at + timedelta(hours=dice.uniform(1, 200)),
        muted_until=now + timedelta(days=3) if is_live and n % 50 == 0 else None,
    )
