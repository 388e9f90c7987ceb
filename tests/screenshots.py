"""Make the pictures of the README: `python -m tests.screenshots [folder]`."""

import shutil
import sys
from pathlib import Path

from tests.browsing import browser, running, sign_in

DESK, HAND = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
PAGES = {
    "home": "/",
    "findings": "/findings?show=live",
    "finding": "/findings/1",
    "item": "/items/1",
    "server": "/servers/1",
    "checks": "/checks",
    "queue": "/queue",
}


def main(folder: Path, words: tuple[str, ...]) -> None:
    """Take each page in both themes and both sizes."""
    folder.mkdir(parents=True, exist_ok=True)
    with running(*words) as installed, browser() as chromium:
        context = chromium.new_context(viewport=DESK)
        page = context.new_page()
        sign_in(page, installed.link)
        page.wait_for_timeout(20_000)  # a few samples, so that the charts show something
        for theme in ("dark", "light"):
            for size, viewport in (("desk", DESK), ("hand", HAND)):
                page.set_viewport_size(viewport)
                page.emulate_media(color_scheme=theme)
                for name, path in PAGES.items():
                    page.goto(installed.address + path)
                    page.wait_for_timeout(900)
                    page.screenshot(path=folder / f"{name}-{theme}-{size}.png")
    shutil.copyfile(folder / "home-dark-desk.png", folder / "home.png")  # the README's


if __name__ == "__main__":
    wanted = [a for a in sys.argv[1:] if not a.startswith("-")]
    main(Path(wanted[0] if wanted else "docs/pictures"), ("demo",) if "--demo" in sys.argv else ())
