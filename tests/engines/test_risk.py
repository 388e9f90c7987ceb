"""The risk of a change: its points, their reasons, and who need not be asked."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fullscore.engines.risk import Dependent, Facts, assess

pytestmark = pytest.mark.once

HARMLESS = Facts(
    kind="standard",
    dependents=(),
    failed=0,
    closed=0,
    usual_failure_rate=0.05,
    nearby_changes=0,
    open_incidents=0,
    rollback="rehearsed",
    verification="automated",
    budget_left=None,
    in_freeze=False,
    in_business_hours=False,
    keeps_redundancy=True,
)
USUAL = Facts(
    kind="normal",
    dependents=(Dependent(1, 1), Dependent(0.5, 2), Dependent(0.25, 3)),
    failed=2,
    closed=20,
    usual_failure_rate=0.05,
    nearby_changes=1,
    open_incidents=1,
    rollback="written",
    verification="manual",
    budget_left=0.4,
    in_freeze=False,
    in_business_hours=True,
    keeps_redundancy=False,
)
RECKLESS = Facts(
    kind="emergency",
    dependents=(Dependent(1, 1),) * 6,
    failed=5,
    closed=10,
    usual_failure_rate=0.05,
    nearby_changes=0,
    open_incidents=0,
    rollback="none",
    verification="none",
    budget_left=None,
    in_freeze=True,
    in_business_hours=False,
    keeps_redundancy=False,
)
SPOTLESS = replace(HARMLESS, usual_failure_rate=0, keeps_redundancy=False)  # not one term


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        pytest.param(HARMLESS, (0, "low", True), id="harmless"),
        pytest.param(USUAL, (55, "medium", False), id="usual"),
        pytest.param(RECKLESS, (100, "high", False), id="reckless"),
    ],
)
def test_points_band_and_approval(facts, expected):
    made = assess(facts)

    assert (made.points, made.band, made.may_auto_approve) == expected


@pytest.mark.parametrize(
    ("told", "name", "points"),
    [
        pytest.param({"kind": "normal"}, "kind", 5, id="a normal change"),
        pytest.param({"kind": "emergency"}, "kind", 20, id="an emergency"),
        pytest.param({"dependents": (Dependent(1, 1),) * 3}, "blast", 15, id="three direct ones"),
        pytest.param({"dependents": (Dependent(1, 2),) * 6}, "blast", 15, id="six behind them"),
        pytest.param({"usual_failure_rate": 0.1}, "record", 10, id="no record: the usual rate"),
        pytest.param({"failed": 4, "closed": 30}, "record", 10, id="an old record"),
        pytest.param({"failed": 9, "closed": 9}, "record", 20, id="a record as bad as can be"),
        pytest.param({"nearby_changes": 1}, "nearby", 6, id="one change nearby"),
        pytest.param({"nearby_changes": 5}, "nearby", 12, id="five changes nearby"),
        pytest.param({"open_incidents": 1}, "nearby", 8, id="one incident nearby"),
        pytest.param({"nearby_changes": 9, "open_incidents": 9}, "nearby", 28, id="chaos nearby"),
        pytest.param({"rollback": "written"}, "rollback", 5, id="a way back on paper"),
        pytest.param({"rollback": "none"}, "rollback", 15, id="no way back"),
        pytest.param({"verification": "manual"}, "verification", 3, id="checked by hand"),
        pytest.param({"verification": "none"}, "verification", 8, id="not checked"),
        pytest.param({"budget_left": 0.25}, "budget", 7.5, id="a quarter of the budget left"),
        pytest.param({"budget_left": -3.0}, "budget", 10, id="the budget overdrawn"),
        pytest.param({"in_freeze": True}, "timing", 20, id="in a freeze"),
        pytest.param({"in_business_hours": True}, "timing", 5, id="in business hours"),
        pytest.param({"in_freeze": True, "in_business_hours": True}, "timing", 25, id="in both"),
        pytest.param({"keeps_redundancy": True}, "redundancy", -8, id="a standby serves"),
    ],
)
def test_each_row_of_the_card(told, name, points):
    (term,) = assess(replace(SPOTLESS, **told)).terms

    assert (term.name, term.points) == (name, pytest.approx(points))
    assert term.reason.endswith(".")


@pytest.mark.parametrize(
    "told",
    [
        pytest.param({}, id="nothing known"),
        pytest.param({"budget_left": 1.0}, id="a full budget"),
        pytest.param({"budget_left": math.inf}, id="a budget beyond full"),
        pytest.param({"dependents": (Dependent(0, 1),)}, id="a dependent nobody misses"),
    ],
)
def test_what_counts_nothing_is_not_on_the_card(told):
    assert assess(replace(SPOTLESS, **told)).terms == ()


@pytest.mark.parametrize(
    ("points", "band"),
    [
        pytest.param(29.4, "low", id="rounded down below thirty"),
        pytest.param(29.6, "medium", id="rounded up to thirty"),
        pytest.param(59.4, "medium", id="rounded down below sixty"),
        pytest.param(59.6, "high", id="rounded up to sixty"),
    ],
)
def test_the_band_follows_from_the_rounded_points(points, band):
    twenty = replace(SPOTLESS, in_freeze=True)
    fifty = replace(twenty, rollback="none", kind="normal", nearby_changes=9)  # and two
    base = twenty if points < 50 else fifty
    missing = points - assess(base).points

    made = assess(replace(base, budget_left=1 - missing / 10))

    assert (made.points, made.band) == (round(points), band)


@pytest.mark.parametrize(
    ("told", "may"),
    [
        pytest.param({"kind": "normal"}, True, id="normal and low"),
        pytest.param({"kind": "emergency"}, False, id="an emergency, however low"),
        pytest.param({"rollback": "none"}, False, id="no way back"),
        pytest.param({"in_freeze": True}, False, id="in a freeze"),
        pytest.param({"open_incidents": 2, "nearby_changes": 2, "verification": "none"}, True,
                     id="standard, though of medium risk"),
        pytest.param({"kind": "normal", "open_incidents": 2, "nearby_changes": 2}, False,
                     id="normal and medium"),
    ],
)  # fmt: skip
def test_what_may_go_ahead_unasked(told, may):
    assert assess(replace(SPOTLESS, **told)).may_auto_approve is may


@pytest.mark.parametrize(
    "told",
    [
        pytest.param({"kind": "urgent"}, id="unknown kind"),
        pytest.param({"rollback": "maybe"}, id="unknown rollback"),
        pytest.param({"verification": ""}, id="unknown verification"),
        pytest.param({"failed": -1}, id="negative failures"),
        pytest.param({"closed": -1}, id="negative record"),
        pytest.param({"closed": math.nan}, id="a record that is no number"),
        pytest.param({"nearby_changes": -1}, id="negative changes"),
        pytest.param({"open_incidents": math.inf}, id="endless incidents"),
        pytest.param({"usual_failure_rate": math.nan}, id="a rate that is no number"),
        pytest.param({"usual_failure_rate": 1.1}, id="a rate above one"),
        pytest.param({"budget_left": math.nan}, id="a budget that is no number"),
        pytest.param({"dependents": (Dependent(1.5, 1),)}, id="criticality above one"),
        pytest.param({"dependents": (Dependent(math.nan, 1),)}, id="criticality no number"),
        pytest.param({"dependents": (Dependent(1, 0),)}, id="no hops"),
    ],
)
def test_what_makes_no_sense_is_refused(told):
    with pytest.raises(ValueError, match="must be"):
        assess(replace(USUAL, **told))


counts = st.integers(0, 60)
shares = st.floats(0, 1)
dependents = st.lists(st.builds(Dependent, shares, st.integers(1, 9)), max_size=9).map(tuple)
facts_of_any_sort = st.builds(
    Facts,
    kind=st.sampled_from(["standard", "normal", "emergency"]),
    dependents=dependents,
    failed=counts,
    closed=counts,
    usual_failure_rate=shares,
    nearby_changes=counts,
    open_incidents=counts,
    rollback=st.sampled_from(["rehearsed", "written", "none"]),
    verification=st.sampled_from(["automated", "manual", "none"]),
    budget_left=st.none() | shares,
    in_freeze=st.booleans(),
    in_business_hours=st.booleans(),
    keeps_redundancy=st.booleans(),
)
# What each field may become that is worse; no more than the facts at hand decides it.
WORSE = {
    "kind": lambda facts: "emergency" if facts.kind != "standard" else "normal",
    "dependents": lambda facts: (*facts.dependents, Dependent(0.5, 2)),
    "failed": lambda facts: facts.failed + 1,
    "usual_failure_rate": lambda facts: min(1.0, facts.usual_failure_rate * 1.5 + 0.01),
    "nearby_changes": lambda facts: facts.nearby_changes + 1,
    "open_incidents": lambda facts: facts.open_incidents + 1,
    "rollback": lambda facts: "none" if facts.rollback != "rehearsed" else "written",
    "verification": lambda facts: "none" if facts.verification != "automated" else "manual",
    "budget_left": lambda facts: (1.0 if facts.budget_left is None else facts.budget_left) / 2,
    "in_freeze": lambda facts: True,
    "in_business_hours": lambda facts: True,
    "keeps_redundancy": lambda facts: False,
}


@given(facts_of_any_sort, st.sampled_from(sorted(WORSE)))
def test_worse_facts_never_lower_the_points(facts, name):
    worse = replace(facts, **{name: WORSE[name](facts)})

    assert assess(worse).points >= assess(facts).points


@given(facts_of_any_sort, st.integers(0, 8))
def test_a_nearer_or_more_critical_dependent_never_lowers_the_points(facts, place):
    if place >= len(facts.dependents):
        return
    each = facts.dependents[place]
    others = facts.dependents[:place] + facts.dependents[place + 1 :]
    for worse in (replace(each, hops=1), replace(each, criticality=1)):
        assert assess(replace(facts, dependents=(*others, worse))).points >= assess(facts).points


@given(facts_of_any_sort)
def test_the_terms_sum_to_the_total_and_stand_once_each(facts):
    made = assess(facts)

    total = sum(term.points for term in made.terms)
    assert made.points == round(min(100, max(0, total)))
    assert made.band == ("high" if made.points >= 60 else "medium" if made.points >= 30 else "low")
    names = [term.name for term in made.terms]
    assert len(set(names)) == len(names)
    assert all(term.points and term.reason for term in made.terms)


@given(facts_of_any_sort)
def test_the_order_of_dependents_does_not_matter(facts):
    turned = replace(facts, dependents=facts.dependents[::-1])

    assert assess(turned) == assess(facts)
