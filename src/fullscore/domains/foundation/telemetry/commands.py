"""`fullscore status`."""

from datetime import UTC, datetime

from django.conf import settings
from django.db import connection

from fullscore.connectors.base import ConnectorError
from fullscore.connectors.samples import StoreStats
from fullscore.domains.foundation.telemetry import queries


def status() -> int:
    """Say where the data lies, which sample store is used, and what it holds.

    1 when the store cannot be asked, or has set files aside that it could not read.
    """
    print(f"Data folder   {settings.OPTIONS.home}")
    print(f"Database      {connection.vendor}, {connection.settings_dict['NAME']}")
    try:
        store = queries.store()
        print(f"Sample store  {store.place}")
        held = store.stats()
    except ConnectorError as error:
        print(f"Sample store  {error}")
        return 1
    for line in _told(held):
        print(f"              {line}")
    return 1 if held.quarantined else 0


def _told(held: StoreStats) -> list[str]:
    """Return what a store holds, a line each."""
    lines = [f"{held.bytes / 1e6:,.1f} MB in {held.segments:,} files, rollups too"]
    if held.oldest_ms is not None and held.newest_ms is not None:
        span = f"{_minute(held.oldest_ms)} to {_minute(held.newest_ms)}"
        lines.append(f"{held.samples:,} raw samples, {span}")
        lines.append(f"{held.bytes / held.samples:.2f} bytes per raw sample")
    else:
        lines.append("no raw samples")
    return lines + [f"not readable, set aside: {name}" for name in held.quarantined]


def _minute(at_ms: int) -> str:
    return f"{datetime.fromtimestamp(at_ms / 1000, tz=UTC):%Y-%m-%d %H:%M} UTC"
