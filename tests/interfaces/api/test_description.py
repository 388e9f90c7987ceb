"""The OpenAPI description: complete, and kept by every answer under fire."""

from collections import Counter

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import CHECKS, load_all_checks

from fullscore.interfaces.api import callers
from tests.interfaces.api.urls import SHOWN, api

load_all_checks()
KEPT = [
    CHECKS.get_one(name)
    for name in (
        "not_a_server_error",
        "status_code_conformance",
        "content_type_conformance",
        "response_schema_conformance",
    )
]
bounded = settings(
    max_examples=10, deadline=None, database=None, derandomize=True, phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)  # fmt: skip
pytestmark = pytest.mark.urls("tests.interfaces.api.urls")


@pytest.fixture
def description():
    """Return the description as programs read it."""
    return api.get_openapi_schema(path_prefix="/api/")


def test_every_noun_and_verb_is_described_under_its_own_name(description):
    operations = {
        one["operationId"]: one for path in description["paths"].values() for one in path.values()
    }

    assert description["openapi"].startswith("3.1")
    for resource in SHOWN:
        wanted = {"list", "add", "show", "change", "history", *(v.name for v in resource.verbs)}
        assert wanted <= {i.split("_", 1)[1] for i in operations if i.startswith(resource.name)}
    assert "team_delete" in operations
    assert "person_delete" not in operations


def test_only_who_may_call_reads_what_can_be_called(call, call_with):
    assert call_with("")("get", "/openapi.json").status_code == 401
    assert call_with("fs_wrong")("get", "/openapi.json").status_code == 401

    told = call("get", "/openapi.json")

    assert told.status_code == 200
    assert "/api/people" in told.json()["paths"]


def test_filters_and_the_key_against_acting_twice_are_described(description):
    listing = {p["name"] for p in description["paths"]["/api/people"]["get"]["parameters"]}
    adding = {p["name"] for p in description["paths"]["/api/people"]["post"]["parameters"]}

    assert {"state", "q", "sort", "after", "size", "columns", "at"} <= listing
    assert adding == {"Idempotency-Key"}


def test_fields_say_what_they_take(description):
    shape = description["components"]["schemas"]["PersonAdd"]

    assert shape["additionalProperties"] is False
    assert shape["required"] == ["name"]
    assert "away" in str(shape["properties"]["state"])


@pytest.fixture
def one_connection():
    """Keep the connection that holds the test's transaction, as Django's own client does."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.mark.once
@pytest.mark.timeout(60)
def test_no_call_of_the_description_breaks_the_server(
    description, ann, one_connection, monkeypatch
):
    monkeypatch.setattr(callers, "count", lambda request, caller: None)
    schema = schemathesis.openapi.from_dict(description)
    schema.app = get_wsgi_application()
    statuses = Counter()

    for found in schema.get_all_operations():

        @bounded
        @given(case=found.ok().as_strategy())
        def fire(case):
            case.headers = {**(case.headers or {}), "Authorization": "Bearer fs_ann_all"}
            answer = case.call()
            statuses[answer.status_code] += 1
            case.validate_response(answer, checks=KEPT)

        fire()

    assert statuses.total() > 100
    assert statuses[200] > 3
    assert statuses[201] > 3
