"""What the nouns of access offer, done as the interfaces do it."""

import pytest

from fullscore.domains.foundation.access.models import ApiToken, RoleGrant
from fullscore.domains.foundation.access.resources import ACCOUNT, API_TOKEN, ROLE_GRANT
from fullscore.domains.foundation.access.services import grants, keys
from fullscore.kit.errors import NotAllowed, NotFound
from fullscore.kit.models import User
from fullscore.kit.models.user import system
from fullscore.kit.perform import perform

pytestmark = pytest.mark.django_db


def verb(resource, name):
    return next(v for v in resource.verbs if v.name == name)


@pytest.mark.parametrize("resource", [ACCOUNT, ROLE_GRANT, API_TOKEN], ids=lambda r: r.name)
def test_forms_filters_and_inputs_can_be_made(resource):
    assert resource.filter_class()({}, queryset=resource.model._default_manager.all()).is_valid()
    assert all(column == "" or resource.label_of(column) for column in resource.columns)
    for one in resource.verbs:
        assert one.about
        assert one.input()


def test_the_nouns_have_their_names():
    assert [r.path for r in (ACCOUNT, ROLE_GRANT, API_TOKEN)] == [
        "accounts", "access-roles", "api-tokens",
    ]  # fmt: skip


def test_an_administrator_opens_an_account_and_grants_a_role(someone, estate):
    root = someone("root", "administrator")

    made = ACCOUNT.create({"email": "new@example.org", "name": "New", "kind": "person"}, by=root)
    values = {"role": "engineer", "team": estate.red.pk}
    perform(verb(ACCOUNT, "grant"), User, made.pk, by=root, values=values)

    assert RoleGrant.objects.get(user=made).team == estate.red


def test_a_manager_of_a_team_lets_somebody_into_it(someone, estate):
    ann, bob = someone("ann"), someone("bob")
    grants.grant(ann, by=system(), role="manager", team=estate.red)

    values = {"role": "viewer", "team": estate.red.pk}
    perform(verb(ACCOUNT, "grant"), User, bob.pk, by=ann, values=values)
    held = RoleGrant.objects.get(user=bob)
    perform(verb(ROLE_GRANT, "end"), RoleGrant, held.pk, by=ann, values={})

    held.refresh_from_db()
    assert held.ends_on is not None


def test_a_manager_does_not_touch_the_grants_of_another_team(someone, estate):
    ann, bob = someone("ann"), someone("bob")
    grants.grant(ann, by=system(), role="manager", team=estate.red)
    held = grants.grant(bob, by=system(), role="viewer", team=estate.blue)

    with pytest.raises(NotFound):
        perform(verb(ROLE_GRANT, "end"), RoleGrant, held.pk, by=ann, values={})


@pytest.mark.parametrize("role", ["viewer", "engineer", "operator", "approver", "hr", "executive"])
def test_others_see_no_accounts_but_their_own_and_change_none(someone, role):
    ann, bob = someone("ann", role), someone("bob")

    with pytest.raises(NotFound):
        perform(verb(ACCOUNT, "deactivate"), User, bob.pk, by=ann, values={})
    with pytest.raises(NotAllowed):
        perform(verb(ACCOUNT, "deactivate"), User, ann.pk, by=ann, values={})
    with pytest.raises(NotAllowed):
        ACCOUNT.create({"email": "x@example.org", "name": "", "kind": "person"}, by=ann)


def test_a_token_of_somebody_else_is_not_there(someone):
    ann, bob = someone("ann", "viewer"), someone("bob", "viewer")
    token, _ = keys.issue(bob, by=bob, name="mine", scopes=["read"])

    with pytest.raises(NotFound):
        perform(verb(API_TOKEN, "revoke"), ApiToken, token.pk, by=ann, values={})
