"""A started installation on each database, and a browser that notes everything that goes wrong."""

import pytest

from tests.browsing import browser, running, sign_in
from tests.servers import postgresql

DESK = {"width": 1440, "height": 900}


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def installed(request):
    """Give a running installation on SQLite, then one on PostgreSQL."""
    if request.param == "sqlite":
        with running() as started:
            yield started
        return
    with postgresql() as url, running(database_url=url) as started:
        yield started


@pytest.fixture(scope="session")
def chromium():
    """Give the system's browser."""
    with browser() as opened:
        yield opened


@pytest.fixture(scope="session")
def signed_in(installed, chromium):
    """Give the cookies of a session opened by the one-time link."""
    context = chromium.new_context()
    sign_in(context.new_page(), installed.link)
    kept = context.storage_state()
    context.close()
    return kept


@pytest.fixture
def page(installed, chromium, signed_in):
    """Give a signed-in page; at the end nothing may have gone wrong behind it."""
    context = chromium.new_context(
        viewport=DESK, storage_state=signed_in, base_url=installed.address, accept_downloads=True
    )
    opened = context.new_page()
    wrong = []
    opened.on("console", lambda m: wrong.append(m.text) if _is_fault(m) else None)
    opened.on("pageerror", lambda e: wrong.append(str(e)))
    opened.on(
        "response", lambda r: wrong.append(f"{r.status} {r.url}") if r.status >= 500 else None
    )
    opened.on(
        "request",
        lambda r: wrong.append(f"asked {r.url}")
        if not r.url.startswith((installed.address, "data:", "blob:")) else None,
    )  # fmt: skip
    yield opened
    context.close()
    assert wrong == []


def _is_fault(message):
    """Say whether the console tells of a fault; a refusal that a test asked for is none."""
    return message.type == "error" and "Failed to load resource" not in message.text
