"""Names of the code, as people read them."""

import pytest

from fullscore.kit.words import past, titled


@pytest.mark.parametrize(
    ("name", "told"),
    [
        pytest.param("ssh_port", "SSH port", id="an acronym in front"),
        pytest.param("os version", "OS version", id="in words already"),
        pytest.param("API tokens", "API tokens", id="written right"),
        pytest.param("due_on", "Due on", id="none"),
        pytest.param("identity", "Identity", id="begins like one"),
        pytest.param("", "", id="nothing"),
    ],
)
def test_a_name_becomes_a_heading(name, told):
    assert titled(name) == told


@pytest.mark.parametrize(
    ("verb", "told"),
    [
        pytest.param("acknowledge", "acknowledged", id="ends with e"),
        pytest.param("mute", "muted", id="short"),
        pytest.param("verify", "verified", id="ends with y"),
        pytest.param("say_fixed", "said fixed", id="irregular, of two words"),
        pytest.param("run", "ran", id="irregular"),
    ],
)
def test_a_verb_becomes_what_was_done(verb, told):
    assert past(verb) == told
