"""The tokens: one place for raw values, enough contrast, colours that are told apart."""

import json
import re
from itertools import combinations
from pathlib import Path

import pytest

from fullscore.interfaces.web import figures
from tests.interfaces import colours

pytestmark = pytest.mark.once
FRONT = Path(figures.__file__).parent / "front"
TOKENS = colours.tokens(FRONT / "css/tokens.css")
THEMES = (("light", 0), ("dark", 1))
SURFACES = ("bg", "surface", "surface-2")
FILLS = (
    "crit-f",
    "high-f",
    "warn-f",
    "ok-f",
    "info-f",
    "s1",
    "s2",
    "s3",
    "s4",
    "s5",
    "s6",
    "line-control",
)
TEXTS = ("text", "text-2", "text-3", "accent", "crit", "high", "warn", "ok", "info")
RAW = {
    "a colour by number": r"(?<![\w&-])#[0-9a-fA-F]{3,8}\b(?!\w)",
    "a colour function": r"\b(oklch|rgba?|hsla?|light-dark)\(",
    "a size of text in pixels": r"font(-size)?:[^;]*\d(px|rem)",
    "a duration": r"[\s,:]\d+(\.\d+)?m?s\b",
}


@pytest.mark.parametrize(("what", "pattern"), RAW.items(), ids=RAW)
def test_only_the_tokens_name_raw_values(what, pattern):
    sheets = [p for p in (FRONT / "css").glob("*.css") if p.name != "tokens.css"]
    bare = {p.name: re.sub(r"/\*.*?\*/", "", p.read_text(), flags=re.S) for p in sheets}

    named = {name: found for name, text in bare.items() if (found := re.findall(pattern, text))}

    assert named == {}, f"{what} outside tokens.css"
    assert len(bare) > 5


@pytest.mark.parametrize(("theme", "n"), THEMES, ids=["light", "dark"])
@pytest.mark.parametrize("surface", SURFACES)
@pytest.mark.parametrize("fill", FILLS)
def test_every_fill_stands_out_from_its_surface(fill, surface, theme, n):
    assert colours.contrast(TOKENS[fill][n], TOKENS[surface][n]) >= 3


@pytest.mark.parametrize(("theme", "n"), THEMES, ids=["light", "dark"])
@pytest.mark.parametrize("surface", SURFACES)
@pytest.mark.parametrize("text", TEXTS)
def test_every_text_can_be_read_on_its_surface(text, surface, theme, n):
    assert colours.contrast(TOKENS[text][n], TOKENS[surface][n]) >= 4.5


@pytest.mark.parametrize(("theme", "n"), THEMES, ids=["light", "dark"])
@pytest.mark.parametrize("blindness", colours.BLINDNESS)
def test_series_are_told_apart_by_the_colour_blind(blindness, theme, n):
    seen = {
        name: colours.lab(colours.seen_with(blindness, TOKENS[name][n]))
        for name in ("s1", "s2", "s3", "s4", "s5", "s6")
    }

    close = {
        (a, b): round(apart, 1)
        for a, b in combinations(seen, 2)
        if (apart := colours.distance(seen[a], seen[b])) < 12
    }

    assert close == {}


def test_the_distance_of_colours_is_that_of_the_standard():
    # Sharma, Wu and Dalal, table 1, pairs 1 and 17.
    assert colours.distance((50, 2.6772, -79.7751), (50, 0, -82.7485)) == pytest.approx(
        2.0425, abs=1e-4
    )
    assert colours.distance((50, 2.5, 0), (73, 25, -18)) == pytest.approx(27.1492, abs=1e-4)


def test_black_on_white_has_the_highest_contrast():
    assert colours.contrast((0, 0, 0), (1, 1, 1)) == pytest.approx(21)


def test_the_lock_holds_no_addresses():
    lock = json.loads((FRONT / "package-lock.json").read_text())

    kept = [name for name, package in lock["packages"].items() if "resolved" in package]

    assert kept == []
    assert "omit-lockfile-registry-resolved=true" in (FRONT / ".npmrc").read_text()


def test_scripts_and_styles_never_load_from_another_host():
    sources = [*FRONT.glob("js/*.js"), *FRONT.glob("css/*.css")]
    pages = [*(FRONT.parent / "templates").rglob("*.html")]

    abroad = [
        p.name
        for p in sources + pages
        if re.search(r"(src|href)=\"(https?:)?//|url\(.?http", p.read_text())
    ]

    assert abroad == []
    assert len(pages) > 10


def test_templates_hold_no_script_or_style_of_their_own():
    pages = (FRONT.parent / "templates").rglob("*.html")

    own = {
        p.name: found
        for p in pages
        if (
            found := re.findall(
                r"<script(?![^>]*\bsrc=)|<style|\son\w+=|style=\"(?!--)", p.read_text()
            )
        )
    }

    assert own == {}
