"""What programs and assistants ask: what changed before this broke?"""

from datetime import UTC, datetime
from typing import Any

from fullscore.domains.foundation.estate.models import Item
from fullscore.domains.response.incidents.models import Incident
from fullscore.domains.response.troubleshooting.reading import changed as reading
from fullscore.domains.response.troubleshooting.reading.changed import HOURS, MOST_HOURS, Row
from fullscore.domains.response.troubleshooting.reading.naming import renamed
from fullscore.kit import time
from fullscore.kit.errors import Invalid
from fullscore.kit.models import User
from fullscore.kit.perform import find, require

MOST_ROWS = 200


def changed(
    by: User, *, incident: int | None = None, item: int | None = None, at: datetime | None = None,
    hours: int = HOURS,
) -> dict[str, Any]:  # fmt: skip
    """Return what happened before something broke, worst first, each row with its reasons.

    Name an `incident`, or an `item` and a moment `at` (now, when it is left out). What is told is
    of the last `hours` (24) before, on the item and on what it depends on up to three steps away.
    Scores are 0 to 1; at most 200 rows.
    """
    if not 1 <= hours <= MOST_HOURS:
        raise Invalid(f"Ask for 1 to {MOST_HOURS} hours.", {"hours": [f"1 to {MOST_HOURS}."]})
    if (incident is None) == (item is None):
        raise Invalid("Name either an incident or an item.")
    if incident is not None:
        require("incidents.view_incident", by=by)
        broken = find(Incident, incident, by=by)
        moment = broken.starts_at
        rows = reading.before_incident(broken, by=by, hours=hours)
    else:
        moment = _aware(at or time.now())
        rows = reading.before([find(Item, item, by=by).pk], moment, by=by, hours=hours)
    shown = rows[:MOST_ROWS]
    return {
        "moment": moment, "hours": hours, "count": len(rows),
        "rows": [_told(row, text) for row, text in renamed(shown, by)],
    }  # fmt: skip


def _told(row: Row, text: str) -> dict[str, Any]:
    one = row.happening
    return {
        "at": one.at, "item": {"id": one.item, "name": row.item}, "kind": one.kind, "what": text,
        "hops": row.hops, "score": round(row.score, 4), "why": list(row.reasons), "url": one.url,
    }  # fmt: skip


def _aware(moment: datetime) -> datetime:
    """Return an instant; without an offset it is UTC."""
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
