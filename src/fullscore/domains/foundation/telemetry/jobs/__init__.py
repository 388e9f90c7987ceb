"""What runs by itself: upkeep on the clock, and scraping without end."""

from fullscore.domains.foundation.telemetry.jobs.remote import RemoteScraper
from fullscore.domains.foundation.telemetry.jobs.scraping import Scraper
from fullscore.domains.foundation.telemetry.jobs.spool import Spool
from fullscore.domains.foundation.telemetry.jobs.upkeep import (
    bind_unowned,
    end_mutes,
    judge_thresholds,
    learn_intervals,
    maintain_store,
    mark_doubles,
    measure_store,
    tell_refused,
)

__all__ = [
    "RemoteScraper",
    "Scraper",
    "Spool",
    "bind_unowned",
    "end_mutes",
    "judge_thresholds",
    "learn_intervals",
    "maintain_store",
    "mark_doubles",
    "measure_store",
    "tell_refused",
]
