"""What an inventory says of items, kept as what any other source says: who said it, and when."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from fullscore.domains.foundation.estate.models import Claim, Sighting, Source
from fullscore.domains.foundation.estate.queries.planning import Planned
from fullscore.domains.foundation.estate.services.sightings import source_of
from fullscore.kit.audit import bulk
from fullscore.kit.models import AuditEntry, User

YEAR_SECONDS = 365 * 86_400  # nobody brings in an inventory by the clock


def say(
    told: Mapping[int, Planned], *, inventory: str, by: User, now: datetime
) -> None:  # fmt: skip
    """Let an inventory claim what it says of items; what it says again writes its time alone."""
    name = f"inventory {inventory}".strip()[:80]
    source = source_of(name, "import", by=by, every_seconds=YEAR_SECONDS)
    rows = {pk: _row(pk, one, source, now) for pk, one in told.items()}
    known = {
        pk: (key, mark, first)
        for key, pk, mark, first in Sighting.objects.filter(
            source=source, ref__in=[row.ref for row in rows.values()]
        ).values_list("pk", "item_id", "hash", "first_seen_at")
    }
    same = [known[pk][0] for pk, row in rows.items() if pk in known and known[pk][1] == row.hash]
    Sighting.objects.filter(pk__in=same).update(seen_at=now, expires_at=now + source.lifetime)
    Source.objects.filter(pk=source.pk).update(last_run_at=now)
    anew = {pk: row for pk, row in rows.items() if pk not in known or known[pk][1] != row.hash}
    if anew:
        _write(anew, known, source, by=by)


def _row(pk: int, one: Planned, source: Source, now: datetime) -> Sighting:
    words = [list(word) for word in one.known_by]
    told = [one.thing.name, one.thing.kind, one.site, words, one.said]
    text = json.dumps(told, sort_keys=True, separators=(",", ":"), default=str)
    return Sighting(
        source=source, ref=f"item {pk}", name=one.thing.name, kind=one.thing.kind,
        site_id=one.site, item_id=pk, outcome=Sighting.Outcome.MATCHED, words=words,
        values=one.said, hash=hashlib.sha256(text.encode()).hexdigest(), first_seen_at=now,
        seen_at=now, expires_at=now + source.lifetime,
    )  # fmt: skip


def _write(
    rows: Mapping[int, Sighting], known: Mapping[int, tuple[int, str, datetime]], source: Source,
    *, by: User,
) -> None:  # fmt: skip
    altered = [row for pk, row in rows.items() if pk in known]
    for row in altered:
        row.pk, row.first_seen_at = known[row.item_id or 0][0], known[row.item_id or 0][2]
    names = ["name", "kind", "site", "words", "values", "hash", "seen_at", "expires_at"]
    Sighting.objects.bulk_update(altered, names, batch_size=50)
    Claim.objects.filter(source=source, item__in=[row.item_id for row in altered]).delete()
    Sighting.objects.bulk_create([row for pk, row in rows.items() if pk not in known],
                                 batch_size=60)  # fmt: skip
    claims = [
        Claim(item_id=pk, attribute=name[:60], value=value, source=source, sighting=row,
              observed_at=row.seen_at)
        for pk, row in rows.items() for name, value in row.values.items() if value is not None
    ]  # fmt: skip
    Claim.objects.bulk_create(claims, batch_size=150, ignore_conflicts=True)
    told = [[row.ref, row.hash] for row in rows.values()]
    bulk("estate.sighting", "import: see", by=by, counts={"seen": len(rows)}, rows=told,
         facts={"source": source.pk, "items": sorted(rows)})  # fmt: skip


def unsay(entry: AuditEntry) -> int:
    """Forget what an inventory said of items, when it is taken back."""
    after: Mapping[str, Any] = entry.after or {}
    items: Sequence[int] = after.get("items", [])
    rows = Sighting.objects.filter(source=after.get("source"), item__in=items)
    count = rows.count()
    rows.delete()
    return count
