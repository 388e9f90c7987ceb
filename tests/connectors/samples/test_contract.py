"""The rules of a sample store, on every adapter, before and after upkeep and reopening."""

import json
import math

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fullscore.connectors.base import Garbled, Refused
from fullscore.connectors.samples import Event, Samples, open_store
from fullscore.connectors.samples.contract import FUNCTIONS
from fullscore.connectors.samples.parquet import upkeep
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
            assert got == pytest.approx(wanted, rel=1e-9, abs=1e-300)


@pytest.fixture
def url(tmp_path):
    return f"parquet://{tmp_path / 'samples'}"


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
plain = st.floats(-1e6, 1e6) | st.just(math.nan)
row = st.tuples(st.integers(1, 4), st.integers(0, 40).map(lambda n: START + n * 97_000), plain)
batches = st.lists(st.lists(row, min_size=1, max_size=12), min_size=1, max_size=8)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(batches=batches, upkeep_after=st.integers(0, 8), start=st.integers(0, 30), span=st.integers(1, 40),
       step=st.integers(1, 9), lookback=st.sampled_from([97_000, 300_000, 1_000_000]),
       floor=st.none() | st.integers(0, 20))  # fmt: skip
def test_any_history_is_answered_as_by_the_oracle(
    tmp_path_factory, batches, upkeep_after, start, span, step, lookback, floor
):
    many_hot, upkeep.MANY_HOT = upkeep.MANY_HOT, 1
    store, oracle = open_store(f"parquet://{tmp_path_factory.mktemp('store')}"), Oracle()
    try:
        for number, batch in enumerate(batches):
            store.append(samples(batch))
            oracle.append(batch)
            if number == upkeep_after:
                store.maintain(now_ms=START + 2 * DAY)
            if number == 3 and floor is not None:
                store.drop_before(START + floor * 97_000)
                oracle.drop_before(START + floor * 97_000)
        begin, end = START + start * 97_000, START + (start + span) * 97_000
        wanted = [1, 2, 3, 9]
        assert_same(
            rows_of(store.read(wanted, start_ms=begin, end_ms=end)), oracle.read(wanted, begin, end)
        )
        assert_same(
            rows_of(store.latest(wanted, at_ms=end, lookback_ms=lookback)),
            oracle.latest(wanted, end, lookback),
        )
        for function in FUNCTIONS:
            asked = {"start_ms": begin, "end_ms": end, "step_ms": step * 50_000, "function": function,
                     "lookback_ms": lookback}  # fmt: skip
            assert_same(
                rows_of(store.aggregate(wanted, **asked)), oracle.aggregate(wanted, **asked)
            )
    finally:
        upkeep.MANY_HOT = many_hot
        store.close()


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(values=st.lists(value, min_size=1, max_size=50))
def test_values_come_back_bit_for_bit(tmp_path_factory, values):
    store = open_store(f"parquet://{tmp_path_factory.mktemp('store')}")
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

    assert done[0].rolled_up == 2
    assert done[1].dropped >= 1
    assert rows_of(store.read([1], start_ms=START, end_ms=START + DAY)) == []
    for (function, step), expected in raw.items():
        assert_same(
            rows_of(store.aggregate([1], step_ms=step, function=function, **asked)), expected
        )


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


def test_unknown_addresses_are_refused():
    for wrong in ("clickhouse://x", "parquet://relative", "nothing"):
        with pytest.raises(Refused, match="sample store"):
            open_store(wrong)
