"""Who has left is offered nowhere, stays shown where they are, and can still be found."""

import pytest

from fullscore.config.resources import RESOURCES
from fullscore.domains.foundation.directory.models import Person
from fullscore.interfaces.web.inputs import form_of
from fullscore.interfaces.wire import narrowed
from fullscore.kit.models.querysets import offered
from tests import make

pytestmark = pytest.mark.django_db
BY_NAME = {resource.name: resource for resource in RESOURCES}
# What gives somebody something to do, or to answer for.
VERBS = [
    ("finding", "assign", "person"), ("incident", "assign", "person"),
    ("incident", "page", "person"), ("incident", "start_role", "person"),
    ("incident", "add_task", "assignee"), ("incident", "let_in", "person"),
    ("incident-review", "add_action", "owner"), ("change", "assign", "person"),
    ("schedule", "override", "person"), ("escalation", "reassign", "person"),
    ("escalation", "add_responder", "person"), ("person", "join", "manager"),
    ("team", "add_member", "person"), ("incident-task", "hand", "person"),
    ("rota-layer", "add_person", "person"), ("shift", "ask_swap", "wanted"),
]  # fmt: skip
FORMS = [
    ("item", "contact"), ("review-action", "owner"), ("approval-policy", "person"),
    ("escalation-policy", "catch_all"), ("escalation-step", "person"), ("absence", "person"),
    ("membership", "person"), ("membership", "manager"), ("rota-turn", "person"),
    ("rota-override", "person"),
]  # fmt: skip


@pytest.fixture
def ann(admin):
    return make.person("Ann", user=admin)


@pytest.fixture
def admin(db):
    return make.user("ann", role="administrator")


@pytest.fixture
def eve(db):
    return make.person("Eve", state=Person.State.LEFT)


def verb_field(noun, name, argument, user):
    verb = next(v for v in BY_NAME[noun].verbs if v.name == name)
    return form_of(verb, user=user)().fields[argument]


def people(field):
    return set(field.queryset)


@pytest.mark.parametrize(("noun", "name", "argument"), VERBS, ids=lambda v: v)
def test_a_verb_offers_nobody_who_has_left(admin, ann, eve, noun, name, argument):
    assert people(verb_field(noun, name, argument, admin)) == {ann}


@pytest.mark.parametrize(("noun", "name"), FORMS)
def test_a_form_offers_nobody_who_has_left(admin, ann, eve, noun, name):
    form = narrowed(BY_NAME[noun].form_class()(), admin)

    assert people(form.fields[name]) == {ann}


def test_every_chooser_of_people_is_one_of_these(admin, ann, eve):
    """A new one is caught here: it offers leavers only where it says why."""
    offering = set()
    for resource in RESOURCES:
        fields = narrowed(resource.form_class()(), admin).fields
        choosers = {(resource.name, n): f for n, f in fields.items()}
        for verb in resource.verbs:
            for argument, model in verb.records().items():
                if model is Person:
                    field = form_of(verb, user=admin)().fields[argument]
                    choosers[resource.name, f"{verb.name}.{argument}"] = field
        offering |= {key for key, field in choosers.items()
                     if getattr(getattr(field, "queryset", None), "model", None) is Person
                     and eve in people(field)}  # fmt: skip

    assert offering == {
        ("known-login", "person"), ("server-account", "explain.person"),
        ("incident", "shut_out.person"),
    }  # fmt: skip


def test_who_stands_in_a_record_stays_in_its_form_and_is_kept(admin, ann, eve):
    item = make.item("db1", contact=eve)
    other = make.person("Zoe", state=Person.State.LEFT)

    form = narrowed(BY_NAME["item"].form_class()(instance=item), admin)

    assert people(form.fields["contact"]) == {ann, eve}
    assert other not in people(form.fields["contact"])
    page = make.client(admin).get(f"/items/{item.pk}/edit").content.decode()
    assert f'<option value="{eve.pk}" selected>Eve</option>' in page
    assert "Zoe" not in page


def test_a_form_of_a_new_record_offers_no_leaver_though_an_address_names_one(admin, ann, eve):
    form = narrowed(BY_NAME["absence"].form_class()(initial={"person": eve.pk}), admin)

    assert people(form.fields["person"]) == {ann}


def test_who_has_left_is_refused_by_the_page(admin, ann, eve):
    item = make.item("db1")
    answer = make.client(admin).post(f"/items/{item.pk}/edit", {"contact": eve.pk})

    assert answer.status_code == 422
    item.refresh_from_db()
    assert item.contact is None


def test_lists_and_filters_still_find_who_has_left(admin, ann, eve):
    item = make.item("db1", contact=eve)
    browser = make.client(admin)

    assert "Eve" in browser.get("/people?state=left").content.decode()
    assert "Eve" in browser.get(f"/items/{item.pk}").content.decode()


def test_only_what_somebody_may_see_is_offered(ann, eve):
    stranger = make.user("tom")

    assert list(offered(Person, stranger)) == []
    assert list(offered(Person, stranger, kept=eve.pk)) == []


def test_what_knows_nobody_gone_is_offered_as_it_is_seen(admin):
    item = make.item("db1")

    assert list(offered(type(item), admin)) == [item]
