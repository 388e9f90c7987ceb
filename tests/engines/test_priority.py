"""How urgently an incident needs people."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fullscore.engines.priority import Facts, Service, burn, judge

SHOP, MAIL = Service("shop", 1, "down"), Service("mail", 2, "down")
WIKI = Service("wiki", 3, "down")
pytestmark = pytest.mark.once


def facts(*services, growing=False, hours=False, burn=None):
    return Facts(services, growing, hours, burn)


@pytest.mark.parametrize(
    ("told", "priority", "reason"),
    [
        (facts(SHOP), 1, "P1 because shop (critical) is down."),
        (facts(burn=14.5), 1, "P1 because an error budget burns 14 times faster than it may; it"
         " still grows."),
        (facts(burn=14.4), 4, "P4 because no service is known to suffer; it still grows."),
        (facts(Service("shop", 1, "alone")), 2,
         "P2 because shop (critical) is without redundancy."),
        (facts(Service("shop", 1, "impaired"), growing=True), 2,
         "P2 because shop (critical) is impaired; it still grows."),
        (facts(MAIL, WIKI), 2, "P2 because mail (important) is down."),
        (facts(WIKI), 3, "P3 because wiki (internal) is down."),
        (facts(Service("games", 4, "down"), hours=True), 3,
         "P3 because games (minor) is down; it is business hours."),
        (facts(), 4, "P4 because no service is known to suffer."),
    ],
)  # fmt: skip
def test_the_priority_follows_from_who_suffers(told, priority, reason):
    judged = judge(told)

    assert (judged.priority, judged.reason) == (priority, reason)


@pytest.mark.parametrize(
    ("services", "growing", "hours", "impact", "urgency", "priority"),
    [
        (3, False, False, 0.75, 1.0, 3),
        (3, True, False, 0.75, 1.5, 2),
        (2, False, True, 0.5, 1.5, 3),
        (2, True, True, 0.5, 2.0, 2),
        (4, False, False, 1.0, 1.0, 2),
    ],
)
def test_many_small_services_weigh_as_much_as_a_critical_one(
    services, growing, hours, impact, urgency, priority
):
    told = [Service(f"s{n}", 3, "down") for n in range(services)]
    judged = judge(Facts(told, growing, hours))

    assert (judged.impact, judged.urgency, judged.priority) == (impact, urgency, priority)


def test_a_service_that_a_sibling_carries_counts_half_and_makes_it_urgent():
    judged = judge(facts(Service("shop", 1, "alone")))

    assert (judged.impact, judged.urgency) == (0.5, 1.5)


def test_a_reason_names_the_worst_three_and_counts_the_rest():
    told = [Service(f"s{n}", 1, "down") for n in range(5)]

    assert judge(Facts(told, False, False)).reason == (
        "P1 because s0 (critical) is down and s1 (critical) is down and s2 (critical) is down"
        " and 2 more suffer."
    )


one = st.builds(
    Service, st.sampled_from("abc"), st.integers(1, 4), st.sampled_from(["down", "impaired"])
)


@pytest.mark.parametrize(
    ("severity", "priority", "reason"),
    [
        (5, 1, "P1 because it is a critical matter of security."),
        (4, 2, "P2 because it is a grave matter of security."),
        (2, 3, "P3 because it is a matter of security."),
        (None, 4, "P4 because no service is known to suffer."),
    ],
)
def test_a_matter_of_security_is_urgent_though_nothing_fails(severity, priority, reason):
    judged = judge(Facts((), False, False, security=severity))

    assert (judged.priority, judged.reason) == (priority, reason)


@pytest.mark.parametrize("severity", [1, 2, 3, 4, 5])
@given(st.lists(one, max_size=6), st.floats(0, 100))
def test_security_never_makes_it_less_urgent(severity, services, burning):
    calm = judge(Facts(services, False, False, burning)).priority

    assert judge(Facts(services, False, False, burning, severity)).priority <= calm


@given(st.lists(one, max_size=6), one, st.booleans(), st.booleans(), st.floats(0, 100))
def test_worse_facts_never_make_it_less_urgent(services, more, growing, hours, fast):
    before = judge(Facts(services, growing, hours, fast)).priority

    assert judge(Facts([*services, more], growing, hours, fast)).priority <= before
    assert judge(Facts(services, True, True, fast)).priority <= before
    assert judge(Facts(services, growing, hours, fast * 2)).priority <= before
    worse = [Service(s.name, max(1, s.criticality - 1), "down") for s in services]
    assert judge(Facts(worse, growing, hours, fast)).priority <= before


@pytest.mark.parametrize(
    ("left", "expected"),
    [
        ([], None),
        ([(0, 1.0)], None),
        ([(0, 1.0), (0, 0.5)], None),
        ([(0, 1.0), (28 * 86400, 0.0)], 1.0),
        ([(0, 0.5), (3600, 0.5)], 0.0),
        ([(0, 0.5), (3600, 0.6)], 0.0),
        ([(0, 0.52), (3600, 0.50)], pytest.approx(13.44)),
    ],
)
def test_burn_is_the_fall_against_even_spending(left, expected):
    assert burn(left) == expected
