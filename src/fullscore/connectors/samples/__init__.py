"""The sample store: numbers by series and instant. Names, units and owners live in the database."""

from fullscore.connectors.samples.contract import (
    Event,
    Function,
    Maintenance,
    Retention,
    Samples,
    SampleStore,
    StoreStats,
)
from fullscore.connectors.samples.door import open_store
from fullscore.connectors.samples.grouping import Full, Grouped

__all__ = [
    "Event",
    "Full",
    "Function",
    "Grouped",
    "Maintenance",
    "Retention",
    "SampleStore",
    "Samples",
    "StoreStats",
    "open_store",
]
