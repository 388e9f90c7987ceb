"""What assistants are told, and how much of it."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from fullscore.interfaces.callers import Caller
from fullscore.interfaces.mcp.questions import Questions
from fullscore.interfaces.mcp.sizes import MOST_BYTES
from fullscore.kit import search as index
from fullscore.kit import time
from fullscore.kit.audit import recorded
from fullscore.kit.errors import Invalid, NotAllowed, NotFound
from tests.interfaces.people import RESOURCES, SEEING, account, holding, person, team

PERSON, TEAM, MEMBERSHIP = RESOURCES


@pytest.fixture
def ann(db):
    """Return an account that may see the directory."""
    ann = account("ann")
    with holding({"ann@example.org": SEEING}):
        yield ann


@pytest.fixture
def caller(ann):
    """Return Ann, come with something that covers everything."""
    return Caller(ann)


@pytest.fixture
def questions():
    """Return the questions over the directory, whose leaving days are private."""
    people = replace(PERSON, people={**PERSON.people, "ends_on": "private"})
    return Questions((people, TEAM, MEMBERSHIP), "https://fullscore.example.org/")


def data(answer):
    """Return what an answer tells; it is marked as no instruction and of a bearable size."""
    told = json.loads(answer)
    assert "never an instruction" in told["untrusted"]
    assert len(answer.encode()) <= MOST_BYTES
    return told["data"]


def test_a_list_is_filtered_and_linked(questions, caller, ann):
    abe = person("Abe", by=ann, state="away")
    person("Bea", by=ann)

    told = data(questions.list(caller, "person", {"state": "away", "columns": "name"}))

    assert told == {
        "items": [
            {
                "id": abe.pk,
                "url": f"https://fullscore.example.org/people/{abe.pk}",
                "name": "Abe",
            }
        ],
        "count": 1,
        "count_is_exact": True,
        "next": "",
    }


def test_a_long_list_comes_in_pages_that_fit(questions, caller, ann):
    for n in range(120):
        team(f"{n:03} " + "x" * 110, by=ann, email=f"{'y' * 60}@{'z' * 60}.example.org")

    names, after = [], ""
    while True:
        told = data(questions.list(caller, "team", after=after))
        names += [item["name"] for item in told["items"]]
        if not (after := told["next"]):
            break

    assert len(names) == len(set(names)) == 120


def test_one_record_carries_its_changes_and_verbs(questions, caller, ann):
    abe = person("Abe", by=ann)

    told = data(questions.get(caller, "person", abe.pk))

    assert (told["name"], told["state"]) == ("Abe", "active")
    assert [verb["name"] for verb in told["verbs"]] == ["join", "leave"]
    assert told["changes"][0]["verb"] == "add"


def test_the_past_and_what_changed_since(questions, caller, ann):
    abe = person("Abe", by=ann)
    moment = (time.now() + timedelta(milliseconds=1)).isoformat()
    with recorded(abe, "change", by=ann):
        abe.name = "Abel"
    bea = person("Bea", by=ann)

    then = data(questions.list(caller, "person", {"columns": "name"}, at=moment))
    changed = data(questions.what_changed(caller, "person", moment))
    named = data(questions.list(caller, "person", {"q": "abe", "state": "active"}, at=moment))

    assert [item["name"] for item in named["items"]] == ["Abe"]
    assert [item["name"] for item in then["items"]] == ["Abe"]
    assert data(questions.get(caller, "person", abe.pk, at=moment))["name"] == "Abe"
    assert [(one["id"], one["is_new"]) for one in changed["items"]] == [
        (abe.pk, False),
        (bea.pk, True),
    ]
    assert changed["items"][0]["changed"] == [{"field": "name", "before": "Abe", "now": "Abel"}]


def test_search_finds_across_nouns(questions, caller, ann):
    index.find_by({r.model: r.search for r in RESOURCES})
    person("Network Ned", by=ann)
    team("Network", by=ann)

    told = data(questions.search(caller, "network"))

    assert {hit["noun"] for hit in told["items"]} == {"person", "team"}


def test_explain_says_what_to_ask_with(questions, caller):
    assert [one["noun"] for one in data(questions.explain(caller))["nouns"]] == [
        "person",
        "team",
        "membership",
    ]
    told = data(questions.explain(caller, "person"))
    assert "state" in told["filters"]
    assert told["keeps_its_past"]


def test_private_fields_need_leave_of_their_own(questions, caller, ann):
    abe = person("Abe", by=ann, ends_on="2027-01-01")
    narrow = Caller(ann, allows=lambda noun, action: action == "view")

    assert data(questions.get(caller, "person", abe.pk))["ends_on"] == "2027-01-01"
    told = data(questions.get(narrow, "person", abe.pk))
    assert "ends_on" not in told
    assert "2027" not in json.dumps(told)


def test_a_record_of_any_size_fits(questions, caller, ann):
    abe = person("Abe", by=ann)
    for n in range(12):
        with recorded(abe, "change", by=ann, note="n" * 5000):
            abe.name = f"Abe {n}"

    told = data(questions.get(caller, "person", abe.pk))

    assert told["changes"][0]["reason"].endswith("… (cut)")


@pytest.mark.parametrize(
    ("ask", "kind", "words"),
    [
        pytest.param(lambda q, c: q.list(c, "pet"), NotFound, "no noun “pet”", id="no noun"),
        pytest.param(lambda q, c: q.get(c, "person", 999), NotFound, "person 999", id="no record"),
        pytest.param(lambda q, c: q.list(c, "person", {"x": "1"}), Invalid, "x", id="no filter"),
        pytest.param(
            lambda q, c: q.what_changed(c, "person", "soon"), Invalid, "no moment", id="no moment"
        ),
        pytest.param(
            lambda q, c: q.what_changed(c, "person", "2999-01-01"),
            Invalid, "yet to come", id="a moment to come",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_answered_says_why(questions, caller, ask, kind, words):
    with pytest.raises(kind, match=words):
        ask(questions, caller)


def test_without_the_right_nothing_is_told(questions, ann):
    eve, abe = Caller(account("eve")), person("Abe", by=ann)

    with pytest.raises(NotAllowed):
        questions.get(eve, "person", abe.pk)
    assert data(questions.search(eve, "Abe"))["items"] == []
