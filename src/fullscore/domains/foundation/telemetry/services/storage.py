"""How long samples are kept, and what the store holds, kept as samples of our own."""

from datetime import datetime
from typing import Any

from fullscore.connectors.samples import Retention
from fullscore.domains.foundation.estate import queries as estate
from fullscore.domains.foundation.telemetry import queries
from fullscore.domains.foundation.telemetry.metrics import BYTES, FREE, SAMPLES, SEGMENTS, VOLUME
from fullscore.domains.foundation.telemetry.models import StorageRule
from fullscore.domains.foundation.telemetry.reading.storage import volume
from fullscore.domains.foundation.telemetry.services.intake import ingest
from fullscore.domains.foundation.telemetry.services.series import Measured
from fullscore.kit.audit import recorded
from fullscore.kit.errors import Invalid
from fullscore.kit.models import User

DAYS = ("raw_days", "five_minute_days", "hourly_days")


def set_storage(*, by: User, **values: Any) -> StorageRule:
    """Keep samples so long from now on; what is older goes at the next upkeep, for good."""
    rule = _checked(StorageRule(**values))
    with recorded(rule, "set", by=by):
        pass
    return rule


def change_storage(rule: StorageRule, *, by: User, **values: Any) -> StorageRule:
    """Keep samples for another time from now on; what is older goes at the next upkeep."""
    with recorded(rule, "change", by=by):
        for name, value in values.items():
            setattr(rule, name, value)
        _checked(rule)
    return rule


def _checked(rule: StorageRule) -> StorageRule:
    """Return the rule. Raises Invalid for a selector that is none, or days that would not hold.

    The store drops whole days and no single series: days of some items fewer than everybody's
    would change nothing, so they are not taken.
    """
    try:
        estate.selected(rule.selector)
    except Invalid as error:
        raise Invalid(str(error), {"selector": [str(error)]}) from error
    whole = StorageRule.objects.filter(selector="").first() or Retention()
    for name in DAYS if rule.selector else ():
        least = getattr(whole, name)
        if getattr(rule, name) < least:
            why = (
                f"Everything is kept for {least} days: some items can be kept longer, not shorter."
            )
            raise Invalid(why, {name: [why]})
    return rule


def measure_store(*, now: datetime) -> None:
    """Store how large the sample store is now, and how much room its volume has."""
    stats, room = queries.store().stats(), volume()
    told = {BYTES: stats.bytes, SAMPLES: stats.samples, SEGMENTS: stats.segments}
    if room is not None:
        told |= {VOLUME: room.size_bytes, FREE: room.free_bytes}
    at_ms = queries.milliseconds(now)
    ingest(
        [Measured(name, {}, float(value), at_ms) for name, value in told.items()],
        item=None,
        now=now,
    )
