"""Lists and records on a terminal, in files and in the past."""

import json
from datetime import timedelta

import pytest

from fullscore.kit import time
from tests.interfaces.people import membership, person, team


@pytest.fixture
def company(ann):
    """Return three people, two of them in a team."""
    net = team("Net", by=ann)
    abe = person("Abe", by=ann, email="abe@example.org", state="away", starts_on="2026-01-02")
    bea = person("Bea", by=ann, email="bea@example.org")
    person("Cleo", by=ann)
    membership(abe, net, by=ann, role="lead")
    membership(bea, net, by=ann)
    return abe


def test_a_list_is_a_table(fullscore, company):
    first, second, third = (company.pk + n for n in range(3))

    # Numbers of two digits fit under the heading; on PostgreSQL they go on after each rollback.
    wide = max(2, len(str(third)))
    assert fullscore("person", "list").out == (
        f"{'Id':>{wide}}  Name  State   Email            Starts on\n"
        f"{'─' * wide}  ────  ──────  ───────────────  ──────────\n"
        f"{first:>{wide}}  Abe   Away    abe@example.org  2026-01-02\n"
        f"{second:>{wide}}  Bea   Active  bea@example.org  –\n"
        f"{third:>{wide}}  Cleo  Active  –                –\n"
    )


def test_no_line_is_wider_than_the_terminal_and_nothing_steers_it(fullscore, ann, monkeypatch):
    person("A" * 90 + "\x1b[31m", by=ann, email="a-rather-long-address@example.org")
    monkeypatch.setenv("COLUMNS", "60")

    told = fullscore("person", "list").out

    assert max(map(len, told.splitlines())) == 60
    assert "AAA…" in told
    assert "\x1b" not in fullscore("person", "list", "--columns", "name").out


def test_filters_sort_and_columns(fullscore, company):
    told = fullscore(
        "person", "list", "--state", "active", "--sort", "-name", "--columns", "name,time_zone"
    )

    assert [line.split()[1:] for line in told.out.splitlines()[2:]] == [
        ["Cleo", "UTC"],
        ["Bea", "UTC"],
    ]


def test_a_filter_takes_a_record_by_name(fullscore, company):
    assert fullscore("membership", "list", "--team", "net", "--count").out == "2\n"
    refused = fullscore("membership", "list", "--team", "web")
    assert (refused.code, refused.err) == (
        1,
        "fullscore: There is no team “web”, or you may not see it.\n",
    )


def test_a_limit_says_that_there_is_more(fullscore, company):
    told = fullscore("person", "list", "--limit", "2")

    assert len(told.out.splitlines()) == 4
    assert told.err == "… and 1 more: --limit, or a filter.\n"


def test_json_is_what_the_api_tells(fullscore, company):
    told = json.loads(fullscore("person", "list", "--json", "--limit", "1").out)

    assert told == [
        {
            "id": company.pk, "url": f"/people/{company.pk}", "name": "Abe", "state": "away",
            "email": "abe@example.org", "starts_on": "2026-01-02",
        }
    ]  # fmt: skip


def test_csv_has_a_heading_and_no_formulas(fullscore, ann):
    made = person("=1+1", by=ann)

    lines = fullscore("person", "list", "--csv", "--columns", "name").out.splitlines()

    assert lines[0].lower().endswith("name")
    assert lines[1] == f"{made.pk},'=1+1"


def test_one_record_by_id_or_by_name(fullscore, company):
    by_name = fullscore("person", "show", "abe")

    assert by_name == fullscore("person", "show", str(company.pk))
    assert by_name.out == (
        f"Id         {company.pk}\n"
        "Name       Abe\n"
        "State      Away\n"
        "Email      abe@example.org\n"
        "Starts on  2026-01-02\n"
        "Time zone  UTC\n"
        "Ends on    –\n"
        "Account    –\n"
    )
    assert json.loads(fullscore("person", "show", "abe", "--json").out)["state"] == "away"


def test_a_name_that_two_have_asks_for_the_id(fullscore, ann):
    first, second = person("Abe", by=ann), person("abe", by=ann)

    told = fullscore("person", "show", "Abe")

    assert told.code == 1
    assert f"give the id ({first.pk}, {second.pk}" in told.err


def test_the_past_of_a_list_and_of_a_record(fullscore, company):
    moment = (time.now() + timedelta(milliseconds=1)).isoformat()
    fullscore("person", "change", "abe", "--name", "Abel")

    then = fullscore("person", "list", "--at", moment, "--columns", "name").out

    assert ("Abe\n" in then, "Abel" in then) == (True, False)
    assert "Name       Abe\n" in fullscore("person", "show", "Abel", "--at", moment).out
    assert fullscore("person", "list", "--at", moment, "--count").out == "3\n"
    assert fullscore("person", "list", "--at", moment, "--state", "away", "--count").out == "1\n"
    assert fullscore("person", "list", "--at", moment, "--q", "Abel", "--count").out == "0\n"
    newest = fullscore("person", "list", "--at", moment, "--columns", "name", "--sort", "-name",
                       "--limit", "1").out  # fmt: skip
    assert "Cy" in newest or "Abe" not in newest


def test_history_says_who_did_what(fullscore, company):
    fullscore("person", "change", "abe", "--email", "a@example.org")

    lines = fullscore("person", "history", "abe").out.splitlines()

    assert lines[0].split() == ["When", "Who", "Via", "Did", "Changed", "Reason"]
    assert lines[2].split()[2:] == ["Ann", "cli", "change", "email", "–"]
    assert json.loads(fullscore("person", "history", "abe", "--json", "--limit", "1").out)


def test_an_empty_list_says_so(fullscore, ann):
    assert fullscore("team", "list").out == "No teams.\n"
