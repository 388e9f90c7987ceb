"""A store of its own, a clock that stands, and series with the values a test wants."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from fullscore.config.checks import CHECKS
from fullscore.connectors.samples import Samples, SampleStore, open_store
from fullscore.domains.foundation.findings import services as findings
from fullscore.domains.foundation.findings.models import Finding
from fullscore.domains.foundation.telemetry import queries, services
from fullscore.domains.foundation.telemetry.models import Series
from fullscore.kit import checks, time
from fullscore.kit.models.user import system
from tests import make

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)  # a Monday


@dataclass
class World:
    """The present, moved by hand, and what is measured in it."""

    store: SampleStore
    now: datetime = START

    def series(self, metric, item=None, **values) -> Series:
        """Return a living series."""
        return make.series(metric=metric, item=item, first_at=self.now, last_at=self.now, **values)

    def measured(self, series, *values, every=15) -> None:
        """Store values of a series, the last one second ago."""
        at = queries.milliseconds(self.now) - 1000
        ts = [at - (len(values) - 1 - n) * every * 1000 for n in range(len(values))]
        self.store.append(
            Samples(
                np.full(len(values), series.pk, dtype=np.int64), np.array(ts, dtype=np.int64),
                np.array(values, dtype=np.float64),
            )
        )  # fmt: skip

    def passes(self, series, *values) -> list[int]:
        """Measure one value every 15 s and judge after each; return how many breaches are open."""
        told = []
        for value in values:
            self.now += timedelta(seconds=15)
            if value is not None:
                self.measured(series, value)
            services.judge(now=self.now)
            told.append(series.breaches.open().count())
        return told

    def findings(self):
        """Return the live findings, by what they are about."""
        return list(Finding.objects.live().order_by("pk"))


@pytest.fixture
def world(db, tmp_path, monkeypatch):
    store = open_store(f"parquet://{tmp_path / 'samples'}")
    made = World(store)
    monkeypatch.setattr(queries, "store", lambda: store)
    monkeypatch.setattr(time, "now", lambda: made.now)
    checks.are(CHECKS)
    findings.list_checks(by=system())
    yield made
    store.close()
