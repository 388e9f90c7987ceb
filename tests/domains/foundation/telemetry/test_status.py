"""`fullscore status` says which store is used and what it holds."""

import numpy as np
import pytest

from fullscore.connectors.base import Unreachable
from fullscore.connectors.samples import Samples, open_store
from fullscore.domains.foundation.telemetry import commands, queries

pytestmark = pytest.mark.django_db
NOON = 1_780_056_000_000  # 2026-05-29 12:00 UTC


@pytest.fixture
def store(tmp_path, monkeypatch):
    opened = open_store(f"parquet://{tmp_path / 'samples'}")
    monkeypatch.setattr(queries, "store", lambda: opened)
    yield opened
    opened.close()


def test_an_empty_store_is_told_by_its_folder(store, capsys):
    assert commands.status() == 0

    told = capsys.readouterr().out
    assert f"Parquet files in {store.folder}" in told
    assert "no raw samples" in told


def test_samples_are_told_with_their_days_and_sizes(store, capsys):
    store.append(Samples(np.array([1, 2]), np.array([NOON, NOON]), np.array([1.0, 2.0])))

    commands.status()

    told = capsys.readouterr().out
    assert "2 raw samples, 2026-05-29 12:00 UTC to 2026-05-29 12:00 UTC" in told
    assert "in 1 files" in told


def test_a_file_set_aside_is_named_and_ends_with_1(store, capsys):
    store.append(Samples(np.array([1]), np.array([NOON]), np.array([1.0])))
    (name,) = store.manifest.live()
    store.manifest.quarantine(name)

    assert commands.status() == 1
    assert f"set aside: {name}" in capsys.readouterr().out


def test_a_store_that_does_not_answer_is_a_sentence_and_ends_with_1(monkeypatch, capsys):
    def away():
        raise Unreachable("the ClickHouse at db:8123 does not answer: connection refused.")

    monkeypatch.setattr(queries, "store", away)

    assert commands.status() == 1
    assert "db:8123 does not answer" in capsys.readouterr().out
