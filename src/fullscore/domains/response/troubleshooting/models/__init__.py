"""Suspects of incidents and the causes that were named; what is watched, and what was unusual."""

from fullscore.domains.response.troubleshooting.models.anomalies import Anomaly, Watch, Watched
from fullscore.domains.response.troubleshooting.models.causes import Cause, Ranking, Suspect

__all__ = ["Anomaly", "Cause", "Ranking", "Suspect", "Watch", "Watched"]
