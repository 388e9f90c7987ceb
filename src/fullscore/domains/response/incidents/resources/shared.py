"""What the pages of alerts and of incidents share."""

from typing import Any

from fullscore.interfaces.web.templatetags.ui import severity
from fullscore.kit.tables import stored

TONES = {5: "crit", 4: "high", 3: "warn", 2: "info", 1: "info"}
CELLS = {"severity": lambda value: severity(stored(value))}


def over(record: Any) -> str:
    """Return why nothing can be done with what is resolved."""
    return f"It is {record.state}." if record.state == "resolved" else ""
