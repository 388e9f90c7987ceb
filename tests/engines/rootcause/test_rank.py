"""Who is suspected, in which order, and with which words."""

from dataclasses import replace
from time import process_time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fullscore.engines.rootcause import RecentChange, Signal, rank
from fullscore.engines.rootcause.shifts import plain

pytestmark = pytest.mark.once
USUAL = np.tile([0.9, 1.0, 1.1], 10)
CHAIN = [("a", "b"), ("b", "c")]


def latency(item, after, *, before=USUAL, towards=None):
    return Signal(item, "latency", before, np.full(4, float(after)), towards)


def chain(**after):
    return [latency(item, seconds) for item, seconds in after.items()]


def names(suspects):
    return [suspect.item for suspect in suspects]


def told(suspects, item):
    return " ".join(next(each.reasons for each in suspects if each.item == item))


@pytest.mark.parametrize(
    ("signals", "first"),
    [
        pytest.param(chain(a=3, b=3, c=1), "b", id="the lowest that is slow"),
        pytest.param(chain(a=3, b=3, c=3), "c", id="slow to the ground"),
        pytest.param(chain(a=3, b=1, c=1), "a", id="only the symptom is slow"),
        pytest.param(chain(a=1, b=1, c=1), "a", id="nothing is: the symptom was reported"),
        pytest.param(chain(a=3, b=3, c=0.2), "b", id="faster is no fault"),
        pytest.param(chain(a=3, b=3, c=1, d=9), "b", id="worse, yet the symptom does not need it"),
    ],
)
@pytest.mark.parametrize("metric", ["latency", None])
def test_a_dependency_that_shifted_explains_its_dependents(signals, first, metric):
    assert names(rank(signals, CHAIN, symptom="a", symptom_metric=metric))[0] == first


def test_availability_is_worse_when_it_falls():
    percent = np.full(30, 100.0)
    signals = [
        Signal(item, "availability", percent, np.full(4, float(now)))
        for item, now in {"a": 97, "b": 97, "c": 100}.items()
    ]

    suspects = rank(signals, CHAIN, symptom="a", symptom_metric="availability")

    assert names(suspects)[0] == "b"
    assert "availability is 97 instead of the usual 100." in told(suspects, "b")


def test_what_moves_with_the_symptom_is_suspected_before_what_is_merely_different():
    pulses = np.array([1.0, 1.0, 3.0, 3.0, 1.0])
    signals = [
        Signal("a", "latency", USUAL, pulses),
        Signal("in step", "latency", USUAL, pulses),
        Signal("other", "latency", USUAL, np.full(5, 3.0)),
    ]

    suspects = rank(signals, [("a", "in step"), ("a", "other")], symptom="a")

    assert names(suspects)[0] == "in step"


def test_a_slow_call_speaks_against_the_callee_and_perhaps_the_network():
    signals = [latency("a", 3), latency("a", 3, towards="b"), Signal("b", "cpu", USUAL, USUAL[:4])]

    suspects = rank(signals, [("a", "b")], symptom="a")

    assert names(suspects)[0] == "b"
    assert "seen by a" in told(suspects, "b")
    assert "the network between?" in told(suspects, "b")


def test_a_proxy_is_never_blamed_however_far_it_shifted():
    suspects = rank(
        [*chain(a=3, b=3), latency("b_client", 90)],
        [("a", "b"), ("a", "b_client"), ("b_client", "b")],
        symptom="a",
        proxies={"b_client"},
    )

    assert names(suspects) == ["b", "a", "b_client"]
    assert "another name" in told(suspects, "b_client")


def test_a_busy_processor_is_not_excused_by_what_lies_below():
    busy = Signal("b", "cpu_percent", USUAL, np.full(4, 90.0))

    assert names(rank([*chain(a=3, b=3, c=3), busy], CHAIN, symptom="a"))[0] == "b"


@pytest.mark.parametrize(
    ("changed", "minutes", "first"),
    [
        pytest.param("b", 5, "b", id="one that shifted"),
        pytest.param("b", -5, "a or b", id="after the onset"),
        pytest.param("b", float("nan"), "a or b", id="at no time"),
        pytest.param("quiet", 5, "a or b", id="one that did not shift"),
        pytest.param("unheard of", 5, "a or b", id="one that nobody knows"),
    ],
)
def test_a_change_raises_only_what_also_shifted(changed, minutes, first):
    signals = chain(top=3, a=3, b=3, quiet=1)
    edges = [("top", "a"), ("top", "b"), ("top", "quiet")]
    change = RecentChange(changed, "New version", minutes)

    without = rank(signals, edges, symptom="top")
    suspects = rank(signals, edges, symptom="top", changes=[change])

    if first == "b":
        assert names(suspects)[0] == "b"
        assert "“New version” ended 5 minutes before the onset." in told(suspects, "b")
    else:
        assert suspects == without


def test_reasons_are_sentences_with_figures():
    suspects = rank(chain(a=3, b=3.1, c=1), CHAIN, symptom="a", symptom_metric="latency")

    assert (
        told(suspects, "b") == "latency is 3.1× the usual 1. Nothing it depends on explains that."
    )
    assert "b, on which it depends, explains 100%." in told(suspects, "a")
    assert told(suspects, "c") == "b, which depends on it, suffers for no reason of its own."


def test_what_all_who_suffer_depend_on_is_suspected_before_what_one_does():
    signals = chain(top=3, one=3, two=3, shared=1, alone=1)
    edges = [("top", "one"), ("top", "two"), ("one", "alone")]
    edges += [("one", "shared"), ("two", "shared")]

    order = names(rank(signals, edges, symptom="top"))

    assert order.index("one") < order.index("shared") < order.index("alone")


@pytest.mark.parametrize(
    "signal",
    [
        pytest.param(latency("b", 99, before=USUAL[:4]), id="four samples before"),
        pytest.param(latency("b", 99, before=[*USUAL[:4], np.nan]), id="a gap as the fifth"),
        pytest.param(latency("b", np.nan), id="none after"),
        pytest.param(latency("b", np.inf), id="infinite after"),
    ],
)
def test_too_little_measured_says_nothing(signal):
    suspects = rank([latency("a", 3), signal], CHAIN, symptom="a")

    assert names(suspects)[0] == "a"
    assert told(suspects, "b") == "Nothing unusual was measured here."


def test_nothing_in_nothing_out():
    assert rank([], [], symptom="a") == []


def test_seven_hundred_and_fifty_signals_take_half_a_second():
    chance = np.random.default_rng(3)
    signals = [
        Signal(f"item {n % 50}", f"latency {n // 50}", chance.random(600), chance.random(5) + n % 3)
        for n in range(750)
    ]
    edges = [(f"item {n}", f"item {m}") for n in range(50) for m in (n + 1, 2 * n + 1) if m < 50]
    begin = process_time()

    rank(signals, edges, symptom="item 0")

    assert process_time() - begin < 0.5


items = st.sampled_from(["a", "b", "c", "d", "e"])
values = st.floats(allow_nan=True, allow_infinity=True) | st.sampled_from([1.0, 1.1, 3.0])
metrics = st.sampled_from(["latency", "client latency", "availability", "cpu", "requests"])
signals_of_any_sort = st.lists(
    st.builds(
        Signal,
        items,
        metrics,
        st.lists(values, max_size=9).map(np.array),
        st.lists(values, max_size=6).map(np.array),
        st.none() | items,
    ),
    max_size=8,
)
edges_of_any_sort = st.lists(st.tuples(items, items), max_size=9)
changes_of_any_sort = st.lists(
    st.builds(RecentChange, items, st.sampled_from(["x", "y"]), st.floats()), max_size=4
)


@given(
    signals_of_any_sort,
    edges_of_any_sort,
    changes_of_any_sort,
    st.sets(items, max_size=2),
    st.none() | metrics,
    st.randoms(use_true_random=False),
)
def test_any_input_gives_each_item_once_in_order_whatever_its_own_order(
    signals, edges, changes, proxies, metric, chance
):
    made = rank(
        signals, edges, symptom="a", symptom_metric=metric, changes=changes, proxies=proxies
    )

    known = {item for edge in edges for item in edge}
    known |= {name for s in signals for name in (s.item, s.towards) if name}
    assert sorted(names(made)) == (sorted(known) if signals else [])
    assert made == sorted(made, key=lambda each: (-each.score, each.item))
    assert all(0 <= each.score < float("inf") for each in made)
    assert all(each.reasons and all(r.endswith((".", "?")) for r in each.reasons) for each in made)
    for several in (signals, edges, changes):
        chance.shuffle(several)
    again = rank(
        signals, edges, symptom="a", symptom_metric=metric, changes=changes, proxies=proxies
    )
    assert again == made


@given(st.floats(1.5, 50))
def test_the_unit_does_not_matter(factor):
    seconds = chain(a=3, b=3, c=1)
    other = [replace(s, before=s.before * factor, after=s.after * factor) for s in seconds]

    assert names(rank(other, CHAIN, symptom="a")) == names(rank(seconds, CHAIN, symptom="a"))


@pytest.mark.parametrize(
    ("value", "told"),
    [
        pytest.param(5_813_211.0, "5,813,000", id="millions"),
        pytest.param(0.028_94, "0.02894", id="a fraction"),
        pytest.param(999.96, "1,000", id="rounded up"),
        pytest.param(-12_345.6, "-12,350", id="below zero"),
        pytest.param(0.0, "0", id="nothing"),
    ],
)
def test_figures_are_told_as_people_read_them(value, told):
    assert plain(value) == told
