"""What we may send: asked for, allowed by people, for a time, at some hours, and stopped."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from django.db import IntegrityError, transaction

from fullscore.connectors.base import Refused
from fullscore.connectors.sending import Sender
from fullscore.domains.foundation.estate import permits, queries, services
from fullscore.domains.foundation.estate.models import Scope
from fullscore.kit import time as kit_time
from fullscore.kit.errors import Conflict, Invalid
from tests import make

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def standing(monkeypatch):
    monkeypatch.setattr(kit_time, "now", lambda: NOW)


def asked(by=None, **values):
    known = {"name": "office", "targets": ["10.0.0.0/24"], "methods": ["icmp"],
             "expires_on": date(2026, 4, 1)}  # fmt: skip
    return services.ask_scope(by=by or make.user(), **known | values)


def test_nothing_may_be_sent_before_somebody_allows_it():
    scope = asked()
    with pytest.raises(Conflict, match="not allowed yet"):
        queries.permit(scope, now=NOW)

    services.allow(scope, by=make.user())

    given = queries.permit(scope, now=NOW)
    given.check("10.0.0.7", "icmp", now=NOW)
    with pytest.raises(Refused):
        given.check("10.0.1.7", "icmp", now=NOW)


def test_beyond_4096_addresses_two_people_have_to_allow_it():
    ann, bob = make.user("ann"), make.user("bob")
    scope = asked(ann, targets=["10.0.0.0/19"])
    assert scope.addresses == 8192

    services.allow(scope, by=ann)
    assert scope.state == "waits for a second person"
    with pytest.raises(Conflict, match="Another person"):
        services.allow(scope, by=ann)
    with pytest.raises(Conflict, match="not allowed yet"):
        queries.permit(scope, now=NOW)
    services.allow(scope, by=bob)

    assert (scope.state, scope.approved_by, scope.second_by) == ("allowed", ann, bob)


@pytest.mark.parametrize(
    "values",
    [
        pytest.param({"addresses": 4097}, id="large, and one person"),
        pytest.param({"approved_by": None}, id="nobody"),
        pytest.param({"hours_from": time(9)}, id="hours without an end"),
    ],
)
def test_the_database_refuses_a_scope(values):
    ann = make.user("ann")

    with pytest.raises(IntegrityError), transaction.atomic():
        make.scope(**{"approved_by": ann, "approved_at": NOW} | values)


def test_what_is_altered_has_to_be_allowed_anew():
    ann = make.user("ann")
    scope = asked()
    services.allow(scope, by=ann)

    services.change_scope(scope, by=ann, name="Office", targets=["10.0.0.0/24"])
    assert scope.state == "allowed"
    services.change_scope(scope, by=ann, targets=["10.0.0.0/23"])

    assert (scope.state, scope.addresses) == ("asked", 512)


@pytest.mark.parametrize(
    ("values", "why"),
    [
        pytest.param({"targets": []}, "whom to contact", id="nobody"),
        pytest.param({"targets": ["10.0.0.1/24"]}, "no prefix", id="bits beyond the prefix"),
        pytest.param({"targets": ["10.0.0.300"]}, "no prefix", id="no address"),
        pytest.param({"methods": ["shout"]}, "Say how", id="no method"),
        pytest.param({"methods": []}, "Say how", id="no method at all"),
        pytest.param({"expires_on": date(2026, 3, 1)}, "coming year", id="yesterday"),
        pytest.param({"expires_on": date(2028, 3, 1)}, "coming year", id="in two years"),
    ],
)
def test_what_cannot_be_meant_is_refused(values, why):
    with pytest.raises(Invalid, match=why):
        asked(**values)

    assert not Scope.objects.exists()


@pytest.mark.parametrize(
    ("hour", "until"),
    [
        pytest.param(21, None, id="before"),
        pytest.param(23, datetime(2026, 3, 3, 6, tzinfo=UTC), id="in the evening"),
        pytest.param(5, datetime(2026, 3, 2, 6, tzinfo=UTC), id="in the morning"),
        pytest.param(6, None, id="just over"),
    ],
)
def test_hours_may_go_past_midnight(hour, until):
    now = NOW.replace(hour=hour)

    assert permits.open_until(now, time(22), time(6)) == until


def test_a_permit_ends_with_its_hours_or_its_last_day():
    scope = make.scope(approved_by=make.user(), approved_at=NOW, expires_on=NOW.date(),
                       hours_from=time(8), hours_to=time(10))  # fmt: skip

    assert queries.permit(scope, now=NOW).expires_at == NOW.replace(hour=10)
    with pytest.raises(Conflict, match="from 08:00"):
        queries.permit(scope, now=NOW.replace(hour=11))
    with pytest.raises(Conflict, match="ended on"):
        queries.permit(scope, now=NOW + timedelta(days=1))


def test_stopping_all_stops_a_sender_that_is_at_work():
    class Wire:
        sent = 0

        def send(self, *packet):
            self.sent += 1

    scopes = [make.scope(approved_by=make.user(), approved_at=NOW) for _ in range(2)]
    wire, seconds = Wire(), [0.0]
    sender = Sender(
        queries.permit(scopes[0], now=NOW), wire, now=lambda: NOW, clock=lambda: seconds[0],
        is_stopped=lambda: queries.is_stopped(scopes[0].pk),
        sleep=lambda s: seconds.__setitem__(0, seconds[0] + s),
    )  # fmt: skip
    sender.send("10.0.0.1", "icmp", b"x")

    assert services.stop_all(by=make.user()) == 2
    seconds[0] += 2.0

    with pytest.raises(Refused, match="stopped"):
        sender.send("10.0.0.1", "icmp", b"x")
    assert wire.sent == 1
    scopes[1].refresh_from_db()
    with pytest.raises(Conflict, match="paused"):
        queries.permit(scopes[1], now=NOW)


def test_overlapping_prefixes_count_once():
    networks, names = permits.read(
        ["10.0.0.0/24", "10.0.0.0/25", "web1", "2001:db8::/126"], field="targets"
    )

    assert permits.count(networks, names) == 256 + 4 + 1
