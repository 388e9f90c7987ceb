"""A store of its own, a clock that stands, and an outage in a chain of items."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import numpy as np
import pytest

from fullscore.connectors.samples import Samples, SampleStore, open_store
from fullscore.domains.foundation.telemetry import queries
from fullscore.domains.foundation.telemetry.models import Metric, Series
from fullscore.domains.response.incidents.models import Incident
from fullscore.kit import time
from tests import make

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)  # a Monday
ROUNDS = np.random.default_rng(5)


@dataclass
class World:
    """The present, moved by hand, and what is measured in it."""

    store: SampleStore
    now: datetime = START
    metrics: dict[str, Metric] = field(default_factory=dict)

    def metric(self, name: str, **values) -> Metric:
        if name not in self.metrics:
            self.metrics[name] = make.metric(name=name, **values)
        return self.metrics[name]

    def series(self, item, name: str, labels=None, **values) -> Series:
        return make.series(metric=self.metric(name, **values), item=item, labels=labels or {})

    def measured(self, series, usual, broken=None, *, until=None, noise=0.02, hours=4.0):
        """Store a value every 30 s of the last hours, another one since the clock's START."""
        end = queries.milliseconds(until or self.now)
        ts = np.arange(end - int(hours * 3_600_000), end, 30_000)
        values = np.full(len(ts), float(usual))
        if broken is not None:
            values[ts >= queries.milliseconds(START)] = broken
        values *= 1 + noise * ROUNDS.normal(size=len(ts))
        self.store.append(Samples(np.full(len(ts), series.pk), ts, values))

    def outage(self, *items, **values) -> Incident:
        """Return an incident that began at START, with an alert of each item."""
        incident = make.incident(starts_at=START, detected_at=START, **values)
        for item in items:
            make.alert(item=item, incident=incident, starts_at=START)
        return incident


@pytest.fixture
def world(db, tmp_path, monkeypatch):
    store = open_store(f"parquet://{tmp_path / 'samples'}")
    made = World(store)
    monkeypatch.setattr(queries, "store", lambda: store)
    monkeypatch.setattr(time, "now", lambda: made.now)
    yield made
    store.close()


def chain(*names, **values):
    """Return items each of which needs the next."""
    items = [make.item(name, **values) for name in names]
    for upper, lower in pairwise(items):
        make.link(from_item=upper, to_item=lower)
    return items


def later(world, minutes):
    """Let time go by."""
    world.now += timedelta(minutes=minutes)
    return world.now
