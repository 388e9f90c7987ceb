"""Values in commands: each arrives at the program as the one word it is, whatever is in it."""

import json
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fullscore.engines import runbooks
from fullscore.engines.runbooks import Parameter

SHOW = f"{sys.executable} -S -c 'import json,sys;print(json.dumps(sys.argv[1:]))'"
TEXT = Parameter("what", "text")


def shown(command, **values):
    """Run a command with its values in a real shell; return the words its program was given."""
    line = runbooks.filled(command, values)
    done = subprocess.run(["sh", "-c", line], capture_output=True, timeout=20, check=True)
    return json.loads(done.stdout)


@given(st.text(min_size=1, max_size=60).filter(lambda value: not runbooks.wrong(TEXT, value)))
@settings(max_examples=60, deadline=None)
def test_a_value_reaches_the_program_as_one_word_whatever_is_in_it(value):
    assert shown(SHOW + " {what} --x={what} end", what=value) == [value, f"--x={value}", "end"]


@pytest.mark.parametrize(
    "value", ["$(id)", "`id`", "; id", "a' 'b", '"', "\\", "*", "~", "$HOME", "a && b", "#", "!!"]
)
def test_what_means_something_to_a_shell_means_nothing_in_a_value(value):
    assert shown(SHOW + " {what}", what=value) == [value]


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        (
            "name",
            ["nginx.service", "web-1", "a@b:c+d"],
            ["", "-rf", "a b", "a;b", "ä", "a/b", "$x"],
        ),
        ("number", ["0", "15"], ["", "-1", "1.5", "1e3", "９", "1" * 19]),
        ("path", ["/", "/var/log/a-b.log"], ["", "var", "/a/../b", "/a b", "/a;b", "-/x"]),
        ("text", ["Hello, world", "a 'b' $c"], ["", "-x", "a\nb", "a\x1bb", "x" * 201]),
    ],
)
def test_a_value_fits_its_kind_or_is_refused_in_a_sentence(kind, good, bad):
    parameter = Parameter("what", kind)

    assert [runbooks.wrong(parameter, value) for value in good] == [""] * len(good)
    assert all(runbooks.wrong(parameter, value).startswith("“what” is") for value in bad)


@pytest.mark.parametrize(
    "command",
    [
        "eval {what}",
        "sh -c {what}",
        "ssh host {what}",
        "xargs echo {what}",
        "awk {what}",
        "[[ {what} ]]",
    ],
)
def test_a_free_text_never_stands_where_it_is_read_as_a_program(command):
    text = f"```parameters\nwhat: text\n```\n## A\n```command\n{command}\n```"

    assert "free text" in str(runbooks.read(text).troubles[0])


def test_what_is_missing_or_not_known_is_told_and_defaults_hold():
    parameters = (Parameter("unit", "name", "nginx"), Parameter("lines", "number"))

    told, problems = runbooks.given(parameters, {"lines": "many", "other": "x"})

    assert told["unit"] == "nginx"
    assert set(problems) == {"lines", "other"}
    assert "no parameter" in problems["other"]
    assert runbooks.given(parameters, {"lines": "5"}) == ({"unit": "nginx", "lines": "5"}, {})


def test_braces_that_are_no_parameter_stay_as_they_are():
    assert runbooks.filled("echo ${HOME} {a,b} {item}", {"item": "web"}) == (
        "echo ${HOME} {a,b} web"
    )
