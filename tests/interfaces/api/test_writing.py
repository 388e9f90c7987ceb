"""Adding, changing, removing and doing verbs, by program."""

from datetime import timedelta

import pytest
from django.test import Client

from fullscore.domains.foundation.directory.models import Person, Team
from fullscore.interfaces.api import callers
from fullscore.kit.models import AuditEntry
from fullscore.kit.resource import Resource
from tests.interfaces.people import person, team

pytestmark = [pytest.mark.urls("tests.interfaces.api.urls"), pytest.mark.django_db]


def test_adding_answers_with_the_record_and_is_audited(call):
    answer = call("post", "/people", {"name": "Abe", "starts_on": "2026-01-02"})

    made = Person.objects.get()
    assert answer.status_code == 201
    assert answer.json() | {"id": made.pk, "name": "Abe", "state": "active"} == answer.json()
    entry = AuditEntry.objects.latest("n")
    assert (entry.verb, entry.via, entry.token, entry.address) == (
        "add",
        "api",
        "fs_ann",
        "127.0.0.1",
    )


def test_changing_leaves_what_is_not_given(call, ann):
    known = person("Abe", by=ann, email="abe@example.org", state="away")

    answer = call("patch", f"/people/{known.pk}", {"email": "a@example.org"})

    known.refresh_from_db()
    assert (answer.status_code, known.email, known.state) == (200, "a@example.org", "away")


def test_removing_is_only_for_nouns_that_say_so(call, ann):
    net, known = team("Net", by=ann), person("Abe", by=ann)

    assert call("delete", f"/teams/{net.pk}").status_code == 204
    assert call("delete", f"/people/{known.pk}").status_code == 405
    assert (Team.objects.count(), Person.objects.count()) == (0, 1)


def test_a_verb_takes_records_by_id_and_tells_what_came_of_it(call, ann):
    known, net = person("Abe", by=ann), team("Net", by=ann)

    told = call("post", f"/people/{known.pk}/join", {"team": net.pk, "role": "lead"}).json()

    assert told["record"]["name"] == "Abe"
    assert told["result"]["noun"] == "directory.membership"
    assert known.memberships.get().role == "lead"


def test_a_verb_that_needs_nothing_needs_no_body(call, ann):
    known = person("Abe", by=ann)

    assert call("post", f"/people/{known.pk}/leave").json()["record"]["state"] == "left"
    again = call("post", f"/people/{known.pk}/leave")
    assert (again.status_code, again.json()["detail"]) == (409, "Abe has left already.")


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        pytest.param("/people", {"name": "A", "pk": 3}, "pk", id="a field there is not"),
        pytest.param("/people", {"name": "A", "id": 3}, "id", id="the key"),
        pytest.param("/people", {}, "name", id="a field that is missing"),
        pytest.param("/people", {"name": 3}, "name", id="a number for a text"),
        pytest.param("/people", {"name": "A", "state": "lost"}, "state", id="no choice"),
        pytest.param("/people", {"name": "A", "starts_on": "soon"}, "starts_on", id="no day"),
        pytest.param("/people", {"name": "A", "user": 99999}, "user", id="a record there is not"),
        pytest.param("/people", {"name": "A" * 121}, "name", id="too long"),
        pytest.param("/people", {"name": "A\0"}, "name", id="a null character"),
        pytest.param("/people/1/join", {}, "team", id="a verb's argument that is missing"),
        pytest.param("/people/1/join", {"team": 1, "x": 1}, "x", id="a verb's that there is not"),
    ],
)
def test_wrong_values_are_refused_by_field(call, path, body, field):
    answer = call("post", path, body)

    assert answer.status_code == 422
    assert field in answer.json()["fields"]
    assert not Person.objects.exists()


def test_a_rule_over_two_fields_is_told_without_a_field(call, ann):
    known = person("Abe", by=ann, starts_on="2026-05-01")

    answer = call("patch", f"/people/{known.pk}", {"ends_on": "2026-04-01"})

    assert (answer.status_code, list(answer.json()["fields"])) == (422, [""])
    assert answer.json()["detail"] == "Somebody cannot leave before starting."


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        pytest.param("{", 422, "not JSON", id="half an object"),
        pytest.param("[1]", 422, "JSON object", id="a list"),
        pytest.param('{"name": NaN}', 422, "not JSON", id="a number that is none"),
        pytest.param('{"name": "\\ud800"}', 422, "surrogate", id="half a character"),
        pytest.param('{"a":' * 32 + "{}" + "}" * 32, 422, "deeper than 32", id="33 deep"),
        pytest.param("[" * 100_000, 422, "deeper than 32", id="deeper than Python reads"),
        pytest.param('{"name": "' + "x" * 2**20 + '"}', 413, "larger than 1024", id="over a MiB"),
    ],
)
def test_bodies_out_of_bounds_are_refused(call, body, status, words):
    answer = call("post", "/people", body)

    assert answer.status_code == status
    assert words in answer.json()["detail"]


def test_a_body_32_deep_is_read(call):
    nested = '{"a":' * 31 + "{}" + "}" * 31

    assert "Extra inputs" in call("post", "/people", nested).json()["detail"]


def test_who_sends_nothing_or_something_wrong_is_nobody(call_with):
    for caller in (call_with(""), call_with("fs_nobody")):
        answer = caller("post", "/people", {"name": "Abe"})

        assert answer.status_code == 401
        assert answer["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize(
    ("token", "method", "path", "words"),
    [
        pytest.param("fs_eve", "get", "/people", "directory.view_person", id="list unseen"),
        pytest.param("fs_eve", "get", "/people/{pk}", "directory.view_person", id="show unseen"),
        pytest.param("fs_eve", "post", "/people", "directory.add_person", id="add"),
        pytest.param("fs_bob", "patch", "/people/{pk}", "directory.change_person", id="change"),
        pytest.param("fs_bob", "delete", "/teams/{team}", "directory.delete_team", id="delete"),
        pytest.param("fs_bob", "post", "/people/{pk}/leave", "directory.change", id="a verb"),
        pytest.param("fs_ann_read", "post", "/people", "token does not cover", id="narrow token"),
        pytest.param("fs_ann_read", "post", "/people/{pk}/leave", "token", id="narrow, a verb"),
    ],
)
def test_what_one_may_not_do_is_403(call_with, ann, token, method, path, words):
    known, net = person("Abe", by=ann), team("Net", by=ann)
    body = {"name": "X"} if method in ("post", "patch") and "leave" not in path else None

    answer = call_with(token)(method, path.format(pk=known.pk, team=net.pk), body)

    assert answer.status_code == 403
    assert words in answer.json()["detail"]
    known.refresh_from_db()
    assert (known.name, known.state, Team.objects.count()) == ("Abe", "active", 1)


@pytest.mark.parametrize("method", ["patch", "post"])
def test_what_one_may_not_see_is_404_like_what_is_not_there(call_with, ann, method):
    known = person("Abe", by=ann)
    path = f"/people/{known.pk}" + ("/leave" if method == "post" else "")

    assert call_with("fs_eve")(method, path, {}).status_code == 404


def test_the_same_key_acts_once_and_answers_twice(call):
    first = call("post", "/people", {"name": "Abe"}, Idempotency_Key="k1")
    second = call("post", "/people", {"name": "Abe"}, Idempotency_Key="k1")

    assert Person.objects.count() == 1
    assert (second.status_code, second.json()) == (first.status_code, first.json())
    assert (first.get("Idempotency-Replayed"), second["Idempotency-Replayed"]) == (None, "true")


def test_the_same_key_with_another_body_is_a_conflict(call):
    call("post", "/people", {"name": "Abe"}, Idempotency_Key="k1")

    answer = call("post", "/people", {"name": "Bea"}, Idempotency_Key="k1")

    assert (answer.status_code, Person.objects.count()) == (409, 1)


def test_a_refusal_is_kept_under_its_key_too(call, ann):
    known = person("Abe", by=ann, state="left")
    path = f"/people/{known.pk}/leave"
    assert call("post", path, {}, Idempotency_Key="k1").status_code == 409
    Person.objects.filter(pk=known.pk).update(state="active")

    assert call("post", path, {}, Idempotency_Key="k1").status_code == 409


def test_keys_of_two_accounts_do_not_meet(call, call_with):
    call("post", "/people", {"name": "Abe"}, Idempotency_Key="k1")

    answer = call_with("fs_bob")("post", "/people", {"name": "Abe"}, Idempotency_Key="k1")

    assert answer.status_code == 403


def test_too_many_calls_are_told_when_to_come_back(call, ann, monkeypatch):
    monkeypatch.setattr(callers, "WRITES_A_MINUTE", 2)
    for name in ("Abe", "Bea"):
        assert call("post", "/people", {"name": name}).status_code == 201

    answer = call("post", "/people", {"name": "Cleo"})

    assert (answer.status_code, Person.objects.count()) == (429, 2)
    assert 1 <= int(answer["Retry-After"]) <= timedelta(minutes=1).total_seconds()
    assert call("get", "/people").status_code == 200


def test_a_browser_reads_by_its_session_and_writes_with_its_csrf_token(ann, settings):
    client = Client(enforce_csrf_checks=True)
    client.force_login(ann, backend=settings.AUTHENTICATION_BACKENDS[1])
    sent = {"data": {"name": "Abe"}, "content_type": "application/json"}

    without = client.post("/api/people", **sent)
    client.cookies["csrf"] = token = "a" * 32
    with_token = client.post("/api/people", headers={"X-CSRFToken": token}, **sent)

    assert client.get("/api/people").status_code == 200
    assert (without.status_code, "CSRF" in without.json()["detail"]) == (403, True)
    assert (with_token.status_code, Person.objects.count()) == (201, 1)


def test_answers_are_kept_by_no_cache(call):
    assert call("get", "/people")["Cache-Control"] == "no-store"


def test_a_call_sent_again_while_the_first_still_runs_is_told_to_wait(call, monkeypatch):
    def meanwhile(*args, **given):
        answers.append(call("post", "/people", {"name": "Abe"}, Idempotency_Key="k1"))
        return create(*args, **given)

    answers, create = [], Resource.create
    monkeypatch.setattr(Resource, "create", meanwhile)

    answers.append(call("post", "/people", {"name": "Abe"}, Idempotency_Key="k1"))

    assert [answer.status_code for answer in answers] == [409, 201]
    assert "still running" in answers[0].json()["detail"]
    assert Person.objects.count() == 1


def test_what_broke_is_told_by_a_reference_and_can_be_sent_again(call, monkeypatch):
    with monkeypatch.context() as broken:
        broken.setattr(Resource, "create", lambda *args, **given: 1 // 0)
        first = call("post", "/people", {"name": "Abe"}, Idempotency_Key="k1")

    second = call("post", "/people", {"name": "Abe"}, Idempotency_Key="k1")

    assert (first.status_code, first.json()["title"]) == (500, "Our fault")
    assert "division" not in first.json()["detail"]
    assert second.status_code == 201
