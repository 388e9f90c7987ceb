"""Whatever can be done or goes wrong is told in a sentence, and the menu can be taken in."""

import pytest
from django.apps import apps
from django.db.models import UniqueConstraint
from django.test import RequestFactory

from fullscore.config.resources import RESOURCES
from fullscore.interfaces.web import shell
from fullscore.kit import access
from fullscore.kit.access import EVERYWHERE
from tests.interfaces.people import account

VERBS = [(r, v) for r in RESOURCES for v in r.verbs]
every_verb = pytest.mark.parametrize(
    ("resource", "verb"), [pytest.param(r, v, id=f"{r.name} {v.name}") for r, v in VERBS]
)


@every_verb
def test_a_verb_says_what_became_true(resource, verb):
    told = verb.said("“x”")

    assert told.endswith(".")
    assert "_" not in told
    assert "{" not in told
    assert verb.said("3 things") != told


@every_verb
def test_what_an_argument_may_be_is_said_of_arguments_it_has(resource, verb):
    assert set(verb.hints) <= set(verb.input().model_fields)


def speaks(constraint):
    """Say whether a broken constraint is told in words, ours or the framework's own."""
    is_plain = isinstance(constraint, UniqueConstraint) and constraint.fields
    is_told = constraint.violation_error_message != constraint.default_violation_error_message
    return is_told or (is_plain and constraint.condition is None)


def test_a_broken_constraint_is_told_in_a_sentence():
    assert not speaks(UniqueConstraint("name", name="once"))
    assert not speaks(UniqueConstraint(fields=["name"], condition=access_ends(), name="once"))

    typed = {r.model for r in RESOURCES if r.fields}
    silent = [
        constraint.name
        for model in apps.get_models()
        if model in typed
        for constraint in model._meta.constraints
        if not speaks(constraint)
    ]

    assert silent == []


def access_ends():
    from django.db.models import Q

    return Q(ends_on__isnull=True)


def test_the_menu_has_few_entries_each_with_a_picture_of_its_own(db):
    before = list(access._answer)
    access.answer_with(lambda user, permission: EVERYWHERE)
    request = RequestFactory().get("/servers/1")
    request.user = account("ann")

    menu = shell.menu(request)
    access._answer[:] = before

    entries = [entry for group in menu for entry in group["entries"]]
    inner = [one for entry in entries for one in entry["inner"]]
    icons = [one["icon"] for one in [*entries, *inner]]
    assert len(entries) <= 17
    assert len(icons) == len(set(icons))
    assert [e["title"] for e in entries if e["current"]] == ["Servers"]
    assert {"API tokens", "Filesystems", "Closed this week"} <= {one["title"] for one in inner}
