"""Every kind of address answers with the headers that keep a browser from being turned on us."""

import pytest
from django.test import Client

from fullscore.domains.foundation.access import tokens
from tests import make

POLICY = {
    "default-src": "'self'",
    "script-src": "'self'",
    "style-src": "'self'",
    "style-src-attr": "'unsafe-inline'",
    "img-src": "'self' data:",
    "object-src": "'none'",
    "base-uri": "'none'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
}
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Frame-Options": "DENY",
}

OPEN = [
    pytest.param("/sign-in/", 200, id="sign-in"),
    pytest.param("/findings", 302, id="sent to the sign-in"),
    pytest.param("/no/such/page", 404, id="nothing here"),
    pytest.param("/api/findings", 401, id="API without a token"),
    pytest.param("/api/no-such-noun", 404, id="API without such a noun"),
    pytest.param("/api/push", 405, id="push, read"),
]
SIGNED_IN = [
    pytest.param("/", 200, id="home"),
    pytest.param("/queue", 200, id="queue"),
    pytest.param("/findings", 200, id="list"),
    pytest.param("/items/add", 200, id="form"),
    pytest.param("/items/import", 200, id="import"),
    pytest.param("/items/export.csv", 200, id="CSV"),
    pytest.param("/items/export.xlsx", 200, id="XLSX"),
    pytest.param("/items/999999", 404, id="no such record"),
    pytest.param("/api/items", 200, id="API"),
    pytest.param("/api/items?no_such_filter=1", 422, id="API, refused"),
    pytest.param("/settings", 200, id="own settings"),
    pytest.param("/notifications", 200, id="notifications"),
    pytest.param("/search?q=abc", 200, id="search"),
    pytest.param("/live/changes?after=0", 200, id="live changes"),
    pytest.param("/account/sessions/", 200, id="own sessions"),
    pytest.param("/account/second-factor/", 200, id="second factor"),
]


def policy_of(answer) -> dict[str, str]:
    told = answer.headers["Content-Security-Policy"].split(";")
    return dict(one.strip().split(" ", 1) for one in told if one.strip())


def told(answer) -> dict[str, str | None]:
    return {name: answer.headers.get(name) for name in HEADERS}


@pytest.mark.parametrize(("url", "status"), OPEN)
def test_what_strangers_get_is_guarded(url, status, client, db):
    answer = client.get(url)

    assert answer.status_code == status
    assert policy_of(answer) == POLICY
    assert told(answer) == HEADERS


@pytest.mark.parametrize(("url", "status"), SIGNED_IN)
def test_what_the_signed_in_get_is_guarded_and_kept_nowhere(url, status, db):
    answer = make.client(make.user(role="administrator")).get(url)

    assert answer.status_code == status
    assert policy_of(answer) == POLICY
    assert told(answer) == HEADERS
    assert "no-store" in answer.headers.get("Cache-Control", "")


def test_a_refusal_is_guarded_too(db):
    answer = make.client(make.user()).get("/findings")

    assert answer.status_code == 403
    assert policy_of(answer) == POLICY
    assert told(answer) == HEADERS


def test_a_form_of_another_site_is_refused_and_guarded(db):
    browser = make.client(make.user(role="administrator"), enforce_csrf_checks=True)

    answer = browser.post("/items/add", {"name": "x"})

    assert answer.status_code == 403
    assert policy_of(answer) == POLICY
    assert told(answer) == HEADERS


def test_under_https_browsers_are_told_to_stay_there_for_a_year(settings, client, db):
    settings.SECURE_HSTS_SECONDS = 31_536_000

    answer = client.get("/sign-in/", secure=True)

    assert answer.headers["Strict-Transport-Security"].startswith("max-age=31536000")


def test_no_page_of_another_origin_may_read_the_api(db):
    text = tokens.new()
    make.token(text, user=make.user(role="administrator"))
    named = {"Authorization": f"Bearer {text}", "Origin": "https://elsewhere.example"}

    answer = Client().get("/api/items", headers=named)

    assert not [name for name in answer.headers if name.lower().startswith("access-control-")]


def test_cookies_are_for_this_site_and_for_no_script(db):
    browser = make.client(make.user(role="viewer"))
    browser.get("/findings")

    (session,) = [c for name, c in browser.cookies.items() if "session" in name]
    assert (session["samesite"], session["httponly"]) == ("Lax", True)
