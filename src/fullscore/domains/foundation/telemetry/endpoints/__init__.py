"""Where programs send samples, and ask; and where the collectors of sites report."""

from fullscore.domains.foundation.telemetry.endpoints import collectors, samples
from fullscore.domains.foundation.telemetry.endpoints.samples import preview, query

PATTERNS = [*samples.PATTERNS, *collectors.PATTERNS]

__all__ = ["PATTERNS", "preview", "query"]
