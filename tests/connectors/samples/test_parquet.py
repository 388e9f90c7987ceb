"""What only the Parquet adapter has: files packed by day, open files of the running day."""

import duckdb
import pytest

from fullscore.connectors.base import Refused
from fullscore.connectors.samples import open_store
from fullscore.connectors.samples.contract import FUNCTIONS
from tests.connectors.samples.oracle import Oracle
from tests.connectors.samples.test_contract import (
    DAY,
    START,
    WANTED,
    assert_same,
    eager,
    rows_of,
    samples,
)

__all__ = ["eager"]
pytestmark = pytest.mark.once


@pytest.fixture
def store(tmp_path):
    opened = open_store(f"parquet://{tmp_path / 'samples'}")
    yield opened
    opened.close()


@pytest.mark.parametrize("late", [False, True], ids=["in order", "one hour corrected"])
def test_a_question_over_midnight_joins_the_packed_day_with_the_open_hours(store, late):
    oracle, end = Oracle(), START + DAY + 6 * 3_600_000
    rows = [(s, t, float(t % 977 + s)) for s in WANTED for t in range(START, end, 3_600_000 // 7)]
    for begin in range(START, end, 3_600_000):
        hour = [row for row in rows if begin <= row[1] < begin + 3_600_000]
        store.append(samples(hour))
        oracle.append(hour)
    store.maintain(now_ms=end)
    if late:
        corrected = [(s, START + DAY + 3_600_000, -1.0) for s in WANTED]
        store.append(samples(corrected))
        oracle.append(corrected)
    assert {s.level for s in store.manifest.snapshot(["hot", "hour", "day"]).segments} >= {
        "hour", "day"
    }  # fmt: skip

    begin = START + DAY - 6 * 3_600_000
    found = store.read(WANTED, start_ms=begin, end_ms=end)
    assert_same(rows_of(found), oracle.read(WANTED, begin, end))
    for function in FUNCTIONS:
        asked = {"start_ms": begin, "end_ms": end, "step_ms": 3_600_000,
                 "function": function, "lookback_ms": 700_000}  # fmt: skip
        assert_same(rows_of(store.aggregate(WANTED, **asked)), oracle.aggregate(WANTED, **asked))


def test_the_running_day_is_answered_without_duckdb(store, monkeypatch):
    for n in range(20):
        store.append(samples([(s, START + n * 60_000, float(n)) for s in (1, 2)]))
    store.maintain(now_ms=START + 1_200_000)  # most lie in an hour's file now

    monkeypatch.setattr(type(store.duck), "ask", None)

    span = {"start_ms": START, "end_ms": START + DAY}
    assert len(store.read([1], **span)) == 20
    assert rows_of(store.latest([2], at_ms=START + 1_140_000)) == [(2, START + 1_140_000, 19.0)]
    mean = store.aggregate([2], step_ms=600_000, function="avg", **span)
    assert rows_of(mean) == [(2, START, 4.5), (2, START + 600_000, 14.5)]


def test_a_packed_day_lies_in_files_by_series_each_sorted(store, eager, tmp_path):
    for n in range(20):
        store.append(samples([(s, START + n * 60_000, 1.0) for s in (3, 1, 2)]))

    store.maintain(now_ms=START + 2 * DAY)

    found = store.manifest.snapshot(["hot", "hour", "day"]).segments
    assert [(s.level, s.min_series, s.max_series, s.rows) for s in found] == [
        ("day", 1, 1, 20), ("day", 2, 2, 20), ("day", 3, 3, 20)
    ]  # fmt: skip
    for segment in found:
        path = str(tmp_path / "samples" / segment.name)
        times = duckdb.execute("SELECT ts_ms FROM read_parquet(?)", [path]).fetchnumpy()["ts_ms"]
        assert times.tolist() == [START + n * 60_000 for n in range(20)]


def test_a_day_that_is_rolled_up_is_dropped_in_the_same_round(store):
    store.append(samples([(1, START + n * 15_000, float(n)) for n in range(4)]))
    store.maintain(now_ms=START + 2 * DAY)

    done = store.maintain(now_ms=START + 40 * DAY)

    assert (done.rolled_up, done.dropped) == (1, 1)


def test_unknown_addresses_are_refused():
    for wrong in ("postgresql://x", "parquet://relative", "nothing"):
        with pytest.raises(Refused, match="sample store"):
            open_store(wrong)


def test_a_refused_address_is_not_told_with_its_password():
    with pytest.raises(Refused) as refused:
        open_store("postgresql://ann:secret@host/samples")

    assert "secret" not in str(refused.value)
