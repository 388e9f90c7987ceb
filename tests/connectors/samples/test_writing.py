"""The plainest Parquet file: DuckDB reads back what was written, bit for bit."""

import duckdb
import numpy as np
import pytest

from fullscore.connectors.samples.parquet import writing

pytestmark = pytest.mark.once


@pytest.mark.parametrize("rows", [1, 2, 127, 128, 1000, 5000])
def test_every_bit_comes_back(tmp_path, rows, monkeypatch):
    monkeypatch.setattr(writing, "ROW_GROUP", 1000)
    random = np.random.default_rng(rows)
    arrays = {
        "series": np.sort(random.integers(1, 2**63 - 1, rows)),
        "ts_ms": random.integers(0, 2**42, rows),
        "value": random.integers(-(2**63), 2**63 - 1, rows).view(np.float64),
        "seq": np.full(rows, 7),
        "negative": np.full(rows, -(2**63)),
    }

    path = tmp_path / "some.parquet"
    path.write_bytes(writing.parquet(arrays))

    found = duckdb.execute("SELECT * FROM read_parquet(?)", [str(path)]).fetchnumpy()
    for name, array in arrays.items():
        assert np.array_equal(np.asarray(found[name]).view(np.int64), array.view(np.int64)), name


def test_bounds_of_series_let_readers_skip_row_groups(tmp_path, monkeypatch):
    monkeypatch.setattr(writing, "ROW_GROUP", 10)
    path = tmp_path / "some.parquet"
    path.write_bytes(writing.parquet({"series": np.arange(1, 21), "value": np.zeros(20)}))

    told = duckdb.execute(
        "SELECT stats_min_value, stats_max_value FROM parquet_metadata(?)"
        " WHERE path_in_schema = 'series'", [str(path)],
    ).fetchall()  # fmt: skip

    assert told == [("1", "10"), ("11", "20")]


def test_a_column_of_one_value_takes_no_room():
    many = np.arange(10_000)

    alike = writing.parquet({"series": many, "ts_ms": np.full(10_000, 7)})
    apart = writing.parquet({"series": many, "ts_ms": many})

    assert len(alike) < len(apart) - 79_000
