"""The Arrow stream, as the format's own library reads it."""

import numpy as np
import pytest

from fullscore.connectors import arrow

NAN = float("nan")


def read(content):
    """Return the table of a stream; skip where the format's library is not installed."""
    ipc = pytest.importorskip("pyarrow.ipc", reason="pyarrow is not installed")
    return ipc.open_stream(content).read_all()


@pytest.mark.parametrize(
    "columns",
    [
        pytest.param({}, id="instants alone"),
        pytest.param({"load": [1.0, 2.5, -0.0]}, id="one column"),
        pytest.param({"load": [1.0, NAN, 3.0], "gone": [NAN] * 3}, id="gaps, and nothing but gaps"),
        pytest.param({"Läd · web1 “x”": [1e300, 5e-324, float("inf")]}, id="any name, any figure"),
        pytest.param({f"c{n}": [float(n)] * 3 for n in range(100)}, id="a hundred columns"),
    ],
)
def test_a_table_is_read_as_it_was_written(columns):
    ts_ms = np.array([0, 1_770_000_000_123, 2**42])
    made = [arrow.Column(name, np.array(values)) for name, values in columns.items()]

    table = read(arrow.stream(ts_ms, made))

    assert table.schema.names == ["time", *columns]
    assert str(table.schema.field("time").type) == "timestamp[ms, tz=UTC]"
    assert table.column("time").cast("int64").to_pylist() == ts_ms.tolist()
    for name, values in columns.items():
        wanted = [None if np.isnan(v) else v for v in values]
        assert table.column(name).to_pylist() == wanted


def test_what_is_said_of_a_column_comes_with_it():
    made = arrow.Column("load", np.array([1.0]), {"unit": "By/s", "series": "7"})

    table = read(arrow.stream(np.array([1]), [made]))

    assert table.schema.field("load").metadata == {b"unit": b"By/s", b"series": b"7"}


@pytest.mark.parametrize("rows", [0, 1, 7, 8, 9, 1500])
def test_any_number_of_rows_is_whole(rows):
    values = np.where(np.arange(rows) % 3 == 0, np.nan, np.arange(rows, dtype=float))

    table = read(arrow.stream(np.arange(rows), [arrow.Column("x", values)]))

    table.validate(full=True)
    assert table.num_rows == rows
    assert table.column("x").null_count == int(np.isnan(values).sum())
