"""What the tests of HTTP calls share."""

import pytest

from tests.connectors.http.outside import Authority


@pytest.fixture(scope="session")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))
