"""Snoozing a row of one's own queue."""

from datetime import datetime, timedelta

from fullscore.domains.overview.attention import queries
from fullscore.domains.overview.attention.models import Snooze
from fullscore.kit import time
from fullscore.kit.audit import recorded
from fullscore.kit.errors import Conflict, Invalid, NotFound
from fullscore.kit.models import User

MOST_TIMES = 3


def snooze(key: str, *, by: User, until: datetime, reason: str) -> Snooze:
    """Keep a row out of one's own queue until a moment; it returns early when its cost doubles."""
    if not reason.strip():
        raise Invalid("Say why.", {"reason": ["Say why."]})
    if not timedelta(0) < until - time.now() <= timedelta(days=90):
        raise Invalid("Choose a moment in the coming 90 days.", {"until": ["Not then."]})
    rows, _ = queries.queue(by, limit=5000)
    row = next((r for r in rows if r.entry.key == key), None)
    if row is None:
        raise NotFound("This row is not in your queue.")
    if row.told.severity == 5:
        raise Conflict("What is critical cannot be put off.")
    known = Snooze.objects.filter(user=by, key=key).first()
    if known and known.times >= MOST_TIMES:
        raise Conflict(
            f"You have put this off {MOST_TIMES} times: do it, assign it, or ask for an exception."
        )
    kept = known or Snooze(user=by, key=key, times=0)
    with recorded(kept, "snooze", by=by, note=reason):
        kept.until, kept.reason = until, reason.strip()[:300]
        kept.cost_per_hour = row.entry.cost_per_hour
        kept.times += 1
    return kept
