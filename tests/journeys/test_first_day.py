"""The first day: from the link in the terminal to a finding excepted, seen as it was, exported."""

import csv
import re
from datetime import date, timedelta

import pytest
from playwright.sync_api import expect

pytestmark = [pytest.mark.real, pytest.mark.journey, pytest.mark.once]


def test_the_link_opens_once(installed, chromium, signed_in):
    page = chromium.new_page()

    page.goto(installed.link)
    if page.locator("form button").count():
        page.locator("form button").first.click()

    expect(page.locator("body")).to_contain_text(re.compile("used|expired|no longer|another", re.I))
    page.close()


def test_home_says_what_needs_me_beside_live_charts_of_this_host(page):
    page.goto("/")

    expect(page.locator("h1")).to_contain_text(re.compile("need|wait", re.I))
    assert page.locator(".row--queue").count() >= 1
    expect(page.locator("ts-chart canvas").first).to_be_visible(timeout=20_000)


def test_a_finding_is_found_opened_and_excepted(page):
    page.goto("/findings?show=live")
    first = page.locator("#rows a[data-open]").first
    title = first.inner_text()
    first.click()
    expect(page.locator("h1")).to_have_text(title)
    expect(page.locator("main")).to_contain_text("How it is verified")

    page.get_by_role("button", name="More").click()
    page.get_by_role("link", name=re.compile("Ask exception")).click()
    page.locator("[name=reason]").fill("Replaced next month")
    page.locator("[name=expires_on]").fill((date.today() + timedelta(days=20)).isoformat())  # noqa: DTZ011
    page.locator("main form button[type=submit], main form button").last.click()

    expect(page.locator("main")).to_contain_text("Replaced next month")
    page.goto("/exceptions")
    page.locator("table a[href^='/exceptions/']").first.click()
    page.locator("header.ident").get_by_text("Grant").first.click()
    if page.url.rstrip("/").endswith("grant"):
        page.locator("main form button").last.click()
    expect(page.locator(".ident")).to_contain_text("Granted")


def test_the_item_is_seen_as_it_was_and_nothing_can_be_changed_there(page):
    page.goto("/items")
    page.locator("table a[href^='/items/']").first.click()
    address = page.url
    expect(page.locator(".asof").first).to_be_visible()

    page.goto(address + "?at=2001-01-01T00:00")
    expect(page.locator("main")).to_contain_text("did not exist")
    page.goto(address + "/changes")
    expect(page.locator("h1")).to_contain_text("What changed")


def test_the_list_is_exported_with_its_filter(page, tmp_path):
    page.goto("/findings?show=live")

    with page.expect_download() as waiting:
        page.evaluate("location.href = '/findings/export.csv?show=live'")
    target = tmp_path / "findings.csv"
    waiting.value.save_as(target)

    rows = list(csv.reader(target.read_text("utf-8-sig").splitlines()))
    assert rows[0][:3] == ["id", "severity", "title"]
    assert len(rows) > 2


def test_everything_is_reached_by_keyboard_through_the_palette(page):
    page.goto("/")
    page.keyboard.press("Control+k")
    page.keyboard.type("checks", delay=20)
    option = page.locator("[role=option]", has_text="Checks").first
    expect(option).to_be_visible()

    page.keyboard.press("Enter")

    expect(page).to_have_url(re.compile("/checks"))
