"""What an approved scope lets a connector send."""

from datetime import UTC, datetime, timedelta
from ipaddress import ip_network

import pytest

from fullscore.connectors.base import Deadline, Permit, Refused, Unreachable

pytestmark = pytest.mark.once

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
PERMIT = Permit(
    networks=(ip_network("10.0.0.0/24"), ip_network("fd12::/64")),
    names=frozenset({"Switch.example.org"}),
    excluded_networks=(ip_network("10.0.0.13/32"), ip_network("192.0.2.66/32")),
    excluded_names=frozenset({"till.example.org"}),
    methods=frozenset({"icmp", "snmp"}),
    expires_at=NOW + timedelta(days=1),
)


@pytest.mark.parametrize(
    ("address", "name"),
    [
        pytest.param("10.0.0.7", "", id="in a network"),
        pytest.param("fd12::7", "", id="IPv6"),
        pytest.param("::ffff:10.0.0.7", "", id="written as IPv6"),
        pytest.param("192.0.2.1", "switch.example.org.", id="by name, wherever it stands"),
    ],
)
def test_what_the_scope_covers_may_be_contacted(address, name):
    PERMIT.check(address, "snmp", now=NOW, name=name)


@pytest.mark.parametrize(
    ("address", "method", "name", "why"),
    [
        pytest.param("10.0.1.7", "snmp", "", "outside", id="next network"),
        pytest.param("127.0.0.1", "snmp", "", "outside", id="this machine"),
        pytest.param("10.0.0.13", "snmp", "", "excluded", id="excluded"),
        pytest.param("::ffff:10.0.0.13", "snmp", "", "excluded", id="excluded, in disguise"),
        pytest.param("10.0.0.9", "snmp", "TILL.example.org", "excluded", id="excluded name"),
        pytest.param(
            "192.0.2.66", "snmp", "switch.example.org", "excluded", id="name leads to excluded"
        ),
        pytest.param("192.0.2.1", "snmp", "other.example.org", "outside", id="another name"),
        pytest.param("192.0.2.1", "snmp", ".", "outside", id="no name"),
        pytest.param("10.0.0.7", "ssh", "", "does not include ssh", id="another method"),
        pytest.param("switch.example.org", "snmp", "", "look the name up", id="not an address"),
    ],
)
def test_anything_else_is_refused(address, method, name, why):
    with pytest.raises(Refused, match=why):
        PERMIT.check(address, method, now=NOW, name=name)


def test_a_permit_ends_to_the_second():
    PERMIT.check("10.0.0.7", "icmp", now=PERMIT.expires_at - timedelta(seconds=1))

    with pytest.raises(Refused, match="ended at 2026-03-03 09:00 UTC"):
        PERMIT.check("10.0.0.7", "icmp", now=PERMIT.expires_at)


def test_a_permit_cannot_be_widened():
    with pytest.raises(AttributeError):
        PERMIT.methods = frozenset({"ssh"})


def test_a_deadline_counts_down_and_then_raises():
    clock = iter([100.0, 103.0, 110.0])
    deadline = Deadline(10, clock=lambda: next(clock))

    assert deadline.left_seconds() == 7.0
    with pytest.raises(Unreachable, match="10 seconds"):
        deadline.left_seconds()
