"""The cost of waiting, the order of the queue, and who takes what."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fullscore.engines.attention import (
    Concern,
    Entry,
    Snooze,
    Worker,
    cost_per_hour,
    ranked,
    share_out,
)

pytestmark = pytest.mark.once
NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)


def after(**span: float) -> datetime:
    return NOW + timedelta(**span)


ORDERED = {"stake": 48_000, "lead_hours": 336, "work_hours": 6}  # a renewal with a notice period


@pytest.mark.parametrize(
    ("concern", "expected"),
    [
        pytest.param({"loss_per_hour": 1800}, 1800, id="what is lost each hour"),
        pytest.param(ORDERED | {"due_at": after(days=30)}, 17.14, id="far off"),
        pytest.param(ORDERED | {"due_at": after(days=15)}, 344.28, id="near"),
        pytest.param(ORDERED | {"due_at": after(days=10)}, 400, id="late"),
        pytest.param(ORDERED | {"due_at": after(hours=-1)}, 0, id="too late: the stake is gone"),
        pytest.param({"stake": 200_000, "chance_per_hour": 2e-5}, 4, id="by chance"),
        pytest.param({"stake": 5400, "due_at": after(hours=30), "work_hours": 0.5}, 35.19,
                     id="tomorrow"),
    ],
)  # fmt: skip
def test_cost_of_waiting(concern, expected):
    assert cost_per_hour(Concern("a", "x", **concern), now=NOW) == pytest.approx(
        expected, abs=0.005
    )


def test_one_cause_is_one_row_and_costs_its_dearest_member():
    queue = ranked(
        [
            Concern("incident", "incident", loss_per_hour=10, work_hours=3),
            Concern("finding", "finding", loss_per_hour=50, part_of="incident"),
            Concern("alert", "alert", loss_per_hour=5, part_of="finding"),
            Concern("other", "finding", loss_per_hour=20),
        ],
        now=NOW,
    )

    assert [(e.key, e.cost_per_hour) for e in queue] == [("incident", 50), ("other", 20)]
    assert queue[0].members == ("incident", "finding", "alert")
    assert queue[0].work_hours == 3


@pytest.mark.parametrize(
    ("concerns", "keys"),
    [
        pytest.param([Concern("a", "x", part_of="gone")], {"a"}, id="unknown cause"),
        pytest.param([Concern("a", "x", part_of="b"), Concern("b", "x", part_of="a")], {"a", "b"},
                     id="a circle"),
        pytest.param([Concern("a", "x", part_of="a")], {"a"}, id="its own cause"),
        pytest.param([Concern("a", "x", loss_per_hour=loss) for loss in (1, 2)], {"a"}, id="twice"),
    ],
)  # fmt: skip
def test_strange_groups(concerns, keys):
    assert {e.key for e in ranked(concerns, now=NOW)} == keys


def test_of_a_repeated_key_the_dearer_counts():
    queue = ranked(
        [Concern("a", "x", loss_per_hour=1), Concern("a", "x", loss_per_hour=2)], now=NOW
    )

    assert [(e.members, e.cost_per_hour) for e in queue] == [(("a",), 2)]


@pytest.mark.parametrize(
    ("snooze", "is_seen"),
    [
        pytest.param(Snooze(after(hours=1), 10), False, id="asleep"),
        pytest.param(Snooze(after(hours=-1), 10), True, id="over"),
        pytest.param(Snooze(after(hours=1), 5), True, id="the cost has doubled"),
    ],
)
def test_snoozed(snooze, is_seen):
    queue = ranked([Concern("a", "x", loss_per_hour=10)], now=NOW, snoozes={"a": snooze})

    assert bool(queue) is is_seen


def test_the_last_start_wakes_a_snoozed_row():
    late = Concern("a", "x", stake=1000, due_at=after(hours=1), work_hours=2)

    queue = ranked([late], now=NOW, snoozes={"a": Snooze(after(days=3), 1e9)})

    assert [e.is_late for e in queue] == [True]


@pytest.mark.parametrize(
    "concern",
    [
        pytest.param(Concern("a", "x", stake=-1), id="a negative stake"),
        pytest.param(Concern("a", "x", due_at=datetime(2026, 1, 1)), id="a naive time"),  # noqa: DTZ001
    ],
)
def test_refused(concern):
    with pytest.raises(ValueError):
        ranked([concern], now=NOW)


def test_reach_must_be_positive():
    with pytest.raises(ValueError):
        ranked([], now=NOW, reach_hours=0)


def entry(key: str, work: float) -> Entry:
    return Entry(key, (key,), ("x",), 1.0, None, False, work)


def test_work_goes_to_the_least_filled_able_worker_with_hours_left():
    workers = [Worker("ann", 8, 3), Worker("bob", 8, 1), Worker("cid", 2)]
    entries = [entry("a", 4), entry("b", 4), entry("c", 4), entry("d", 6), entry("e", 1)]
    able = {
        "a": ["ann", "bob"],
        "b": ["ann", "bob"],
        "c": ["cid"],
        "d": ["ann", "bob"],
        "e": ["cid", "dan"],
    }

    assert share_out(entries, workers, able) == {
        "a": "bob",
        "b": "ann",
        "c": None,
        "d": None,
        "e": "cid",
    }


concerns = st.builds(
    Concern,
    key=st.sampled_from("abcdefgh"),
    source=st.just("x"),
    loss_per_hour=st.floats(0, 1e6),
    stake=st.floats(0, 1e6),
    due_at=st.none() | st.integers(-1000, 1000).map(lambda h: after(hours=h)),
    chance_per_hour=st.floats(0, 1),
    part_of=st.none() | st.sampled_from("abcdefgh"),
)


@given(st.lists(concerns, max_size=20))
def test_every_concern_is_in_exactly_one_row_and_costs_fall(many):
    queue = ranked(many, now=NOW)

    members = [key for e in queue for key in e.members]
    assert sorted(members) == sorted({c.key for c in many})
    costs = [e.cost_per_hour for e in queue]
    assert costs == sorted(costs, reverse=True)
