"""Who has to say yes: every rule as a row."""

import pytest

from fullscore.domains.foundation.changes.rules import Case, Needed, Policy, Yes, missing, needed

pytestmark = pytest.mark.once

LOW = Case("normal", "low", may_auto_approve=True)
RED, BLUE = frozenset({1}), frozenset({2})


@pytest.mark.parametrize(
    ("policies", "case", "count"),
    [
        pytest.param([], LOW, 1, id="without a policy one person"),
        pytest.param([Policy("p", band="low", needed=0)], LOW, 0, id="low, by a policy"),
        pytest.param([Policy("p", needed=0)], Case("normal", "low"), 1, id="the card forbids it"),
        pytest.param(
            [Policy("p", needed=0)],
            Case("normal", "medium", may_auto_approve=True),
            1,
            id="never medium",
        ),
        pytest.param(
            [],
            Case("standard", "low", may_auto_approve=True, is_preapproved=True),
            0,
            id="approved beforehand",
        ),
        pytest.param(
            [], Case("standard", "low", may_auto_approve=True), 1, id="a template nobody approved"
        ),
        pytest.param(
            [],
            Case("standard", "low", is_preapproved=True),
            1,
            id="approved beforehand, but in a freeze",
        ),
        pytest.param([Policy("p", needed=0)], Case("emergency", "low"), 1, id="never an emergency"),
        pytest.param([], Case("normal", "high"), 2, id="high takes two"),
        pytest.param(
            [Policy("p", band="high", needed=1)], Case("normal", "high"), 2, id="high, always"
        ),
        pytest.param(
            [Policy("a", needed=1), Policy("b", needed=3)], LOW, 3, id="the most that is asked for"
        ),
        pytest.param([Policy("p", kind="standard", needed=3)], LOW, 1, id="another kind"),
        pytest.param(
            [Policy("p", environment="production", needed=3)],
            Case("normal", "low", environments=frozenset({"test"})),
            1,
            id="another environment",
        ),
        pytest.param(
            [Policy("p", tag="shop", needed=2)],
            Case("normal", "low", tags=frozenset({"shop"})),
            2,
            id="by a tag",
        ),
    ],
)
def test_how_many_have_to_approve(policies, case, count):
    assert needed(policies, case).count == count


@pytest.mark.parametrize(
    ("wanted", "said", "lacks"),
    [
        pytest.param(Needed(1), [], "one more approval", id="nobody yet"),
        pytest.param(Needed(1), [Yes(1)], None, id="one is enough"),
        pytest.param(Needed(2), [Yes(1), Yes(1)], "one more approval", id="nobody counts twice"),
        pytest.param(
            Needed(2, is_apart=True), [Yes(1, RED), Yes(2, RED)], "different teams", id="one team"
        ),
        pytest.param(
            Needed(2, is_apart=True),
            [Yes(1, RED), Yes(2, RED | BLUE)],
            "different teams",
            id="a team in common",
        ),
        pytest.param(
            Needed(2, is_apart=True), [Yes(1, RED), Yes(2)], "different teams", id="in no team"
        ),
        pytest.param(Needed(2, is_apart=True), [Yes(1, RED), Yes(2, BLUE)], None, id="two teams"),
        pytest.param(
            Needed(1, teams=BLUE), [Yes(1, RED)], "a team that a policy names", id="another team"
        ),
        pytest.param(Needed(1, teams=BLUE), [Yes(1, BLUE)], None, id="the team named"),
        pytest.param(
            Needed(1, people=frozenset({7})), [Yes(1)], "whom a policy names", id="another person"
        ),
        pytest.param(Needed(1, people=frozenset({7})), [Yes(7)], None, id="the person named"),
    ],
)
def test_what_is_still_missing(wanted, said, lacks):
    told = missing(wanted, said)

    assert (not told) if lacks is None else any(lacks in one for one in told)
