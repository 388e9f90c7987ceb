"""Whatever noun the product has, each door for programs opens on it."""

import json

import pytest
from django.test import RequestFactory

from fullscore.config.resources import RESOURCES
from fullscore.interfaces.api.build import build
from fullscore.interfaces.callers import Caller
from fullscore.interfaces.cli.explain import explained
from fullscore.interfaces.cli.run import run
from fullscore.interfaces.mcp.questions import Questions
from fullscore.kit import access
from fullscore.kit.access import EVERYWHERE
from tests.interfaces.people import account

NOUNS = [pytest.param(resource, id=resource.name) for resource in RESOURCES]


@pytest.fixture(scope="module")
def api():
    """Return the API over every noun; any token is the first account's."""
    return build(RESOURCES, lambda text, address: Caller(USER[0]), namespace="every")


USER = []


@pytest.fixture
def user(db):
    """Return an account that may do everything everywhere."""
    before = list(access._answer)
    access.answer_with(lambda user, permission: EVERYWHERE)
    USER[:] = [account("ann")]
    yield USER[0]
    access._answer[:] = before


@pytest.mark.parametrize("resource", NOUNS)
def test_a_noun_is_listed_through_every_door(resource, api, user, capsys):
    request = RequestFactory().get(
        f"/api{resource.url()}", headers={"Authorization": "Bearer fs_x"}
    )
    view = next(p for p in api.urls[0] if p.resolve(resource.path)).callback

    told = view(request)
    code = run(
        [resource.name, "list", "--json"], lambda: RESOURCES, (), lambda email: user
    )  # fmt: skip
    answer = Questions(RESOURCES).list(Caller(user), resource.name)

    assert told.status_code == 200, told.content
    items = json.loads(told.content)["items"]
    assert (code, len(json.loads(capsys.readouterr().out))) == (0, len(items))
    assert len(json.loads(answer)["data"]["items"]) == len(items)


@pytest.mark.parametrize("resource", NOUNS)
def test_a_noun_takes_each_of_its_sorts(resource, user):
    for sort in resource.sorts:
        query = {"sort": sort}
        assert "data" in json.loads(Questions(RESOURCES).list(Caller(user), resource.name, query))


@pytest.mark.parametrize("resource", NOUNS)
def test_a_noun_is_explained_with_its_rights_and_verbs(resource):
    told = explained(resource, RESOURCES)

    assert resource.permission("view") in told
    assert all(verb.permission in told for verb in resource.verbs)


def test_no_two_operations_and_no_two_shapes_have_one_name(api):
    told = api.get_openapi_schema(path_prefix="/api/")
    names = [one["operationId"] for path in told["paths"].values() for one in path.values()]
    shapes = {"".join(w.title() for w in r.name.split("-")) for r in RESOURCES}

    assert len(names) == len(set(names))
    assert len(shapes) == len(RESOURCES)
    assert shapes <= told["components"]["schemas"].keys()
