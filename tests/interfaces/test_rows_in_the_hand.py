"""What rows say on a telephone."""

from pathlib import Path

import pytest

from fullscore.interfaces import web
from tests.browsing import browser

pytestmark = [pytest.mark.journey, pytest.mark.once]
STYLES = Path(web.__file__).parent / "static/dist/app.css"
ROW = (
    '<div class="main" style="container: main / inline-size"><ul class="rows"><li class="row {}">'
    '<div class="row__t"><span id="told">Tue 1 Dec 22:00 to 02:00</span></div></li></ul></div>'
)


@pytest.mark.parametrize("kind", ["row--pair", "row--plain"])
def test_what_a_row_is_about_is_read_on_a_telephone(kind):
    with browser() as chromium:
        page = chromium.new_page(viewport={"width": 390, "height": 844})
        page.set_content(ROW.format(kind))
        page.add_style_tag(content=STYLES.read_text())

        assert page.locator("#told").is_visible()
