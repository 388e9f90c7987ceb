"""Adding, changing, verbs, commands, help and refusals on the command line."""

import json
import subprocess
import sys

import pytest

from fullscore.domains.foundation.directory.models import Person
from fullscore.kit.models import AuditEntry
from tests.interfaces.people import person, team

EXPLAINED = """\
membership: One person's place in one team, for a time.
Pages       /memberships, /memberships/42
API         GET POST /api/memberships, GET PATCH /api/memberships/42, GET
            /api/memberships/42/history
Columns     person (person), team (team), role (char), manager (person),
            starts_on (date), ends_on (date)
Facts       is_primary (boolean)
Fields      person (person), team (team), role (char), manager (person),
            is_primary (boolean), starts_on (date), ends_on (date)
Filters     team (--team), person (--person), q (--q)
Sorts       -starts_on
Search      person__name, team__name
Past        kept: versions, as-of
Rights      directory.view_membership, directory.add_membership,
            directory.change_membership
Verb        end: Let somebody's time in a team end on a day.
            fullscore membership end 42 --ends-on?
            POST /api/memberships/42/end
            needs directory.change_membership
"""


def test_adding_says_what_was_added_and_is_audited(fullscore, ann):
    told = fullscore("person", "add", "--name", "Abe", "--state", "away")

    made = Person.objects.get()
    assert (told.code, told.out) == (0, f"Added person {made.pk}: Abe.\n")
    entry = AuditEntry.objects.latest("n")
    assert (entry.via, entry.by, entry.verb) == ("cli", ann, "add")


def test_changing_gives_json_when_asked_and_clears_with_nothing(fullscore, ann):
    person("Abe", by=ann, email="abe@example.org")

    told = fullscore("person", "change", "Abe", "--email", "", "--json")

    assert json.loads(told.out)["email"] == ""
    assert Person.objects.get().email == ""


def test_a_field_takes_a_record_by_name_and_yes_or_no(fullscore, ann):
    abe, _ = person("Abe", by=ann), team("Net", by=ann)

    told = fullscore(
        "membership", "add", "--person", "abe", "--team", "Net", "--is-primary", "no",
        "--starts-on", "2026-01-01",
    )  # fmt: skip

    assert told.code == 0, told.err
    held = abe.memberships.get()
    assert (held.team.name, held.is_primary) == ("Net", False)


def test_a_verb_takes_records_by_name(fullscore, ann):
    abe, net = person("Abe", by=ann), team("Net", by=ann)

    told = fullscore("person", "join", "Abe", "--team", "net", "--role", "lead")

    assert (told.code, told.out) == (0, "Abe is in Net.\n")
    assert abe.memberships.get().team == net


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        pytest.param(["show", "99999"], "There is no person 99999", id="no such id"),
        pytest.param(["show", "Zoe"], "There is no person “Zoe”", id="no such name"),
        pytest.param(["add", "--name", "B", "--state", "x"], "State: Select", id="no choice"),
        pytest.param(["change", "Abe"], "Nothing to change", id="nothing given"),
        pytest.param(["leave", "Abe", "--ends-on", "soon"], "Ends on: Give a day", id="no day"),
        pytest.param(["list", "--sort", "email"], "no sort “email”", id="no such sort"),
        pytest.param(["list", "--columns", "pw"], "no column “pw”", id="no such column"),
        pytest.param(["list", "--at", "noon"], "no moment", id="no moment"),
        pytest.param(["show", "Abe", "--at", "2020-01-01"], "2020-01-01", id="before it was"),
    ],
)
def test_what_is_refused_is_one_sentence_and_code_1(fullscore, ann, words, sentence):
    person("Abe", by=ann)

    told = fullscore("person", *words)

    assert (told.code, told.out) == (1, "")
    assert told.err.startswith("fullscore: ")
    assert sentence in told.err
    assert told.err.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        pytest.param(["persn", "list"], "Did you mean person?", id="a noun misspelt"),
        pytest.param(["person"], "ACT", id="a noun alone"),
        pytest.param(["person", "dance", "1"], "invalid choice", id="no such verb"),
        pytest.param(["person", "delete", "1"], "invalid choice", id="never deleted"),
        pytest.param(["person", "list", "--colour", "red"], "--colour", id="no such filter"),
        pytest.param(["person", "add"], "--name", id="a field that is missing"),
        pytest.param(["person", "join", "1"], "--team", id="an argument that is missing"),
        pytest.param(["--as", "ann@example.org"], "Say what to do", id="nobody told what"),
        pytest.param(["explain", "persn"], "no noun", id="explaining what is not"),
    ],
)
def test_what_is_not_understood_is_code_2(fullscore, ann, words, sentence):
    told = fullscore(*words)

    assert told.code == 2
    assert sentence in told.err


def test_one_acts_as_whom_one_says(fullscore, ann, monkeypatch):
    refused = fullscore("person", "add", "--name", "Abe", "--as", "bob@example.org")
    unknown = fullscore("--as", "zoe@example.org", "person", "list")
    monkeypatch.setenv("FULLSCORE_USER", "bob@example.org")
    from_environment = fullscore("person", "add", "--name", "Abe")

    assert (refused.code, "directory.add_person" in refused.err) == (1, True)
    assert unknown.err == "fullscore: There is no account zoe@example.org.\n"
    assert from_environment.code == 1
    assert not Person.objects.exists()


def test_commands_get_the_words_after_their_name(fullscore):
    assert fullscore("echo", "a", "--as", "b").out == "a --as b\n"


def test_what_breaks_is_a_line_and_never_a_traceback(fullscore):
    told = fullscore("break")

    assert told.code == 1
    assert told.err.startswith("fullscore: This broke on our side: ZeroDivisionError")
    assert "Traceback" not in told.err


def test_help_asks_for_no_noun(fullscore):
    def no_nouns():
        raise AssertionError("nouns were loaded")

    told = fullscore("--help", resources=no_nouns)

    assert told.code == 0
    assert "echo                  say it again" in told.out


def test_help_loads_neither_models_nor_forms():
    code = (
        "import sys; from fullscore.interfaces.cli.run import run;"
        "run(['--help'], None, (), None);"
        "sys.exit(any(m in sys.modules for m in ('django.db', 'django.forms', 'pydantic')))"
    )

    ended = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True)

    assert ended.returncode == 0


def test_explain_lists_nouns_and_tells_all_of_one(fullscore):
    assert fullscore("explain").out.splitlines()[1] == (
        "team        People who answer for something together."
    )
    assert fullscore("explain", "membership").out == EXPLAINED
