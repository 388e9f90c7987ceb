"""One page of each template, in both themes and at three widths: no fault axe finds, no sideways
scroll."""

from datetime import UTC, datetime
from itertools import product

import pytest
from django.template.loader import render_to_string

from tests.browsing import ROOT, running, sign_in

pytestmark = [pytest.mark.real, pytest.mark.journey, pytest.mark.once]

AXE = ROOT / "src/fullscore/interfaces/web/front/node_modules/axe-core/axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
ASK = """rules => axe.run(document, {runOnly: rules}).then(told => told.violations.map(
    one => `${one.id}: ${one.nodes.slice(0, 2).map(node => node.html.slice(0, 200)).join(" | ")}`
))"""
SIZES = {"desk": (1440, 900), "hand": (390, 844)}
NARROWEST = 320

PAGES = {
    "attention/home": "/", "attention/queue": "/queue", "list": "/findings?show=live",
    "a list without rows": "/findings?show=muted&unknown=1", "a wide list": "/series",
    "detail": "/findings/1", "detail with charts": "/servers/1", "detail with map": "/items/1",
    "a past detail": "/items/1?at={now}", "a check": "/checks/1", "changes": "/items/1/changes",
    "servers/changed": "/servers/1/changed", "verb": "/findings/2/assign", "form": "/items/add",
    "import": "/items/import", "notifications": "/notifications", "settings": "/settings",
    "error 404": "/nowhere", "error 422": "/items?at=2999-01-01", "findings/map": "/map",
    "findings/map of a failure": "/map?fails=120", "estate/what_if_page": "/what-if?fails=120",
    "estate/single_points": "/single-points", "estate/decide": "/differences/decide",
    "estate/discovery": "/discovery", "system/inventory": "/inventory",
    "findings/closed": "/closed", "access/token": "/api-tokens/add",
    "servers/capacity": "/capacity/1", "patching/end_of_life": "/end-of-life",
    "snooze": "/queue/finding:1/snooze",
    "password": "/account/password/", "second factor": "/account/second-factor/",
    "sessions": "/account/sessions/",
}  # fmt: skip
STRANGERS = {
    "account/login": "/sign-in/", "password forgotten": "/sign-in/forgotten/",
    "a spent link": "/sign-in/link/spent", "sign-up closed": "/sign-in/closed",
}  # fmt: skip


@pytest.fixture(scope="module")
def sample(chromium):
    """Give the sample company, and the cookies of who is signed in there."""
    with running("demo") as started:
        context = chromium.new_context()
        sign_in(context.new_page(), started.link)
        kept = context.storage_state()
        context.close()
        yield started, chromium, kept


@pytest.fixture(scope="module")
def views(sample):
    """Give a page of somebody signed in, and one of a stranger."""
    started, chromium, kept = sample
    contexts = [
        chromium.new_context(storage_state=state, reduced_motion="reduce", base_url=started.address)
        for state in (kept, None)
    ]
    yield [context.new_page() for context in contexts]
    for context in contexts:
        context.close()


def is_wide(page):
    """Say whether a page can be scrolled sideways."""
    return page.evaluate("document.documentElement.scrollWidth > innerWidth")


@pytest.mark.parametrize("name", [*PAGES, *STRANGERS])
def test_axe_finds_nothing_and_nothing_scrolls_sideways(views, name):
    signed_in, stranger = views
    page = signed_in if name in PAGES else stranger
    page.goto(at(PAGES.get(name) or STRANGERS[name]))

    assert faults_of(page) == []


def test_axe_finds_nothing_on_a_refused_form(views):
    page, _ = views
    page.goto("/settings")
    with page.expect_navigation():
        page.evaluate("""() => {
            const form = document.body.appendChild(document.createElement("form"));
            form.method = "post"; form.submit();
        }""")

    assert "too old to be sent" in page.content()
    assert faults_of(page) == []


def test_axe_finds_nothing_on_the_page_of_a_fault_of_ours(views):
    page, _ = views
    page.goto("/settings")
    page.set_content(render_to_string("500.html", {"reference": "4f1c2a9b"}))

    assert "4f1c2a9b" in page.content()
    assert faults_of(page) == []


def faults_of(page):
    """Return what axe finds on the page that stands, and whether it scrolls sideways."""
    page.evaluate(AXE.read_text())
    faults = []
    for (size, (width, height)), theme in product(SIZES.items(), ("dark", "light")):
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme=theme)
        faults += [f"{theme}, {size}: {told}" for told in page.evaluate(ASK, RULES)]
        faults += [f"{size}: scrolls sideways"] if is_wide(page) else []
    return faults


def test_nothing_scrolls_sideways_on_the_smallest_telephone(sample):
    started, chromium, kept = sample
    context = chromium.new_context(viewport={"width": NARROWEST, "height": 640}, storage_state=kept)
    page, wide = context.new_page(), []
    for path in PAGES.values():
        page.goto(started.address + at(path))
        if is_wide(page):
            wide.append(path)
    context.close()

    assert wide == []


def test_the_first_page_fits_a_desk(sample):
    started, chromium, kept = sample
    context = chromium.new_context(viewport={"width": 1440, "height": 900}, storage_state=kept)
    page = context.new_page()
    page.goto(started.address)
    page.locator("ts-chart canvas").nth(1).wait_for()  # until then a chart holds its place roughly

    height = page.evaluate("document.documentElement.scrollHeight")
    context.close()
    assert height <= 901


def at(path):
    """Return a path with its moment filled in: a minute in which the sample company stood."""
    return path.replace("{now}", datetime.now(UTC).strftime("%Y-%m-%dT%H:%MZ"))


def test_the_faults_are_found_at_all(sample):
    _, chromium, _ = sample
    page = chromium.new_page()
    page.set_content("<main><img src=x><div style='width:3000px'>wide</div></main>")
    page.evaluate(AXE.read_text())

    assert any("image-alt" in told for told in page.evaluate(ASK, RULES))
    assert is_wide(page)
    page.close()
