"""`fullscore push-key make`: the one verb of keys that prints a secret, once."""

import pytest

from fullscore.config import enrolling
from fullscore.domains.foundation.telemetry import services
from fullscore.kit.errors import Invalid, NotAllowed, NotFound
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def root():
    return make.user("root", role="administrator")


def test_a_key_is_made_and_printed_once(root, capsys):
    host = make.item(name="web1")

    enrolling.make_push_key("probe", item="web1", is_collectors=False, by=root)

    text = capsys.readouterr().out.strip()
    assert services.owner_of_key(text).item == host


def test_a_collector_s_key_is_for_a_site(root, capsys):
    site = make.item(kind="site", name="fra-1")

    enrolling.make_push_key("collector", item=str(site.pk), is_collectors=True, by=root)

    key = services.owner_of_key(capsys.readouterr().out.strip())
    assert (key.item, key.collects) == (site, True)


def test_what_cannot_be_found_or_told_apart_is_said(root):
    for site in ("fra-1", "ber-1"):
        make.item(name="db", site=make.item(kind="site", name=site))

    with pytest.raises(NotFound, match="no item “nowhere”"):
        enrolling.make_push_key("x", item="nowhere", is_collectors=False, by=root)
    with pytest.raises(Invalid, match="several items"):
        enrolling.make_push_key("x", item="db", is_collectors=False, by=root)


def test_whoever_may_not_make_keys_gets_none(capsys):
    with pytest.raises(NotAllowed):
        enrolling.make_push_key("x", item="", is_collectors=False, by=make.user("reader"))
    assert capsys.readouterr().out == ""
