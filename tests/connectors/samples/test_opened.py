"""Open files: any rows of any series, from where they lie, over the edges of row groups."""

import numpy as np
import pytest

from fullscore.connectors.samples.parquet import writing
from fullscore.connectors.samples.parquet.opened import Opened, Unreadable

pytestmark = pytest.mark.once
SERIES = np.repeat([3, 5, 8, 9], [4, 1, 4, 6])
ARRAYS = {
    "series": SERIES,
    "ts_ms": 1000 + np.arange(len(SERIES)),
    "value": np.arange(len(SERIES)) / 8,
    "seq": np.full(len(SERIES), 7),
}


@pytest.fixture(params=[4, 5, 100], ids=lambda rows: f"row groups of {rows}")
def row_group(request, monkeypatch):
    monkeypatch.setattr(writing, "ROW_GROUP", request.param)


def opened(path, arrays=ARRAYS, **options) -> Opened:
    path.write_bytes(writing.parquet(arrays, **options))
    return Opened(path, size=path.stat().st_size)


@pytest.mark.parametrize("packed", [(), ("series", "seq")], ids=["as appended", "an hour"])
def test_rows_are_found_by_series(row_group, tmp_path, packed):
    found = opened(tmp_path / "some", packed=packed)

    first, many = found.find(np.array([1, 3, 5, 6, 9, 10]))

    assert many.tolist() == [0, 4, 1, 0, 6, 0]
    assert first[many > 0].tolist() == [0, 4, 9]


def test_rows_and_runs_of_rows_are_taken_over_the_edges_of_row_groups(row_group, tmp_path):
    found = opened(tmp_path / "some")

    assert found.taken(found.ts_ms, np.array([0, 3, 4, 9, 14])).tolist() == [
        1000, 1003, 1004, 1009, 1014
    ]  # fmt: skip
    assert found.windows(found.values, np.array([0, 2, 9]), 4).tolist() == [
        [n / 8 for n in range(first, first + 4)] for first in (0, 2, 9)
    ]


def test_a_column_told_once_is_read_as_many(row_group, tmp_path):
    found = opened(tmp_path / "some", ARRAYS | {"ts_ms": np.full(len(SERIES), 77)})

    assert found.windows(found.ts_ms, np.array([3, 8]), 3).tolist() == [[77] * 3] * 2


@pytest.mark.parametrize("kept", [0, 40, -1], ids=["nothing", "a beginning", "all but a byte"])
def test_a_file_that_is_not_as_long_as_it_was_is_unreadable(tmp_path, kept):
    path = tmp_path / "some"
    path.write_bytes(content := writing.parquet(ARRAYS))
    path.write_bytes(content[:kept])

    with pytest.raises(Unreadable):
        Opened(path, size=len(content))


def test_a_file_that_is_gone_or_of_another_kind_is_unreadable(tmp_path):
    (tmp_path / "strange").write_bytes(b"\xff" * 64)

    for name in ("strange", "gone"):
        with pytest.raises(Unreadable):
            Opened(tmp_path / name, size=64)
