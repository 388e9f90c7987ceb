"""Other ways in: a passkey in the browser, and an https proxy in front."""

import base64
import hmac
import re
import struct
import time
from urllib.parse import urlsplit

import httpx2
import pytest
from playwright.sync_api import expect

from tests.browsing import running, sign_in
from tests.servers import free_port, nginx

pytestmark = [pytest.mark.real, pytest.mark.journey, pytest.mark.once]
AUTHENTICATOR = {
    "protocol": "ctap2", "transport": "internal", "hasResidentKey": True,
    "hasUserVerification": True, "isUserVerified": True, "automaticPresenceSimulation": True,
}  # fmt: skip


def test_a_passkey_is_added_and_signs_in_by_itself(chromium):
    with running(is_migrated=True) as started:
        context = chromium.new_context(base_url=started.address)
        page = context.new_page()
        devices = context.new_cdp_session(page)
        devices.send("WebAuthn.enable")
        devices.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
        sign_in(page, started.link)

        page.goto("/account/second-factor/webauthn/add/")
        page.locator("input[name=name]").fill("Laptop")
        page.locator("input[name=passwordless]").check()
        page.get_by_role("button", name="Add").click()
        page.wait_for_url(re.compile("reauthenticate|recovery-codes"))
        page.goto("/account/second-factor/")
        expect(page.locator("main")).to_contain_text("1 security key")

        page.goto("/sign-out/")
        page.locator("main form button").first.click()
        page.goto("/sign-in/")
        page.get_by_role("button", name=re.compile("passkey", re.I)).click()
        page.wait_for_url(re.compile(r"/$"))
        expect(page.locator("h1")).to_contain_text(re.compile("need|wait", re.I))
        context.close()


def test_an_https_proxy_in_front_changes_nothing_for_people():
    port = free_port()
    address = f"https://localhost:{port}"
    options = {"base_url": address, "trusted_proxies": "127.0.0.1", "is_https": "true"}
    with (
        running(is_migrated=True, **options) as started,
        nginx(port=port, behind=urlsplit(started.address).port),
        httpx2.Client(base_url=address, verify=False, trust_env=False, timeout=30) as client,
    ):
        assert started.link.startswith(address)
        page = client.get(urlsplit(started.link).path)
        entered = send(client, page)
        assert (entered.status_code, entered.headers["Location"]) == (302, "/")

        # From elsewhere than the machine itself an administrator needs a second factor.
        assert "second-factor" in client.get("/").headers["Location"]
        page = client.get("/account/second-factor/totp/activate/")
        secret = re.search(r"\b[A-Z2-7]{32}\b", page.text).group(0)
        assert send(client, page, code=code_now(secret)).status_code == 302
        home = client.get("/")

        assert home.status_code == 200
        assert {"__Host-session", "__Host-csrf"} <= set(client.cookies)
        assert all(cookie.secure for cookie in client.cookies.jar)
        assert home.headers["Strict-Transport-Security"].startswith("max-age=31536000")
        with client.stream("GET", "/live/stream") as stream:
            assert stream.headers["Content-Type"].startswith("text/event-stream")
        page = client.get("/settings")
        assert send(client, page, address="https://elsewhere.example").status_code == 403


def send(client, page, *, address="", **values):
    """Send the first form of a page as the browser would, perhaps as if from elsewhere."""
    form = re.search(r"<main.*?(<form.*?</form>)", page.text, re.DOTALL).group(1)
    fields = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form)
    target = re.search(r'action="([^"]+)"', form)
    url = target.group(1) if target else str(page.url)
    origin = address or str(client.base_url).rstrip("/")
    headers = {"Origin": origin, "Referer": f"{origin}/"}
    return client.post(url, data={**dict(fields), **values}, headers=headers)


def code_now(secret):
    """Return the code an authenticator shows now: RFC 6238 with its defaults."""
    counter = struct.pack(">Q", int(time.time()) // 30)
    digest = hmac.digest(base64.b32decode(secret), counter, "sha1")
    place = digest[-1] & 15
    number = struct.unpack(">I", digest[place : place + 4])[0] & 0x7FFFFFFF
    return f"{number % 10**6:06}"
