"""Names of what the sample store keeps as numbers, and who may send them."""

from fullscore.domains.foundation.telemetry.models.keys import PushKey, PushKeyQuerySet, Refusal
from fullscore.domains.foundation.telemetry.models.metrics import Metric
from fullscore.domains.foundation.telemetry.models.series import Series, SeriesQuerySet
from fullscore.domains.foundation.telemetry.models.storage import StorageRule
from fullscore.domains.foundation.telemetry.models.targets import Collector, ScrapeTarget
from fullscore.domains.foundation.telemetry.models.thresholds import (
    Breach,
    Expectation,
    Threshold,
)

__all__ = [
    "Breach",
    "Collector",
    "Expectation",
    "Metric",
    "PushKey",
    "PushKeyQuerySet",
    "Refusal",
    "ScrapeTarget",
    "Series",
    "SeriesQuerySet",
    "StorageRule",
    "Threshold",
]
