"""The rules of a sample store, before and after upkeep and reopening.

They hold for every adapter: `adapters` says which one is tested, `test_clickhouse` runs this file
again on ClickHouse.
"""

import json
import math

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fullscore.connectors.base import Garbled
from fullscore.connectors.samples import Event, Retention, Samples, open_store
from fullscore.connectors.samples.contract import FUNCTIONS
from fullscore.connectors.samples.parquet import gathering, packing, upkeep, writing
from tests.connectors.samples.adapters import addresses, examples
from tests.connectors.samples.oracle import Oracle
from tests.shared import shared_data

pytestmark = pytest.mark.once
DAY = 86_400_000
START = 1_780_000_000_000 // DAY * DAY


def samples(rows) -> Samples:
    return Samples(
        np.array([r[0] for r in rows], dtype=np.int64),
        np.array([r[1] for r in rows], dtype=np.int64),
        np.array([float(r[2]) for r in rows], dtype=np.float64),
    )


def rows_of(answer: Samples) -> list[tuple[int, int, float]]:
    return list(
        zip(answer.series.tolist(), answer.ts_ms.tolist(), answer.values.tolist(), strict=True)
    )


def assert_same(found, expected):
    assert [r[:2] for r in found] == [tuple(r[:2]) for r in expected]
    for (_, _, got), (_, _, wanted) in zip(found, expected, strict=True):
        wanted = float(wanted)
        if math.isnan(wanted):
            assert math.isnan(got)
        else:
            assert got == near(wanted)


@pytest.fixture
def url():
    with addresses() as fresh:
        yield fresh()


@pytest.fixture
def store(url):
    opened = open_store(url)
    yield opened
    opened.close()


STAGES = {
    "as appended": lambda store, url: store,
    "after upkeep": lambda store, url: (store.maintain(now_ms=1_780_000_900_000 + 3 * DAY), store)[
        1
    ],
    "after reopening": lambda store, url: (store.close(), open_store(url))[1],
}


@pytest.mark.parametrize("stage", STAGES)
def test_the_shared_cases(store, url, stage, monkeypatch):
    monkeypatch.setattr(upkeep, "MANY_HOT", 1)
    cases = json.loads(shared_data("samples", "cases.json").read_text())
    for batch in cases["append"]:
        store.append(samples(batch))
    store = STAGES[stage](store, url)

    for case in cases["questions"]:
        answer = getattr(store, case["operation"])(
            *[case["arguments"].get(n) for n in ("series", "groups") if n in case["arguments"]],
            **{k: v for k, v in case["arguments"].items() if k not in ("series", "groups")},
        )
        if case["operation"] == "quantile":
            assert answer == pytest.approx(
                {k: float(v) for k, v in case["answer"].items()}, rel=1e-9
            ), case["why"]
        else:
            assert_same(rows_of(answer), case["answer"])


value = st.floats(allow_nan=True, allow_infinity=True, width=64)
plain = st.floats(-1e6, 1e6) | st.sampled_from([math.nan, 0.0, -0.0, 1.5])
row = st.tuples(st.integers(1, 4), st.integers(0, 40).map(lambda n: START + n * 97_000), plain)
batch = st.lists(row, min_size=1, max_size=12)
event = st.one_of(
    batch, batch, batch, st.sampled_from(["upkeep", "late upkeep", "reopen"]), st.integers(0, 20)
)
WANTED, ASIDE = [1, 2, 3, 9], settings(
    deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)  # fmt: skip


@pytest.fixture
def in_memory():
    """Return a maker of store addresses where syncing costs nothing, for many small histories."""
    with addresses() as fresh:
        yield fresh


@pytest.fixture
def eager(monkeypatch):
    """Make upkeep merge whatever there is to merge, in parts of a few rows; count a few at once."""
    monkeypatch.setattr(upkeep, "MANY_HOT", 1)
    monkeypatch.setattr(upkeep, "MANY_LATE", 2)
    monkeypatch.setattr(packing, "MOST_ROWS", 7)
    monkeypatch.setattr(writing, "ROW_GROUP", 3)
    monkeypatch.setattr(gathering, "AT_ONCE", 5)


def lived(store, oracle, history, url):
    """Let store and oracle live through one history; return the store as it is open in the end."""
    for happens in history:
        if isinstance(happens, list):
            store.append(samples(happens))
            oracle.append(happens)
        elif isinstance(happens, int):
            store.drop_before(START + happens * 97_000)
            oracle.drop_before(START + happens * 97_000)
        elif happens == "reopen":
            store.close()
            store = open_store(url)
        else:
            store.maintain(now_ms=START + (3_700_000 if happens == "upkeep" else 2 * DAY))
    return store


@settings(ASIDE, max_examples=examples(30))
@given(history=st.lists(event, min_size=1, max_size=10), start=st.integers(0, 30),
       span=st.integers(1, 40), step=st.integers(1, 9),
       lookback=st.sampled_from([97_000, 300_000, 1_000_000]), q=st.floats(0, 1))  # fmt: skip
def test_any_history_is_answered_as_by_the_oracle(
    in_memory, eager, history, start, span, step, lookback, q
):
    url, oracle = in_memory(), Oracle()
    store = lived(open_store(url), oracle, history, url)
    begin, end = START + start * 97_000, START + (start + span) * 97_000

    rows = oracle.read(WANTED, begin, end)
    assert_same(rows_of(store.read(WANTED, start_ms=begin, end_ms=end)), rows)
    assert_same(rows_of(store.read(WANTED, start_ms=begin, end_ms=end, limit=3)), rows[:3])
    assert_same(
        rows_of(store.latest(WANTED, at_ms=end, lookback_ms=lookback)),
        oracle.latest(WANTED, end, lookback),
    )
    groups = {"some": [1, 2], "all": WANTED, "none": [9]}
    between = {"start_ms": begin, "end_ms": end}
    assert store.quantile(groups, q=q, **between) == near(oracle.quantile(groups, q, **between))
    for function in FUNCTIONS:
        asked = {"step_ms": step * 50_000, "function": function, "lookback_ms": lookback, **between}
        assert_same(rows_of(store.aggregate(WANTED, **asked)), oracle.aggregate(WANTED, **asked))
        told = oracle.quantile(groups, q, **asked)
        assert store.quantile(groups, q=q, **asked) == near(told)
    store.close()


def near(told):
    return pytest.approx(told, rel=1e-9, abs=1e-6, nan_ok=True)


old_row = st.tuples(st.integers(1, 3), st.integers(0, 3 * 1440).map(lambda n: START + n * 60_000),
                    st.floats(0, 1e6) | st.just(math.nan))  # fmt: skip


@settings(ASIDE, max_examples=examples(15))
@given(rows=st.lists(old_row, min_size=1, max_size=300), kept_days=st.integers(0, 4),
       fine_days=st.integers(0, 4), first=st.integers(0, 40),
       step=st.sampled_from([300_000, 600_000, 3_600_000, 7_200_000, DAY]))  # fmt: skip
def test_aggregates_stay_what_they_were_when_raw_samples_have_gone(
    in_memory, eager, rows, kept_days, fine_days, first, step
):
    retention = Retention(raw_days=30 + kept_days, five_minute_days=30 + fine_days)
    store = open_store(in_memory(), retention=retention)
    # Neighbours one and two minutes apart, so that there are pairs, over midnight too.
    rows = [(s, t + n * 60_000, v + n) for s, t, v in rows for n in (0, 1, 3)]
    store.append(samples(rows))
    oracle = Oracle()
    oracle.append(rows)

    for day in (1, 2, 34):
        store.maintain(now_ms=START + day * DAY)

    begin = START + first * 3_600_000
    if step % 3_600_000:  # only hours reach back before the five-minute days
        begin = max(begin, START + (4 - fine_days) * DAY)
    for function in FUNCTIONS:
        asked = {"start_ms": begin, "end_ms": START + 5 * DAY, "step_ms": step,
                 "function": function, "lookback_ms": 300_000}  # fmt: skip
        assert_same(rows_of(store.aggregate(WANTED, **asked)), oracle.aggregate(WANTED, **asked))
    store.close()


@settings(ASIDE, max_examples=examples(30))
@given(values=st.lists(value, min_size=1, max_size=50))
def test_values_come_back_bit_for_bit(in_memory, values):
    store = open_store(in_memory())
    store.append(samples([(1, START + n, v) for n, v in enumerate(values)]))

    found = store.read([1], start_ms=START, end_ms=START + 1000).values

    assert [v.hex() for v in found.tolist()] == [v.hex() for v in values]
    store.close()


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        pytest.param(
            Samples(np.array([1, 2]), np.array([1]), np.array([1.0])), "one length", id="unequal"
        ),
        pytest.param(
            Samples(np.array([0]), np.array([1]), np.array([1.0])), "not a series", id="series 0"
        ),
        pytest.param(
            Samples(np.array([1]), np.array([-1]), np.array([1.0])), "outside", id="before 1970"
        ),
        pytest.param(
            Samples(np.array([1]), np.array([2**43]), np.array([1.0])), "outside", id="nanoseconds"
        ),
    ],
)
def test_garbled_batches_store_nothing(store, wrong, words):
    with pytest.raises(Garbled, match=words):
        store.append(wrong)

    assert store.stats().samples == 0


def test_nothing_is_below_the_drop_line(store):
    store.append(samples([(1, START, 1.0), (1, START + 10, 2.0)]))

    store.drop_before(START + 5)

    assert rows_of(store.read([1], start_ms=0, end_ms=2**42)) == [(1, START + 10, 2.0)]
    assert store.append(samples([(1, START, 9.0), (1, START + 20, 3.0)])) == 1


def test_old_days_are_answered_from_rollups_when_raw_is_gone(store):
    rows = [(1, START + n * 15_000, float(n)) for n in range(4 * 60 * 4)]
    store.append(samples(rows))
    asked = {"start_ms": START, "end_ms": START + 4 * 3_600_000}
    raw = {
        (f, step): rows_of(store.aggregate([1], step_ms=step, function=f, **asked))
        for f in FUNCTIONS for step in (300_000, 900_000, 3_600_000)
    }  # fmt: skip

    done = [store.maintain(now_ms=START + 2 * DAY), store.maintain(now_ms=START + 40 * DAY)]

    assert [d.rolled_up for d in done] == [0, 1]
    assert rows_of(store.read([1], start_ms=START, end_ms=START + DAY)) == []
    for (function, step), expected in raw.items():
        assert_same(
            rows_of(store.aggregate([1], step_ms=step, function=function, **asked)), expected
        )


@pytest.mark.parametrize(
    ("raw_days", "lookback"),
    [
        pytest.param(40, 60_000, id="all raw, neighbours just near enough"),
        pytest.param(40, 59_999, id="all raw, neighbours just too far"),
        pytest.param(30, 300_000, id="one day in rollups"),
        pytest.param(29, 300_000, id="two days in rollups"),
        pytest.param(28, 300_000, id="all in rollups"),
    ],
)
def test_a_counter_rises_alike_over_the_midnights_between_rollups_and_raw(
    in_memory, raw_days, lookback
):
    store = open_store(in_memory(), retention=Retention(raw_days=raw_days))
    rows = [(1, START + n * 60_000, float(n * n)) for n in range(1400, 3 * 1440, 1)]
    store.append(samples(rows))
    oracle = Oracle()
    oracle.append(rows)
    store.maintain(now_ms=START + 10 * DAY)
    store.maintain(now_ms=START + 31 * DAY)

    for function in ("increase", "rate", "last", "count"):
        asked = {"start_ms": START, "end_ms": START + 5 * DAY, "step_ms": 300_000,
                 "function": function, "lookback_ms": lookback}  # fmt: skip
        assert_same(rows_of(store.aggregate([1], **asked)), oracle.aggregate([1], **asked))
    store.close()


def test_every_row_sent_counts_even_one_that_another_row_of_its_batch_replaces(store):
    assert store.append(samples([(1, START, 1.0), (1, START, 2.0), (2, START, 3.0)])) == 3
    assert store.append(samples([])) == 0
    assert rows_of(store.read([1, 2], start_ms=0, end_ms=2**42)) == [
        (1, START, 2.0),
        (2, START, 3.0),
    ]


def test_events_are_kept_once_and_not_below_the_drop_line(store):
    old, new = Event(START, 1, "trap", 4, "old"), Event(START + 5, 1, "trap", 4, "new 100 %")
    store.drop_before(START + 1)

    assert store.write_events([old, new]) == 1
    assert store.write_events([new]) == 1

    assert store.find_events(start_ms=0, end_ms=2**42) == [new]
    assert store.find_events(start_ms=0, end_ms=2**42, text="0 %") == [new]
    assert store.find_events(start_ms=0, end_ms=2**42, text="n%w") == []


def test_events_age_with_raw_samples(store):
    store.write_events([Event(START, 1, "trap", 4, "link down", {})])

    store.maintain(now_ms=START + 30 * DAY)
    assert len(store.find_events(start_ms=0, end_ms=2**42)) == 1
    store.maintain(now_ms=START + 31 * DAY)
    assert store.find_events(start_ms=0, end_ms=2**42) == []


def test_events_are_found_by_time_text_kind_and_source(store):
    store.write_events([
        Event(START, 1, "syslog", 3, "Disk sda failed", {"unit": "kernel"}),
        Event(START + 1, 2, "trap", 4, "link down"),
        Event(START + 2, 1, "syslog", 6, "link up"),
    ])  # fmt: skip

    def texts(**asked):
        return [e.text for e in store.find_events(start_ms=START, end_ms=START + 2, **asked)]

    assert texts() == ["link down", "Disk sda failed"]
    assert texts(text="DISK") == ["Disk sda failed"]
    assert texts(kinds=["trap"]) == ["link down"]
    assert texts(sources=[1]) == ["Disk sda failed"]
    assert store.find_events(start_ms=0, end_ms=2**42, limit=1)[0].text == "link up"
