"""Lists, records and their past, by program."""

from datetime import timedelta

import pytest

from fullscore.kit import time
from tests.interfaces.people import membership, person, team

pytestmark = [pytest.mark.urls("tests.interfaces.api.urls"), pytest.mark.django_db]


def test_a_list_tells_items_the_next_mark_and_a_count(call, ann):
    for name in ("Cleo", "Abe", "Bea"):
        person(name, by=ann)

    first = call("get", "/people?size=2").json()
    second = call("get", f"/people?size=2&after={first['next']}").json()

    assert [one["name"] for one in first["items"]] == ["Abe", "Bea"]
    assert [one["name"] for one in second["items"]] == ["Cleo"]
    assert (first["count"], first["count_is_exact"], second["next"]) == (3, True, "")
    assert first["items"][0]["url"] == f"/api/people/{first['items'][0]['id']}"


def test_filters_sorts_and_columns_are_those_of_the_page(call, ann):
    person("Abe", by=ann, state="away")
    person("Bea", by=ann)
    person("Cleo", by=ann, state="away")

    told = call("get", "/people?state=away&sort=-name&columns=name,time_zone").json()

    assert [(one["name"], one["time_zone"]) for one in told["items"]] == [
        ("Cleo", "UTC"),
        ("Abe", "UTC"),
    ]
    assert set(told["items"][0]) == {"id", "url", "name", "time_zone"}


def test_a_choice_is_told_as_it_is_written(call, ann):
    known = person("Abe", by=ann, state="away")

    assert call("get", f"/people/{known.pk}").json()["state"] == "away"


def test_other_records_are_told_by_id_and_name(call, ann):
    at_work = membership(person("Abe", by=ann), team("Net", by=ann), by=ann)

    told = call("get", f"/memberships/{at_work.pk}").json()

    assert told["team"] == {"id": at_work.team_id, "name": "Net"}
    assert told["manager"] is None


@pytest.mark.parametrize(
    ("query", "words"),
    [
        pytest.param("colour=red", "no filter “colour”", id="a word that is no filter"),
        pytest.param("state=blue", "state", id="a value that is no choice"),
        pytest.param("sort=email", "no sort “email”", id="a sort that is not offered"),
        pytest.param("columns=name,pw", "no column “pw”", id="a column there is not"),
        pytest.param("size=501", "1 to 500", id="too many at once"),
        pytest.param("size=x", "1 to 500", id="a size that is no number"),
        pytest.param("after=garbage", "page mark", id="a mark of somebody else's"),
        pytest.param("at=noon", "no moment", id="a moment that is none"),
        pytest.param("at=2026-01-01&size=x", "1 to 500", id="a size of the past"),
    ],
)
def test_what_a_list_cannot_answer_is_refused(call, query, words):
    answer = call("get", f"/people?{query}")

    assert answer.status_code == 422
    assert words in answer.json()["detail"]


def test_the_past_is_told_of_records_and_of_lists(call, ann):
    known = person("Abe", by=ann, time_zone="UTC")
    moment = (time.now() + timedelta(milliseconds=1)).isoformat().replace("+00:00", "Z")
    call("patch", f"/people/{known.pk}", {"name": "Abel"})

    assert call("get", f"/people/{known.pk}").json()["name"] == "Abel"
    assert call("get", f"/people/{known.pk}?at={moment}").json()["name"] == "Abe"
    assert [p["name"] for p in call("get", f"/people?at={moment}").json()["items"]] == ["Abe"]
    assert call("get", f"/people?at={moment}&state=away").json()["items"] == []
    before = call("get", f"/people/{known.pk}?at=2020-01-01")
    assert (before.status_code, "2020-01-01" in before.json()["detail"]) == (404, True)


def test_history_says_who_changed_what_by_which_door(call, ann):
    known = person("Abe", by=ann)
    call("patch", f"/people/{known.pk}", {"name": "Abel"})

    told = call("get", f"/people/{known.pk}/history?size=1").json()
    rest = call("get", f"/people/{known.pk}/history?after={told['next']}").json()

    newest = told["items"][0]
    assert (newest["verb"], newest["via"], newest["by"]["name"]) == ("change", "api", "Ann")
    assert newest["changed"] == [{"field": "name", "before": "Abe", "after": "Abel"}]
    assert [one["verb"] for one in rest["items"]] == ["add"]


@pytest.mark.parametrize("path", ["/people/999999", "/people/abc", "/nothing", "/people/1/dance"])
def test_what_is_not_there_is_404_in_json(call, path):
    answer = call("get", path)

    assert answer.status_code == 404
    assert answer.json()["title"] == "Not found"


def test_private_fields_need_a_token_made_for_them(call, call_with, ann):
    known = person("Abe", by=ann, ends_on="2027-01-01")
    narrow = call_with("fs_ann")

    assert call("get", f"/people/{known.pk}").json()["ends_on"] == "2027-01-01"
    assert "ends_on" not in narrow("get", f"/people/{known.pk}").json()
    assert narrow("get", "/people?columns=ends_on").status_code == 422
    refused = narrow("patch", f"/people/{known.pk}", {"ends_on": "2028-01-01"})
    assert refused.status_code == 422


def test_a_list_is_a_fixed_number_of_questions(call, ann, django_assert_max_num_queries):
    for n in range(20):
        membership(person(f"P{n:02}", by=ann), team(f"T{n:02}", by=ann), by=ann)

    with django_assert_max_num_queries(14):
        told = call("get", "/memberships").json()

    assert len(told["items"]) == 20
