"""Grants: where they reach, who may give them, how they end."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import IntegrityError, transaction
from django.utils.functional import SimpleLazyObject

from fullscore.domains.foundation.access import queries
from fullscore.domains.foundation.access.models import RoleGrant
from fullscore.domains.foundation.access.services import accounts, grants, keys
from fullscore.domains.foundation.estate.models import Item
from fullscore.kit import access, time
from fullscore.kit.access import EVERYWHERE, NOWHERE, Reach
from fullscore.kit.errors import Conflict, Invalid, NotAllowed
from fullscore.kit.models import AuditEntry, User
from fullscore.kit.models.user import system

pytestmark = pytest.mark.django_db
VIEW = "estate.view_item"


def fresh(user):
    return User.objects.get(pk=user.pk)


def names(user):
    return sorted(Item.objects.visible_to(user).values_list("name", flat=True))


def test_without_a_grant_nothing_is_seen(someone, estate):
    ann = someone("ann")

    assert access.reach(ann, VIEW) == NOWHERE
    assert names(ann) == []


def test_a_stranger_sees_nothing(estate):
    assert queries.reach(AnonymousUser(), VIEW) == NOWHERE


def test_a_grant_without_team_and_site_reaches_everywhere(someone, estate):
    assert names(someone("ann", "viewer")) == ["North", "South", "bn", "bs", "rn"]


def test_a_grant_for_a_team_reaches_what_the_team_owns(someone, estate):
    ann = someone("ann")
    grants.grant(ann, by=system(), role="viewer", team=estate.blue)

    assert names(ann) == ["bn", "bs"]


def test_a_grant_for_a_site_reaches_the_site_and_what_stands_there(someone, estate):
    ann = someone("ann")
    grants.grant(ann, by=system(), role="viewer", site=estate.north)

    assert names(ann) == ["North", "bn", "rn"]


def test_grants_add_up_per_permission(someone, estate):
    ann = someone("ann")
    grants.grant(ann, by=system(), role="engineer", team=estate.red)
    grants.grant(ann, by=system(), role="viewer", site=estate.south)

    assert names(ann) == ["South", "bs", "rn"]
    assert access.reach(ann, "estate.change_item") == Reach(teams=frozenset({estate.red.pk}))


def test_the_system_reaches_everywhere():
    assert access.reach(system(), "talent.view_review") == EVERYWHERE


def test_a_service_account_has_only_its_grants(someone, estate):
    probe = someone("probe", kind=User.Kind.SERVICE)
    assert names(probe) == []

    grants.grant(probe, by=system(), role="viewer", team=estate.red)
    assert names(probe) == ["rn"]


@pytest.mark.parametrize(
    ("starts", "ends", "holds"),
    [
        pytest.param(0, None, True, id="from today, open"),
        pytest.param(1, None, False, id="from tomorrow"),
        pytest.param(-9, 1, True, id="until tomorrow"),
        pytest.param(-9, 0, False, id="ended today"),
        pytest.param(-9, -1, False, id="ended yesterday"),
    ],
)
def test_a_grant_holds_from_its_first_day_up_to_its_end(someone, starts, ends, holds):
    ann, today = someone("ann"), time.now().date()
    RoleGrant.objects.create(
        user=ann, role="viewer", granted_by=system(), starts_on=today + timedelta(days=starts),
        ends_on=None if ends is None else today + timedelta(days=ends),
    )  # fmt: skip

    assert access.may(ann, VIEW) is holds


def test_an_inactive_account_reaches_nothing(someone):
    ann = someone("ann", "administrator")
    ann.is_active = False

    assert access.reach(ann, VIEW) == NOWHERE
    assert queries.reach(ann, VIEW) == NOWHERE


def test_all_questions_of_a_request_cost_one_query(someone, django_assert_num_queries):
    ann = fresh(someone("ann", "viewer"))

    with django_assert_num_queries(1):
        for permission in (VIEW, "estate.change_item", "kit.view_user"):
            access.reach(ann, permission)


def test_what_is_remembered_is_shared_with_the_lazy_user_of_a_request(
    someone, django_assert_num_queries
):
    ann = fresh(someone("ann", "viewer"))
    lazy = SimpleLazyObject(lambda: ann)

    with django_assert_num_queries(1):
        assert access.may(lazy, VIEW)
        assert access.may(ann, VIEW)


def test_a_remembered_grant_is_asked_again_after_five_seconds(someone, monkeypatch):
    ann = fresh(someone("ann", "viewer"))
    assert access.may(ann, VIEW)
    RoleGrant.objects.filter(user=ann).update(ends_on=time.now().date())
    assert access.may(ann, VIEW)

    later = queries.monotonic() + 5.1
    monkeypatch.setattr(queries, "monotonic", lambda: later)
    assert not access.may(ann, VIEW)


def test_nobody_grants_to_themselves(someone):
    ann = someone("ann", "administrator")

    with pytest.raises(NotAllowed, match="themselves"):
        grants.grant(ann, by=ann, role="hr")


def test_an_administrator_grants_any_role(someone):
    ann, bob = someone("ann", "administrator"), someone("bob")

    grants.grant(bob, by=ann, role="hr")

    assert access.may(bob, "talent.view_review")
    entry = AuditEntry.objects.latest("n")
    assert (entry.verb, entry.noun, entry.by) == ("grant", "access.rolegrant", ann)


def test_an_administrator_of_a_team_grants_for_that_team_only(someone, estate):
    ann, bob = someone("ann"), someone("bob")
    grants.grant(ann, by=system(), role="administrator", team=estate.red)

    grants.grant(bob, by=ann, role="operator", team=estate.red)

    for elsewhere in ({"team": estate.blue}, {"site": estate.north}, {}):
        with pytest.raises(NotAllowed, match="hold yourself"):
            grants.grant(bob, by=ann, role="operator", **elsewhere)


@pytest.mark.parametrize("role", ["viewer", "manager"])
def test_a_manager_passes_on_what_a_manager_has(someone, role):
    ann, bob = someone("ann", "manager"), someone("bob")

    grants.grant(bob, by=ann, role=role)

    assert access.may(bob, VIEW)


@pytest.mark.parametrize("role", ["engineer", "approver", "administrator", "hr", "auditor"])
def test_nobody_grants_more_than_they_hold(someone, role):
    ann, bob = someone("ann", "manager"), someone("bob")

    with pytest.raises(NotAllowed, match="goes beyond"):
        grants.grant(bob, by=ann, role=role)
    assert not RoleGrant.objects.filter(user=bob).exists()


def test_holding_a_role_is_not_enough_to_grant_it(someone):
    ann, bob = someone("ann", "engineer"), someone("bob")

    with pytest.raises(NotAllowed, match="goes beyond"):
        grants.grant(bob, by=ann, role="engineer")


def test_the_same_role_is_not_granted_twice(someone, estate):
    ann, bob = someone("ann", "administrator"), someone("bob")
    grants.grant(bob, by=ann, role="viewer", team=estate.red)
    grants.grant(bob, by=ann, role="viewer", team=estate.blue)

    with pytest.raises(Conflict, match="already"):
        grants.grant(bob, by=ann, role="viewer", team=estate.red)


def test_the_database_itself_refuses_a_second_open_grant(someone):
    ann = someone("ann", "viewer")

    with pytest.raises(IntegrityError), transaction.atomic():
        RoleGrant.objects.create(
            user=ann, role="viewer", starts_on=time.now().date(), granted_by=ann
        )


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        pytest.param({"role": "king"}, "no role", id="unknown role"),
        pytest.param({"team": "red", "site": "north"}, "not for both", id="team and site"),
        pytest.param({"site": "red_north"}, "not a site", id="a host is no site"),
        pytest.param({"ends_on": 0}, "past", id="ends today"),
    ],
)
def test_a_grant_that_makes_no_sense_is_refused(someone, estate, values, sentence):
    bob, values = someone("bob"), {"role": "viewer", **values}
    for name in ("team", "site"):
        if name in values:
            values[name] = getattr(estate, values[name])
    if "ends_on" in values:
        values["ends_on"] = time.now().date()

    with pytest.raises(Invalid, match=sentence):
        grants.grant(bob, by=system(), **values)


def test_a_role_taken_back_is_gone_at_once(someone):
    ann, bob = someone("ann", "administrator"), someone("bob", "viewer")
    held = RoleGrant.objects.get(user=bob)

    grants.end(held, by=ann)

    assert not access.may(fresh(bob), VIEW)
    with pytest.raises(Conflict, match="ended"):
        grants.end(held, by=ann)


def test_one_takes_back_only_what_one_could_grant(someone):
    ann, bob = someone("ann", "manager"), someone("bob", "approver")

    with pytest.raises(NotAllowed, match="could grant"):
        grants.end(RoleGrant.objects.get(user=bob), by=ann)


def test_the_last_administrator_stays(someone):
    ann, bob = someone("ann", "administrator"), someone("bob", "administrator")
    grants.end(RoleGrant.objects.get(user=bob), by=ann)

    with pytest.raises(Conflict, match="last administrator"):
        grants.end(RoleGrant.objects.get(user=ann), by=system())


def test_a_closed_account_keeps_no_way_in(someone):
    ann, bob = someone("ann", "administrator"), someone("bob", "viewer")
    token, text = keys.issue(bob, by=bob, name="mine", scopes=["read"])

    accounts.deactivate(bob, by=ann)

    token.refresh_from_db()
    assert token.revoked_at is not None
    assert RoleGrant.objects.get(user=bob).ends_on == time.now().date()
    assert not fresh(bob).is_active
    with pytest.raises(NotAllowed):
        keys.authenticate(text, address="127.0.0.1")


@pytest.mark.parametrize("target", ["oneself", "the system"])
def test_one_does_not_close_oneself_or_the_system(someone, target):
    ann = someone("ann", "administrator")

    with pytest.raises((NotAllowed, Conflict)):
        accounts.deactivate(ann if target == "oneself" else system(), by=ann)


def test_grants_are_seen_by_their_holder_and_within_reach(someone, estate):
    ann, bob, cyd = someone("ann", "viewer"), someone("bob"), someone("cyd", "auditor")
    grants.grant(bob, by=system(), role="manager", team=estate.red)
    grants.grant(ann, by=system(), role="engineer", team=estate.red)

    def seen(user):
        return {(g.user_id, g.role) for g in RoleGrant.objects.visible_to(user)}

    assert seen(ann) == {(ann.pk, "viewer"), (ann.pk, "engineer")}
    assert seen(bob) == {(bob.pk, "manager"), (ann.pk, "engineer")}
    assert len(seen(cyd)) == 4


def test_one_sees_ones_own_account_and_all_of_them_with_the_permission(someone):
    ann, bob = someone("ann", "viewer"), someone("bob", "administrator")

    assert list(User.objects.visible_to(ann)) == [ann]
    assert {ann, bob} <= set(User.objects.visible_to(bob))


def test_the_hash_of_a_password_never_enters_the_audit(someone):
    ann, bob = someone("ann", "administrator"), someone("bob", "viewer")
    bob.set_password("a long enough pass phrase")
    bob.save()

    accounts.deactivate(bob, by=ann)

    entry = AuditEntry.objects.filter(noun="kit.user").latest("n")
    assert entry.after["password"].startswith("sha256:")
    assert bob.password not in str(entry.before) + str(entry.after)
