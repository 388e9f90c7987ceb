"""What a line of prose is about, and whether it says that something is over."""

import time

import pytest

from fullscore.connectors.wording import state_words, template


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("Failed for root from 10.0.0.7 port 4242", "Failed for root from # port #",
                     id="address and number"),
        pytest.param("from fe80::1ff:fe23:4567:890a to ::1", "from # to #", id="IPv6"),
        pytest.param("session 3f2504e0-4f89-11d3-9a0c-0305e82c3301 ended", "session # ended",
                     id="UUID"),
        pytest.param("at 0xdeadBEEF in deadbeef42", "at # in #", id="hexadecimal"),
        pytest.param("link 00:1a:2b:3c:4d:5e flaps", "link # flaps", id="hardware address"),
        pytest.param('cannot open "/a b/c" now', 'cannot open "*" now', id="quoted"),
        pytest.param("can't open 'x', won't", 'can\'t open "*", won\'t', id="apostrophes stay"),
        pytest.param("2026-11-27 07:00:01,123  up\t9 days", "# # up # days", id="stamp and spaces"),
        pytest.param("decade facade", "decade facade", id="words of hexadecimal letters stay"),
        pytest.param("", "", id="nothing"),
    ],
)  # fmt: skip
def test_a_template_leaves_out_what_changes(text, expected):
    assert template(text) == expected


@pytest.mark.parametrize("text", ['"' * 70_000, "a:" * 40_000, "'" * 9_999, "f" * 70_000])
def test_no_text_takes_long(text):
    began = time.monotonic()

    template(text)

    assert time.monotonic() - began < 0.5


@pytest.mark.parametrize(
    ("rules", "text", "is_over"),
    [
        pytest.param(("down = up",), "Interface eth0 is up", True, id="a pair"),
        pytest.param(("down = up",), "Interface eth0 is Down", False, id="its first word"),
        pytest.param(("down = up",), "changed from up to down", False, id="the last counts"),
        pytest.param(("down = up",), "changed from down to up", True, id="and the other way"),
        pytest.param(("OK",), "all is OK now", True, id="a word alone"),
        pytest.param(("OK",), "is that ok?", False, id="capitals mean capitals"),
        pytest.param(("resolved",), "unresolved", False, id="whole words"),
        pytest.param((), "OK RESOLVED", False, id="no rule"),
    ],
)
def test_whether_something_is_over(rules, text, is_over):
    assert state_words(rules).is_over(text) is is_over


def test_beginning_and_end_are_the_same_without_their_words():
    words = state_words(("PROBLEM = RECOVERY", "CRITICAL = OK", "DOWN = OK"))

    assert words.without("PROBLEM: disk is CRITICAL") == words.without("RECOVERY: disk is OK")


@pytest.mark.parametrize("rules", [("= up",), ("down =",), ("a = b = c",), ("",), ("a = b", "a")])
def test_a_rule_that_says_nothing_is_refused(rules):
    with pytest.raises(ValueError, match="“"):
        state_words(rules)
