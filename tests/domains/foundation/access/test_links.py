"""Links that sign in once, and the opening of a fresh installation."""

from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator

from fullscore.domains.foundation.access import queries
from fullscore.domains.foundation.access.models import RoleGrant, SignInLink
from fullscore.domains.foundation.access.services import accounts, grants, links
from fullscore.kit import access, time
from fullscore.kit.errors import Invalid, NotAllowed
from fullscore.kit.models import AuditEntry, User
from fullscore.kit.models.user import system

pytestmark = pytest.mark.django_db


def text_of(path):
    assert path.startswith("/sign-in/link/")
    return path.removeprefix("/sign-in/link/")


@pytest.fixture
def ann(someone):
    return someone("ann", "viewer")


@pytest.fixture
def text(ann):
    return text_of(links.issue(ann, by=system()))


def test_a_link_opens_its_account_once(ann, text):
    assert links.redeem(text)[0] == ann

    with pytest.raises(NotAllowed, match="used already"):
        links.redeem(text)


def test_looking_at_a_link_does_not_spend_it(ann, text):
    assert links.peek(text) == ann
    assert links.peek(text) == ann
    assert links.redeem(text)[0] == ann


@pytest.mark.parametrize("minutes", [30, 31])
def test_a_link_expires(text, monkeypatch, minutes):
    moment = time.now() + timedelta(minutes=minutes)
    monkeypatch.setattr(time, "now", lambda: moment)

    with pytest.raises(NotAllowed, match="expired"):
        links.redeem(text)


def test_a_new_link_replaces_the_old_one(ann, text):
    newer = text_of(links.issue(ann, by=system()))

    with pytest.raises(NotAllowed, match="replaced"):
        links.redeem(text)
    assert links.redeem(newer)[0] == ann


@pytest.mark.parametrize("wrong", ["", "x", "ä" * 43, "a" * 5000])
def test_an_unknown_link_opens_nothing(text, wrong):
    with pytest.raises(NotAllowed, match="Ask for a new link"):
        links.redeem(wrong)


def test_a_link_is_stored_as_a_digest_alone(text):
    stored = str(SignInLink.objects.values_list().get())
    entries = str(list(AuditEntry.objects.values_list("after", flat=True)))

    assert text not in stored
    assert text not in entries
    assert SignInLink.objects.get().digest not in entries


def test_a_closed_account_cannot_use_its_link(someone, ann, text):
    accounts.deactivate(ann, by=someone("root", "administrator"))

    with pytest.raises(NotAllowed):
        links.redeem(text)


@pytest.mark.parametrize("kind", ["service", "system"])
def test_only_people_get_links(someone, kind):
    with pytest.raises(NotAllowed, match="Only people"):
        links.issue(someone("probe", kind=kind), by=system())


def test_a_link_is_mailed_to_its_owner(
    someone, ann, mailoutbox, django_capture_on_commit_callbacks
):
    root = someone("root", "administrator")

    with django_capture_on_commit_callbacks(execute=True):
        links.send(ann, by=root)

    assert mailoutbox[0].to == [ann.email]
    path = mailoutbox[0].body.split("localhost:8470")[1].split()[0]
    user, link = links.redeem(text_of(path))
    assert user == ann
    assert not link.is_from_machine


def test_whoever_administers_a_team_sends_no_links_and_closes_no_accounts(someone, estate, ann):
    bob = someone("bob")
    grants.grant(bob, by=system(), role="administrator", team=estate.red)

    for act in (
        lambda: links.send(ann, by=bob),
        lambda: accounts.deactivate(ann, by=bob),
        lambda: accounts.change(ann, by=bob, email="bob@example.org"),
        lambda: accounts.add(by=bob, email="new@example.org"),
    ):
        with pytest.raises(NotAllowed, match="everywhere"):
            act()


def test_a_fresh_installation_gets_its_administrator_and_a_link():
    path = links.open_installation()

    first, link = links.redeem(text_of(path))
    assert (first.email, first.name) == ("admin@localhost", "Administrator")
    assert link.is_from_machine
    assert not first.has_usable_password()
    assert access.reach(first, "findings.change_finding").everywhere
    assert not access.may(first, "talent.view_review")


def test_opening_again_makes_a_new_link_and_no_second_account():
    earlier, later = links.open_installation(), links.open_installation()

    assert User.objects.filter(kind="person").count() == 1
    assert set(RoleGrant.objects.values_list("role", flat=True)) == {"administrator", "operator"}
    with pytest.raises(NotAllowed):
        links.redeem(text_of(earlier))
    assert links.redeem(text_of(later))


@pytest.mark.parametrize(
    ("way", "has_link"),
    [("password", False), ("passkey", False), ("code generator alone", True), ("closed", False)],
)
def test_opening_makes_no_link_once_there_is_another_way_in(way, has_link):
    first = links.redeem(text_of(links.open_installation()))[0]
    if way == "password":
        first.set_password("correct horse battery staple")
    elif way == "closed":
        first.is_active = False
    else:
        kind = "webauthn" if way == "passkey" else "totp"
        Authenticator.objects.create(user=first, type=kind, data={})
    first.save()

    assert (links.open_installation() is not None) is has_link


def test_opening_makes_no_account_where_people_have_some(ann):
    assert links.open_installation() is None
    assert not User.objects.filter(email="admin@localhost").exists()


def test_the_machine_makes_a_link_for_any_person(ann):
    path = links.from_machine(" ANN@example.org ")

    assert links.redeem(text_of(path))[0] == ann
    with pytest.raises(Invalid, match="no account"):
        links.from_machine("nobody@example.org")


def test_a_changed_address_is_told_to_the_old_one(
    someone, ann, mailoutbox, django_capture_on_commit_callbacks
):
    root = someone("root", "administrator")

    with django_capture_on_commit_callbacks(execute=True):
        accounts.change(ann, by=root, email="ann@example.net")

    assert mailoutbox[0].to == ["ann@example.org"]
    assert "ann@example.net" in mailoutbox[0].body


def test_a_new_account_may_nothing_and_has_no_password(someone):
    made = accounts.add(by=someone("root", "administrator"), email="New@Example.ORG", name="New")

    assert made.email == "New@example.org"
    assert not made.has_usable_password()
    assert not access.may(made, "estate.view_item")


def test_one_is_alone_until_a_second_person_can_sign_in(someone):
    someone("ann")
    someone("probe", kind="service")
    assert queries.is_alone()

    someone("bob")
    assert not queries.is_alone()
