"""Gives the tests a data folder and a database of their own, before anything reads the settings.

Loaded as a plugin (`-p tests.home`): the settings are read before any `conftest.py`. With
FULLSCORE_TEST_DATABASE=postgresql a real server is started for the whole run, workers included.
"""

import atexit
import os
import shutil
import tempfile

import pytest
from hypothesis import settings

from tests.servers import postgresql

# A first example pays for imports; how fast things are is measured by `bench/`, not here.
settings.register_profile("ours", deadline=None)
settings.load_profile("ours")

if "FULLSCORE_HOME" not in os.environ:
    folder = tempfile.mkdtemp(prefix="fullscore-tests-")
    os.environ["FULLSCORE_HOME"] = folder
    atexit.register(shutil.rmtree, folder, ignore_errors=True)

if os.environ.get("FULLSCORE_TEST_DATABASE") == "postgresql" and not os.environ.get(
    "FULLSCORE_DATABASE_URL"
):
    server = postgresql()
    try:
        os.environ["FULLSCORE_DATABASE_URL"] = server.__enter__()
    except pytest.skip.Exception as absent:
        message = f"{absent}: sudo apt-get install postgresql"
        raise SystemExit(message if os.environ.get("CI") else f"Not run: {message}") from absent
    atexit.register(server.__exit__, None, None, None)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Where everything must be installed, a skipped test of a real server is a failure."""
    report = yield
    if os.environ.get("CI") and report.skipped and item.get_closest_marker("real"):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped: {report.longrepr}"
    return report
