"""Installations that tests of processes share, and a log to read."""

import logging
from io import StringIO

import pytest

from fullscore.kit import log
from tests.installation import Installation
from tests.servers import postgresql


@pytest.fixture(scope="session")
def on_sqlite(tmp_path_factory):
    installed = Installation(tmp_path_factory.mktemp("sqlite"))
    installed.migrate()
    return installed


@pytest.fixture(scope="session")
def on_postgresql(tmp_path_factory):
    with postgresql() as url:
        installed = Installation(tmp_path_factory.mktemp("postgresql"), url)
        installed.migrate()
        yield installed


@pytest.fixture(params=["on_sqlite", "on_postgresql"])
def installed(request):
    return request.getfixturevalue(request.param)


@pytest.fixture
def logged():
    """Give what is logged, as JSON lines, from now until the end of the test."""
    handlers, level = logging.root.handlers[:], logging.root.level
    stream = StringIO()
    log.set_up("info", stream=stream)
    yield stream
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)
