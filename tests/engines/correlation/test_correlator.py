"""How alerts become incidents."""

import math
from collections import defaultdict
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fullscore.engines.correlation import Alert, Correlator

pytestmark = pytest.mark.once

TREE = [
    ("host", "switch"),
    ("host 2", "switch"),
    ("machine", "host"),
    ("machine 2", "host"),
    ("machine 3", "host"),
    ("database", "machine"),
    ("service", "database"),
]


def incidents(alerts, edges=TREE, **options):
    """Return the groups of keys, as whoever follows the placements knows them."""
    correlator = Correlator(edges, **options)
    keys = defaultdict(set)
    for alert in alerts:
        placement = correlator.add(alert)
        keys[placement.incident].add(alert.key)
        for absorbed in placement.merged:
            keys[placement.incident] |= keys.pop(absorbed)
    return {frozenset(members) for members in keys.values()}


def at(**times):
    """Return one alert per item, its key the item; `_` stands for a space."""
    named = {name.replace("_", " "): time for name, time in times.items()}
    return [Alert(item, item, time) for item, time in named.items()]


def groups(*members):
    return {frozenset(each.split(", ")) for each in members}


@pytest.mark.parametrize(
    ("alerts", "expected"),
    [
        pytest.param(at(host=0, machine=9), groups("host, machine"), id="what a host carries"),
        pytest.param(at(switch=0, database=40), groups("switch, database"), id="over three hops"),
        pytest.param(at(switch=0, service=40), groups("switch", "service"), id="four are too far"),
        pytest.param(
            at(switch=0, host=9, machine=20, database=40, service=60),
            groups("switch, host, machine, database, service"),
            id="a chain has no length",
        ),
        pytest.param(at(machine=0, host=9), groups("machine, host"), id="the effect comes first"),
        pytest.param(at(machine=0, host=90), groups("machine", "host"), id="far too early"),
        pytest.param(at(host=0, machine=121), groups("host", "machine"), id="after the gap"),
        pytest.param(at(host=0, host_2=1), groups("host, host 2"), id="a silent switch"),
        pytest.param(at(machine=0, machine_2=1), groups("machine, machine 2"), id="two of three"),
        pytest.param(
            at(machine=0, machine_2=61), groups("machine", "machine 2"), id="not at one time"
        ),
        pytest.param(at(elsewhere=0, other=0), groups("elsewhere", "other"), id="unknown items"),
    ],
)
def test_what_one_cause_explains_is_one_incident(alerts, expected):
    assert incidents(alerts) == expected


def test_one_of_many_siblings_does_not_make_a_silent_cause():
    edges = [(f"machine {n}", "host") for n in range(10)]

    found = incidents(at(machine_1=0, machine_2=1), edges)

    assert found == groups("machine 1", "machine 2")


def test_an_alert_joins_the_nearer_and_likelier_of_two_causes():
    edges = [("service", "database"), ("service", "queue"), ("queue", "host")]

    nearer = incidents(at(host=0, database=0, service=20), edges)
    fresher = incidents(at(queue=0, database=80, service=100), edges)

    assert nearer == groups("host", "database, service")
    assert fresher == groups("queue", "database, service")


def test_a_cause_found_late_merges_the_later_incidents_into_the_earliest():
    correlator = Correlator(TREE)
    first = correlator.add(Alert("a", "machine", 0))
    second = correlator.add(Alert("b", "host 2", 1))
    alone = correlator.add(Alert("c", "elsewhere", 2))

    cause = correlator.add(Alert("d", "switch", 5))

    assert (first.incident, second.incident, alone.incident) == (1, 2, 3)
    assert (cause.incident, cause.is_new, cause.merged) == (1, False, (2,))
    assert correlator.add(Alert("b", "host 2", 6)).incident == 1


@pytest.mark.parametrize("again", [0.0, 5.0, 5_000.0, -5_000.0])
def test_a_repeated_key_stays_where_it_is(again):
    correlator = Correlator(TREE)
    first = correlator.add(Alert("a", "host", 0))
    correlator.add(Alert("b", "elsewhere", 4_000))

    repeated = correlator.add(Alert("a", "host", again))

    assert first.is_new
    assert (repeated.incident, repeated.is_new, repeated.merged) == (first.incident, False, ())


def test_another_key_of_a_failing_item_joins_it():
    alerts = [Alert("cpu", "elsewhere", 0), Alert("disk", "elsewhere", 60)]

    assert incidents(alerts) == groups("cpu, disk")


def test_alerts_without_an_item_stand_alone():
    assert incidents([Alert("a", "", 0), Alert("b", "", 0)]) == groups("a", "b")


def test_a_resolved_incident_takes_nothing_in():
    correlator = Correlator(TREE)
    correlator.add(Alert("a", "host", 0))
    correlator.resolve("a", 5)

    assert correlator.add(Alert("b", "machine", 9)).is_new


def test_an_incident_takes_things_in_while_any_of_its_alerts_is_open():
    correlator = Correlator(TREE)
    correlator.add(Alert("a", "host", 0))
    correlator.add(Alert("b", "machine 2", 5))
    correlator.resolve("a", 6)

    assert correlator.add(Alert("c", "machine", 9)).incident == 1


def test_a_resolved_key_opens_its_incident_again_within_the_gap_and_a_new_one_later():
    correlator = Correlator(TREE)
    correlator.add(Alert("a", "host", 0))
    correlator.resolve("a", 5)

    again = correlator.add(Alert("a", "host", 60))
    joined = correlator.add(Alert("b", "machine", 70))
    correlator.resolve("a", 80)
    correlator.resolve("b", 80)
    later = correlator.add(Alert("a", "host", 300))

    assert (again.incident, again.is_new, joined.incident) == (1, False, 1)
    assert (later.incident, later.is_new) == (2, True)


def test_a_resolution_older_than_the_last_sign_changes_nothing():
    correlator = Correlator(TREE)
    correlator.add(Alert("a", "host", 10))

    correlator.resolve("a", 9)
    correlator.resolve("never sent", 9)

    assert correlator.add(Alert("b", "machine", 12)).incident == 1


@pytest.mark.parametrize("time", [math.nan, math.inf, -math.inf])
def test_a_time_that_is_none_is_refused_and_changes_nothing(time):
    correlator = Correlator(TREE)

    with pytest.raises(ValueError, match="finite"):
        correlator.add(Alert("a", "host", time))
    with pytest.raises(ValueError, match="finite"):
        correlator.resolve("a", time)

    assert correlator.add(Alert("a", "host", 0)).is_new


@pytest.mark.parametrize(
    "options", [{"gap_seconds": 0}, {"gap_seconds": math.nan}, {"gap_seconds": -1}, {"hops": 0}]
)
def test_a_gap_or_reach_that_is_none_is_refused(options):
    with pytest.raises(ValueError, match="must be"):
        Correlator(TREE, **options)


@pytest.mark.parametrize(
    ("alerts", "reason"),
    [
        pytest.param(
            at(host=0),
            "Nothing that host depends on, or that depends on it, failed within 120 s.",
            id="alone",
        ),
        pytest.param(
            at(elsewhere=0),
            "elsewhere has no known dependencies, so it stands for itself.",
            id="unknown",
        ),
        pytest.param(
            at(host=0, machine=9),
            "machine depends directly on host, which failed 9 s before.",
            id="direct",
        ),
        pytest.param(
            at(host=0, database=9),
            "database depends over 2 hops on host, which failed 9 s before.",
            id="two hops",
        ),
        pytest.param(
            at(machine=0, host=9), "host explains machine, which failed with it.", id="cause"
        ),
        pytest.param(
            at(machine=0, machine_2=9),
            "2 of 3 that depend on host fail together: host is likely down.",
            id="silent cause",
        ),
        pytest.param(
            [*at(host=0), Alert("host", "host", 2)],
            "The same alert was placed here before.",
            id="again",
        ),
    ],
)
def test_every_placement_says_why(alerts, reason):
    correlator = Correlator(TREE)

    assert [correlator.add(alert) for alert in alerts][-1].reason == reason


names = st.sampled_from("abcdefgh")
graphs = st.lists(st.tuples(names, names), max_size=24)
moments = st.integers(0, 8).map(lambda n: n * 10.0)
alerts = st.lists(
    st.builds(Alert, st.uuids().map(str), st.sampled_from("abcdefghx"), moments), max_size=14
)


@given(edges=graphs, sent=alerts, shuffled=st.randoms(use_true_random=False))
def test_alerts_of_equal_time_may_come_in_any_order(edges, sent, shuffled):
    other = list(sent)
    shuffled.shuffle(other)

    in_order, otherwise = (sorted(each, key=lambda alert: alert.at) for each in (sent, other))

    assert incidents(in_order, edges) == incidents(otherwise, edges)


def test_a_silent_cause_inferred_at_once_with_its_own_alert_does_not_depend_on_their_order():
    edges = ["cf", "ce", "be", "bc", "df", "fa", "dg", "bg", "ef", "ge"]
    alerts = [Alert(f"{n}", item, 25) for n, item in enumerate("eda")]
    before = [Alert("first", "b", 0)]
    at_ten = [Alert(item, item, 10) for item in "ecf"]

    found = [
        incidents([*before, *order, *alerts], [tuple(edge) for edge in edges])
        for order in permutations(at_ten)
    ]

    assert all(each == found[0] for each in found)


steps = st.lists(
    st.tuples(
        st.sampled_from(["add", "resolve"]),
        st.integers(0, 9).map(str),
        st.sampled_from("abcdefghx"),
        st.one_of(st.integers(-400, 400).map(float), st.floats(allow_nan=False, width=64)),
    ),
    max_size=40,
)


@given(edges=graphs, steps=steps)
def test_any_graph_and_any_times_give_each_key_one_incident(edges, steps):
    correlator = Correlator(edges)
    alive = set()
    for what, key, item, time in steps:
        if not math.isfinite(time):
            continue
        if what == "resolve":
            correlator.resolve(key, time)
            continue
        placement = correlator.add(Alert(key, item, time))
        assert placement.is_new == (placement.incident not in alive)
        assert placement.incident not in placement.merged
        assert alive.issuperset(placement.merged)
        assert placement.reason.endswith(".")
        alive = (alive | {placement.incident}) - set(placement.merged)


def test_what_is_resolved_and_past_the_gap_is_forgotten():
    correlator = Correlator(TREE)
    for n in range(2_000):
        correlator.add(Alert(f"{n}", TREE[n % 7][0], n * 10.0))
        correlator.resolve(f"{n}", n * 10.0 + 5)

    kept = (correlator._sent, correlator._resolved, correlator._failures._old)

    assert max(len(each) for each in kept) < 20
    assert len(correlator._failures._of) <= 7


def test_open_alerts_are_remembered_and_nothing_else_of_them():
    correlator = Correlator(TREE)
    for n in range(2_000):
        correlator.add(Alert(f"{n}", "host", n * 1_000.0))

    assert len(correlator._sent) == 2_000
    assert len(correlator._failures._old) == 1
    assert correlator.add(Alert("7", "host", 3e6)).incident == 8
