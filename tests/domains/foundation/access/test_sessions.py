"""Sessions end in time, and when keys or roles change; what is sensitive asks again."""

from datetime import timedelta

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.test import Client

from fullscore.domains.foundation.access.models import RoleGrant
from fullscore.domains.foundation.access.services import accounts, grants
from fullscore.kit import time
from fullscore.kit.models.user import system

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("pages")]
PASSWORD = "nine unlikely blue herons"
SENSITIVE = "/accounts/1/grant"


@pytest.fixture
def ann(someone):
    user = someone("ann", "viewer")
    user.set_password(PASSWORD)
    user.save()
    return user


def signed_in(user):
    client = Client()
    answer = client.post("/sign-in/", {"login": user.email, "password": PASSWORD})
    assert answer.status_code == 302
    client.get("/")
    return client


def is_in(client, path="/", **extra):
    return client.get(path, **extra).status_code == 200


@pytest.fixture
def clock(monkeypatch):
    start = time.now()

    def at(**after):
        moment = start + timedelta(**after)
        monkeypatch.setattr(time, "now", lambda: moment)

    return at


def test_a_session_ends_after_half_an_hour_without_anybody(ann, clock):
    client = signed_in(ann)

    clock(minutes=29)
    assert is_in(client)
    clock(minutes=58)
    assert is_in(client)
    clock(minutes=89)
    assert not is_in(client)


def test_a_page_left_open_keeps_no_session_alive(ann, clock):
    client = signed_in(ann)

    for minutes in (10, 20, 29):
        clock(minutes=minutes)
        assert is_in(client, "/live/changes")
    clock(minutes=31)
    assert not is_in(client)


def test_a_session_ends_twelve_hours_after_it_began(ann, clock):
    client = signed_in(ann)

    for minutes in range(20, 12 * 60, 20):
        clock(minutes=minutes)
        assert is_in(client)
    clock(hours=12, minutes=1)
    assert not is_in(client)


def test_in_a_trusted_network_a_session_may_rest_eight_hours(ann, clock, settings):
    settings.SESSION_TRUSTED_NETWORKS = ["127.0.0.0/8"]
    client, other = signed_in(ann), signed_in(ann)

    clock(hours=7)
    assert not is_in(other, REMOTE_ADDR="192.0.2.7")
    assert is_in(client)
    clock(hours=15.1)
    assert not is_in(client)


def test_a_session_that_is_over_is_listed_no_more(ann, clock):
    client = signed_in(ann)
    assert UserSession.objects.count() == 1

    clock(hours=1)
    client.get("/")

    assert not UserSession.objects.exists()


def test_a_changed_role_ends_the_sessions(ann):
    client = signed_in(ann)

    grants.grant(ann, by=system(), role="executive")
    assert not is_in(client)

    again = signed_in(ann)
    grants.end(RoleGrant.objects.get(user=ann, role="executive"), by=system())
    assert not is_in(again)


def test_a_closed_account_is_signed_out(ann, someone):
    client = signed_in(ann)

    accounts.deactivate(ann, by=someone("root", "administrator"))

    assert not is_in(client)


def test_a_changed_password_ends_all_other_sessions(ann):
    client, other = signed_in(ann), signed_in(ann)
    new = "seven improbable green otters"

    client.post("/account/password/", {"oldpassword": PASSWORD, "password1": new, "password2": new})

    assert is_in(client)
    assert not is_in(other)
    assert UserSession.objects.filter(user=ann).count() == 1


def test_what_is_sensitive_asks_who_one_is_and_goes_on(ann):
    client = signed_in(ann)
    before = client.session.session_key

    asked = client.get(SENSITIVE)
    assert asked.url.startswith("/account/confirm/?next=")
    answer = client.post(asked.url, {"password": PASSWORD})

    assert answer.url == SENSITIVE
    assert is_in(client, SENSITIVE)
    assert client.session.session_key != before
    assert list(UserSession.objects.values_list("session_key", flat=True)) == [
        client.session.session_key
    ]


def test_a_wrong_password_confirms_nothing(ann):
    client = signed_in(ann)

    client.post(f"/account/confirm/?next={SENSITIVE}", {"password": "not this one"})

    assert not is_in(client, SENSITIVE)


def test_a_confirmation_holds_five_minutes(ann):
    client = signed_in(ann)
    client.post(f"/account/confirm/?next={SENSITIVE}", {"password": PASSWORD})
    assert is_in(client, SENSITIVE)

    session = client.session
    for record in session["account_authentication_methods"]:
        record["at"] -= 301
    session.save()

    assert not is_in(client, SENSITIVE)


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        pytest.param("elevenchars", "12 characters", id="eleven"),
        pytest.param("x" * 129, "At most 128", id="129"),
        pytest.param("qwertyuiop123", "breach", id="known from breaches"),
        pytest.param("QWERTYUIOP123", "breach", id="known, in capitals"),
        pytest.param("passwordpassword", "breach", id="doubled"),
        pytest.param("", "12 characters", id="empty"),
    ],
)
def test_a_weak_password_is_refused_with_the_reason(password, reason):
    with pytest.raises(ValidationError, match=reason):
        validate_password(password)


@pytest.mark.parametrize("password", [PASSWORD, "äöü ß 漢字 mit Raum drin", "y7" * 64])
def test_any_other_password_of_12_to_128_characters_is_accepted(password):
    validate_password(password)
