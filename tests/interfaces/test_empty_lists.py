"""What an empty list says: there is none yet, or none passes what somebody asked for."""

import pytest

from tests import make

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("path", "noun"), [("/incidents?show=live", "incidents"), ("/changes?show=planned", "changes")]
)
def test_where_there_is_nothing_the_usual_filter_is_not_to_blame(path, noun):
    page = make.client(make.user(role="engineer")).get(path).content.decode()

    assert f"No {noun} yet" in page
    assert "Add " in page.split(f"No {noun} yet")[1]


def test_where_there_is_something_else_it_is():
    make.incident(state="resolved", resolution="x", resolved_at=make.AT, detected_at=make.AT,
                  starts_at=make.AT)  # fmt: skip
    page = make.client(make.user(role="engineer")).get("/incidents?show=live").content.decode()

    assert "No incidents match" in page


def test_a_filter_of_ones_own_is_named_even_where_there_is_nothing():
    page = make.client(make.user(role="engineer")).get("/incidents?show=mine").content.decode()

    assert "No incidents match" in page
