"""One cause, one incident: alerts grouped by what depends on what, and by time."""

from .correlator import Alert, Correlator, Placement

__all__ = ["Alert", "Correlator", "Placement"]
