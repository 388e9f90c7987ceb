"""One value of the probe's as a column takes it."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any


def instant(seconds: Any) -> datetime | None:
    """Return an instant from seconds since 1970."""
    is_number = isinstance(seconds, int | float) and not isinstance(seconds, bool)
    return datetime.fromtimestamp(float(seconds), UTC) if is_number else None


def word(row: Mapping[str, Any], name: str) -> str:
    """Return a short word of a row; nothing is empty."""
    return str(row.get(name) or "")[:20]
