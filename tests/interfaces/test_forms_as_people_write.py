"""Forms take what people write, and offer what is meant: lists, values, choices, records."""

from datetime import timedelta

import pytest
from django.forms import ValidationError

from fullscore.domains.foundation.estate.models import Item, Scope
from fullscore.domains.infrastructure.cloud.models import CloudAccount
from fullscore.domains.response.incidents.resources import STATUS_NOTICE
from fullscore.interfaces.web.inputs import form_of
from fullscore.kit import time
from fullscore.kit.models.user import system
from fullscore.kit.written import Pairs, Words
from tests import make


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        pytest.param("shop, web", ["shop", "web"], id="commas"),
        pytest.param("10.0.0.0/24\n10.0.1.0/24", ["10.0.0.0/24", "10.0.1.0/24"], id="lines"),
        pytest.param("2024", ["2024"], id="a number is a word"),
        pytest.param('["a, b", "c"]', ["a, b", "c"], id="JSON"),
        pytest.param("  ", None, id="nothing"),
    ],
)
def test_a_list_is_words_between_commas(written, meant):
    assert Words(required=False).clean(written) == meant


@pytest.mark.parametrize("kept", [["shop", "web"], ["a, b"], ['"quoted"', ""], [], [1, 2]])
def test_a_list_comes_back_from_its_form_as_it_was(kept):
    field = Words(required=False)

    assert (field.clean(field.prepare_value(kept)) or []) == kept


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        pytest.param("colour: red\nunits: 2", {"colour": "red", "units": 2}, id="lines"),
        pytest.param("path: /var: old", {"path": "/var: old"}, id="a colon in the value"),
        pytest.param('{"a": "1"}', {"a": "1"}, id="JSON"),
    ],
)
def test_values_by_name_are_lines(written, meant):
    assert Pairs(required=False).clean(written) == meant


@pytest.mark.parametrize(
    "kept", [{"vlan": "10", "units": 2, "on": True, "n": None}, {"a": {"b": [1]}}, {"x: y": " z "}]
)
def test_values_by_name_come_back_from_their_form_as_they_were(kept):
    field = Pairs(required=False)

    assert field.clean(field.prepare_value(kept)) == kept


def test_a_line_without_a_name_says_how_it_is_written():
    with pytest.raises(ValidationError, match="name: value"):
        Pairs().clean("red")


@pytest.mark.django_db
def test_a_scope_is_asked_for_as_its_form_says():
    browser = make.client(make.user(role="administrator"))
    until = f"{time.now() + timedelta(days=30):%F}"
    browser.post("/scopes/add", {
        "name": "Lab", "targets": "10.0.0.0/24, 10.1.0.1", "methods": "icmp, tcp",
        "packets_per_second": 100, "connections_per_host": 2, "expires_on": until,
    })  # fmt: skip

    assert Scope.objects.get().targets == ["10.0.0.0/24", "10.1.0.1"]
    assert Scope.objects.get().methods == ["icmp", "tcp"]


@pytest.mark.django_db
def test_a_cloud_account_takes_its_regions_as_its_form_says():
    item = make.item(kind="cloud account")
    make.client(make.user(role="administrator")).post("/cloud-accounts/add", {
        "item": item.pk, "role_arn": "arn:aws:iam::123456789012:role/reader",
        "regions": "eu-central-1, eu-west-1",
    })  # fmt: skip

    assert CloudAccount.objects.get().regions == ["eu-central-1", "eu-west-1"]


@pytest.mark.django_db
def test_an_edit_of_something_else_leaves_tags_and_attributes_alone():
    item = make.item(tags=["a", "b"], attributes={"vlan": "10", "units": 2})
    browser = make.client(make.user(role="administrator"))
    form = browser.get(f"/items/{item.pk}/edit").context["form"]
    sent = {n: form[n].value() for n in form.fields if form[n].value() is not None}
    browser.post(f"/items/{item.pk}/edit", sent | {"name": "renamed"})
    item.refresh_from_db()

    assert item.name == "renamed"
    assert (item.tags, item.attributes) == (["a", "b"], {"vlan": "10", "units": 2})


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("path", "field", "kind"),
    [
        ("/hypervisors/add", "item", "hypervisor"),
        ("/cloud-accounts/add", "item", "cloud account"),
        ("/service-objectives/add", "service", "service"),
        ("/status-components/add", "services", "service"),
        ("/items/add", "site", "site"),
    ],
)
def test_only_what_may_be_chosen_is_offered(path, field, kind):
    right, wrong = make.item("right", kind=kind), make.item("wrong", kind="host")
    user = make.user(role="administrator")
    make.grant(user=user, role="engineer")
    offered = make.client(user).get(path).context["form"].fields[field].queryset

    assert set(offered) == {right}
    assert Item.objects.filter(pk=wrong.pk).exists()


@pytest.mark.django_db
def test_a_choice_that_may_be_left_empty_is_empty_at_first():
    verb = next(v for v in STATUS_NOTICE.verbs if v.name == "publish")
    form = form_of(verb, user=system())()

    assert form.fields["impact"].choices[0][0] == ""
    assert form.fields["phase"].choices[0][0] == "investigating"  # what is needed is not


@pytest.mark.django_db
def test_an_update_without_an_impact_leaves_it_as_it_was(settings, tmp_path):
    notice = make.status_notice(impact="outage")
    browser = make.client(make.user(role="approver"))
    page = browser.get(f"/status-notices/{notice.pk}/publish")
    sent = {n: f.choices[0][0] for n, f in page.context["form"].fields.items() if n != "text"}
    browser.post(f"/status-notices/{notice.pk}/publish", sent | {"text": "We look into it."})
    notice.refresh_from_db()

    assert notice.published_at is not None
    assert notice.impact == "outage"
