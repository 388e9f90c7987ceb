"""What changed on the items that are drawn, told by whoever knows: `config` says who that is."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from fullscore.domains.foundation.estate.models import Item
from fullscore.domains.foundation.telemetry.models import Series
from fullscore.domains.foundation.telemetry.queries import milliseconds
from fullscore.domains.foundation.telemetry.reading.asking import Span
from fullscore.kit.access import Actor

MOST = 50  # of one chart: the newest
MOST_ITEMS = 6  # as many as a chart tells apart


# When, on which item, and what was altered: “packages”, “settings”.
Change = tuple[datetime, int, str]
Source = Callable[[Sequence[int], datetime, datetime], Sequence[Change]]
_sources: list[Source] = []


def come_from(sources: Sequence[Source]) -> None:
    """Say who knows of changes; each is asked (items, start, end). Called once, by `config`."""
    _sources[:] = sources


def of(series: Sequence[Series], span: Span, *, by: Actor) -> list[dict[str, Any]]:
    """Return when something changed on the items of some series, by the minute.

    Only items somebody may see are asked for; with several of them a mark names whose it is.
    """
    wanted = {one.item_id for one in series if one.item_id}
    rows = Item.objects.visible_to(by).filter(pk__in=wanted)
    names = dict(rows.values_list("pk", "name")[:MOST_ITEMS])
    if not names:
        return []
    told: dict[datetime, dict[str, None]] = {}
    changes = [one for source in _sources for one in source(list(names), span.start, span.end)]
    for at, item, what in sorted(changes):
        minute = at - timedelta(seconds=at.second, microseconds=at.microsecond)
        whose = f" of {names[item]}" if len(names) > 1 else ""
        told.setdefault(minute, {})[f"{what}{whose}"] = None
    return [
        {"at_ms": milliseconds(at), "label": ", ".join(what) + " changed"}
        for at, what in sorted(told.items())
    ][-MOST:]
