"""What the page of patching says at first sight."""

import pytest

from tests import make

pytestmark = pytest.mark.django_db


def test_without_a_baseline_nothing_is_called_at_its_baseline():
    make.server(security_updates=74)
    page = make.client(make.user(role="viewer")).get("/patching").content.decode()

    assert "Every server is at its baseline" not in page
    assert "No baseline says what servers get" in page
    assert "74 security updates wait, and nothing takes them" in page


def test_with_one_and_nothing_waiting_every_server_is_at_it():
    make.server(security_updates=0)
    make.baseline()
    page = make.client(make.user(role="viewer")).get("/patching").content.decode()

    assert "Every server is at its baseline" in page
