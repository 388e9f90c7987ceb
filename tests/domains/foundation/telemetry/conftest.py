"""What tests of telemetry share."""

import pytest

from fullscore.connectors.samples import open_store
from fullscore.domains.foundation.telemetry import queries
from fullscore.domains.foundation.telemetry.services import intake
from tests.installation import Installation


@pytest.fixture(autouse=True)
def fresh_store(tmp_path, monkeypatch):
    """Give each test a store of its own, and no memory of other tests' series."""
    store = open_store(f"parquet://{tmp_path / 'samples'}")
    monkeypatch.setattr(queries, "store", lambda: store)
    intake._door.cache_clear()
    intake.memory.clear()
    intake._alive.clear()
    intake._refreshed.clear()
    intake._leads.clear()
    intake._told.clear()
    yield
    intake._door.cache_clear()
    store.close()


@pytest.fixture
def installed(tmp_path):
    """Return an installation beside the test, its tables made."""
    home = tmp_path / "home"
    home.mkdir()
    installation = Installation(home)
    installation.migrate()
    return installation
