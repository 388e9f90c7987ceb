"""What always holds of items: how states go, what a site is, and that nothing hangs on the gone."""

import pytest

from fullscore.domains.foundation.estate import services
from fullscore.kit.errors import Conflict, Invalid
from fullscore.kit.models import AuditEntry
from fullscore.kit.models.user import system
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def by():
    return system()


@pytest.mark.parametrize("verb", ["link", "require"])
@pytest.mark.parametrize("end", ["from", "to"])
def test_nothing_is_joined_to_what_is_retired(by, verb, end):
    gone, host = services.retire(make.item(name="gone"), by=by), make.item(name="host")
    ends = (gone, host) if end == "from" else (host, gone)

    with pytest.raises(Conflict, match="gone is retired"):
        getattr(services, verb)(ends[0], by=by, to=ends[1])

    assert not host.links_in.exists()
    assert not host.links_out.exists()


def test_a_link_to_what_is_retired_is_refused_by_the_api_as_well():
    gone, host = services.retire(make.item(name="gone"), by=system()), make.item()
    admin = make.client(make.user(role="administrator"))

    answer = admin.post(f"/items/{host.pk}/link", {"to": gone.pk, "kind": "part_of"})

    assert b"is retired" in answer.content or b"not one of the available" in answer.content
    assert not host.links_out.exists()


def test_a_site_at_which_others_are_stays_one(by):
    site = make.item(kind="site")
    make.item(site=site)

    with pytest.raises(Conflict, match="stays a site"):
        services.change(site, by=by, kind="host")
    empty = services.change(make.item(kind="site"), by=by, kind="host")

    assert empty.kind == "host"


@pytest.mark.parametrize(
    ("before", "after"),
    [("active", "planned"), ("staged", "planned"), ("retiring", "active"), ("retired", "active")],
)
def test_back_goes_only_with_a_note(by, before, after):
    item = make.item(state=before)

    with pytest.raises(Conflict, match="with “reopen”, and a note"):
        services.change(item, by=by, state=after)
    services.reopen(item, by=by, state=after, note="The order was cancelled.")

    item.refresh_from_db()
    assert item.state == after
    assert AuditEntry.objects.filter(verb="reopen").get().reason == "The order was cancelled."


@pytest.mark.parametrize(
    ("state", "fault"), [("retired", Conflict), ("active", Conflict), ("gone", Invalid)]
)
def test_bringing_back_goes_back(by, state, fault):
    with pytest.raises(fault):
        services.reopen(make.item(state="active"), by=by, state=state, note="why")
