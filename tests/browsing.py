"""A real installation and a real browser, for journeys and pictures."""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.installation import Installation
from tests.servers import free_port

ROOT = Path(__file__).parents[1]
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


@dataclass(frozen=True)
class Running:
    """A started installation: where it answers, and the link that signs in once."""

    home: Path
    address: str
    link: str


def environment(home: Path, **more: str) -> dict[str, str]:
    """Return the environment of the program's processes on one data folder."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("FULLSCORE_", "DJANGO_"))}
    return {**kept, "FULLSCORE_HOME": str(home), "PYTHONPATH": str(ROOT / "src"), **more}


@contextlib.contextmanager
def running(*words: str, is_migrated: bool = False, **options: str) -> Iterator[Running]:
    """Start `fullscore up` (or other words) in a folder of its own, and stop it at the end."""
    home, port = Path(tempfile.mkdtemp(prefix="fullscore-up-")), free_port()
    if is_migrated:
        Installation(home).migrate()
    more = {f"FULLSCORE_{name.upper()}": value for name, value in options.items()}
    process = subprocess.Popen(
        [sys.executable, "-m", "fullscore", *(words or ("up",)), "--port", str(port)],
        env=environment(home, PYTHONUNBUFFERED="1", **more), cwd=ROOT, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    try:
        told, link = [], ""
        for line in process.stdout:
            told.append(line)
            if found := re.search(r"http\S+/sign-in/link/\S+", line):
                link = found.group(0)
            if "Stop with" in line:
                break
        assert link, "".join(told)
        address = f"http://localhost:{port}"
        urllib.request.urlopen(address, timeout=60).close()  # it said that it is ready
        yield Running(home, address, link)
    finally:
        process.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(40)
        if process.poll() is None:
            process.kill()
        process.stdout.close()
        shutil.rmtree(home, ignore_errors=True)


def wait_for(address: str, seconds: float = 120) -> None:
    """Wait until somebody answers there."""
    import urllib.error

    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        try:
            urllib.request.urlopen(address + "/sign-in/", timeout=5)
            return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise AssertionError(f"Nobody answered at {address} within {seconds} s")


@contextlib.contextmanager
def browser():
    """Start the system's Chromium; skip where there is none."""
    from playwright.sync_api import sync_playwright

    path = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if path is None:
        pytest.skip("No Chromium here: sudo apt-get install chromium")
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as play:
        opened = play.chromium.launch(executable_path=path, args=arguments)
        try:
            yield opened
        finally:
            opened.close()


def sign_in(page, link: str) -> None:
    """Open the link and press its button."""
    page.goto(link)
    page.locator("main button, form button[type=submit], form button").first.click()
    page.wait_for_url(re.compile(r"/$"))
