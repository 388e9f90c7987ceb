"""Signing in: by link, by password, with a second factor; and what is refused."""

import base64
import hmac
import re
import time
from dataclasses import replace

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth.hashers import MD5PasswordHasher
from django.db import transaction
from django.test import Client

from fullscore.domains.foundation.access.models import ApiToken
from fullscore.domains.foundation.access.services import factors, keys, links
from fullscore.kit.models import User
from fullscore.kit.models.user import system

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("pages")]

PASSWORD = "nine unlikely blue herons"
ELSEWHERE = "192.0.2.7"


@pytest.fixture
def ann(someone):
    return with_password(someone("ann", "viewer"))


@pytest.fixture
def root(someone):
    return with_password(someone("root", "administrator"))


def with_password(user):
    user.set_password(PASSWORD)
    user.save()
    return user


def use(client, path, **extra):
    """Press the button of a link's page."""
    text = path.removeprefix("/sign-in/link/")
    return client.post("/sign-in/link/", {"text": text}, **extra)


def sign_in(client, email, password=PASSWORD, **extra):
    return client.post("/sign-in/", {"login": email, "password": password}, **extra)


def test_opening_a_link_asks_first_and_spends_nothing(client, ann):
    path = links.issue(ann, by=system())

    for _ in range(2):
        page = client.get(path)
        assert page.status_code == 200
        assert "Sign in as Ann" in page.text
        assert "no-store" in page["Cache-Control"]
    assert "_auth_user_id" not in client.session


def test_the_button_of_a_link_signs_in_once(client, ann):
    path = links.issue(ann, by=system())

    answer = use(client, path)

    assert (answer.status_code, answer.url) == (302, "/")
    assert client.get("/").text == "home of ann@example.org"
    assert use(Client(), path).status_code == 403
    assert Client().get(path).status_code == 403


def test_a_link_signs_in_under_a_new_session_id(client, ann):
    client.get("/sign-in/")
    session = client.session
    session["planted"] = True
    session.save()
    client.cookies["session"] = session.session_key

    use(client, links.issue(ann, by=system()))

    assert client.session.session_key != session.session_key


def test_a_link_needs_the_token_of_its_form(ann):
    strict = Client(enforce_csrf_checks=True)

    assert use(strict, links.issue(ann, by=system())).status_code == 403
    assert "_auth_user_id" not in strict.session


def test_the_text_of_a_link_is_in_its_form_and_not_in_the_address_it_is_sent_to(client, ann):
    path = links.issue(ann, by=system())

    page = client.get(path).text

    assert 'action="/sign-in/link/"' in page
    assert f'value="{path.removeprefix("/sign-in/link/")}"' in page
    assert client.post(path).status_code == 405


def test_guessing_links_is_slowed_down(client):
    answers = [client.get(f"/sign-in/link/guess{n}").status_code for n in range(21)]

    assert answers[:20] == [403] * 20
    assert answers[20] == 429


def test_the_first_administrator_is_let_in_on_the_machine_without_a_second_factor(client):
    use(client, links.open_installation())

    assert client.get("/").text == "home of admin@localhost"


@pytest.mark.parametrize(
    "way",
    [
        pytest.param({"REMOTE_ADDR": ELSEWHERE}, id="from elsewhere"),
        pytest.param({"HTTP_X_FORWARDED_FOR": ELSEWHERE}, id="through a proxy on the machine"),
    ],
)
def test_the_machines_link_opened_elsewhere_asks_for_a_second_factor(client, way):
    use(client, links.open_installation(), **way)

    assert client.get("/", **way).url == "/account/second-factor/"


def test_a_link_that_was_mailed_asks_for_a_second_factor(client, root):
    use(client, links.issue(root, by=system()))

    assert client.get("/").url == "/account/second-factor/"


def test_a_password_signs_in(client, ann):
    assert sign_in(client, "ANN@example.org").url == "/"
    assert client.get("/").text == "home of ann@example.org"


def test_a_wrong_password_and_an_unknown_account_get_the_same_answer(client, ann):
    wrong = sign_in(client, "ann@example.org", "not this one")
    unknown = sign_in(client, "nob@example.org", "not this one")

    def told(page):
        return re.sub(r"\b\w{64}\b", "", page.text).replace("ann@", "nob@")

    assert wrong.status_code == unknown.status_code == 200
    assert told(wrong) == told(unknown)


def test_an_unknown_account_costs_as_much_hashing_as_a_known_one(client, ann, monkeypatch):
    hashed = []
    encode = MD5PasswordHasher.encode
    monkeypatch.setattr(
        MD5PasswordHasher, "encode", lambda *given: hashed.append(1) or encode(*given)
    )

    sign_in(client, "ann@example.org", "not this one")
    known = len(hashed)
    sign_in(client, "nob@example.org", "not this one")

    assert known == len(hashed) - known == 1


def test_failures_are_counted_for_accounts_that_do_not_exist_too(client):
    answers = [sign_in(client, "nob@example.org", "guess").status_code for _ in range(6)]

    assert answers[-1] == 429


def test_five_failures_close_the_door_for_that_account_and_address_only(client, ann):
    for _ in range(5):
        sign_in(client, "ann@example.org", "not this one")

    refused = sign_in(client, "ann@example.org")

    assert "_auth_user_id" not in client.session
    assert refused.status_code == 429
    assert refused["Retry-After"] == "900"
    assert sign_in(Client(), "ann@example.org", REMOTE_ADDR=ELSEWHERE).status_code == 302


@pytest.mark.parametrize("kind", ["service", "system"])
def test_services_do_not_sign_in_even_with_a_password(client, someone, kind):
    probe = with_password(someone("probe", kind=kind))

    assert sign_in(client, probe.email).url == "/sign-in/inactive"
    assert "_auth_user_id" not in client.session


def test_nobody_signs_up(client):
    page = client.post("/sign-in/closed", {"email": "new@example.org", "password1": PASSWORD})

    assert not User.objects.filter(email="new@example.org").exists()
    assert "_auth_user_id" not in client.session
    assert page.status_code == 200


def test_the_powerful_get_nowhere_before_a_second_factor(client, root):
    sign_in(client, root.email)

    assert client.get("/").url == "/account/second-factor/"
    assert client.get("/", HTTP_HX_REQUEST="true")["HX-Redirect"] == "/account/second-factor/"
    assert client.get("/", HTTP_ACCEPT="application/json").status_code == 403
    assert client.get("/account/second-factor/").status_code == 200


@pytest.mark.parametrize("role", ["viewer", "engineer", "auditor", "manager"])
def test_others_may_do_without(client, someone, role):
    sign_in(client, with_password(someone("bob", role)).email)

    assert client.get("/").status_code == 200


@pytest.mark.parametrize("role", ["administrator", "approver", "operator"])
def test_who_decides_or_acts_may_not_do_without(client, someone, role):
    sign_in(client, with_password(someone("bob", role)).email)

    assert client.get("/").status_code == 302


def set_up_codes(client, password=PASSWORD):
    """Add a code generator through the pages, confirming who one is on the way."""
    page = client.get("/account/second-factor/totp/activate/", follow=True)
    if page.request["PATH_INFO"] == "/account/confirm/":
        next_url = "/account/second-factor/totp/activate/"
        page = client.post(
            f"/account/confirm/?next={next_url}", {"password": password}, follow=True
        )
    secret = page.context["form"].secret
    path = "/account/second-factor/totp/activate/"
    return secret, client.post(path, {"code": code_now(secret)})


def code_now(secret):
    """Return the six digits of this half minute (RFC 6238)."""
    counter = int(time.time() // 30).to_bytes(8, "big")
    mac = hmac.digest(base64.b32decode(secret), counter, "sha1")
    number = int.from_bytes(mac[mac[-1] & 15 :][:4], "big") & 0x7FFFFFFF
    return f"{number % 1_000_000:06}"


def test_a_code_generator_opens_the_rest(client, root):
    sign_in(client, root.email)

    _, answer = set_up_codes(client)

    assert answer.status_code == 302
    assert Authenticator.objects.filter(user=root, type="totp").exists()
    assert client.get("/").text == f"home of {root.email}"


def test_a_new_factor_ends_all_other_sessions(client, ann, monkeypatch):
    monkeypatch.setattr(transaction, "on_commit", lambda act, **given: act())  # tests never commit
    other = Client()
    sign_in(other, ann.email)
    sign_in(client, ann.email)

    set_up_codes(client)

    assert client.get("/").status_code == 200
    assert other.get("/").status_code == 302


def test_a_password_alone_no_longer_signs_in_once_there_is_a_code_generator(client, root):
    sign_in(client, root.email)
    set_up_codes(client)
    other = Client()

    answer = sign_in(other, root.email)

    assert answer.url == "/account/second-factor/authenticate/"
    assert other.get("/").url.startswith("/sign-in/")


def test_the_seed_of_a_code_generator_is_sealed_in_the_database(client, root):
    sign_in(client, root.email)
    secret, _ = set_up_codes(client)

    assert len(secret) >= 16
    assert secret not in str(list(Authenticator.objects.values_list("data", flat=True)))


def test_a_token_is_shown_once(client, ann):
    sign_in(client, ann.email)
    client.post("/account/confirm/?next=/api-tokens/add", {"password": PASSWORD})

    page = client.post(
        "/api-tokens/add", {"name": "ci", "scopes": "read act:findings.waive", "days": 30}
    )

    text = re.search(r"fs_\w{49}", page.text)[0]
    user, token = keys.authenticate(text, address=ELSEWHERE)
    assert (user, token.scopes) == (ann, ["read", "act:findings.waive"])
    assert text not in client.get("/api-tokens/add").text


@pytest.mark.parametrize(
    "values",
    [{"scopes": "everything"}, {"days": 366}, {"address_range": "office"}, {"name": ""}],
    ids=lambda v: next(iter(v)),
)
def test_a_token_that_makes_no_sense_is_refused_in_the_form(client, ann, values):
    sign_in(client, ann.email)
    client.post("/account/confirm/?next=/api-tokens/add", {"password": PASSWORD})

    page = client.post("/api-tokens/add", {"name": "ci", "scopes": "read", "days": 30, **values})

    assert page.status_code == 422
    assert not ApiToken.objects.exists()


def test_sessions_of_ones_own_are_listed(client, ann):
    sign_in(client, ann.email)

    assert client.get("/account/sessions/").status_code == 200


def test_a_forgotten_password_is_replaced_by_a_link_in_a_mail(client, ann, mailoutbox):
    client.post("/sign-in/forgotten/", {"email": ann.email})
    path = re.search(r"http://testserver(/\S+)", mailoutbox[0].body)[1]
    new = "seven improbable green otters"

    form = client.get(path, follow=True)
    client.post(form.request["PATH_INFO"], {"password1": new, "password2": new})

    assert sign_in(Client(), ann.email, new).status_code == 302
    assert sign_in(Client(), ann.email).status_code == 200


def test_a_forgotten_password_of_nobody_gets_the_same_answer(client, ann, mailoutbox):
    known = client.post("/sign-in/forgotten/", {"email": ann.email})
    unknown = client.post("/sign-in/forgotten/", {"email": "nob@example.org"})

    assert (known.status_code, known.url) == (unknown.status_code, unknown.url)
    assert [mail.to for mail in mailoutbox] == [[ann.email], ["nob@example.org"]]


def test_three_mails_an_hour_are_enough(client, ann, mailoutbox):
    for _ in range(5):
        client.post("/sign-in/forgotten/", {"email": ann.email})

    assert len(mailoutbox) == 3


def test_factors_stay_readable_when_the_master_key_is_changed(client, root, settings):
    sign_in(client, root.email)
    secret, _ = set_up_codes(client)
    old = settings.OPTIONS.master_key
    new = base64.b64encode(b"n" * 32).decode()

    settings.OPTIONS = replace(settings.OPTIONS, master_key=f"{new} {old}")
    assert factors.reseal(by=system()) == Authenticator.objects.count() == 2
    assert factors.reseal(by=system()) == 0
    settings.OPTIONS = replace(settings.OPTIONS, master_key=new)

    other = Client()
    sign_in(other, root.email)
    other.post("/account/second-factor/authenticate/", {"code": code_now(secret)})
    assert other.get("/").text == f"home of {root.email}"
