"""Nothing leaves that no scope permits, counted with a transport that only counts."""

from datetime import UTC, datetime, timedelta
from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fullscore.connectors.base import Permit, Refused
from fullscore.connectors.sending import Sender

pytestmark = pytest.mark.once
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


class Counter:
    """A wire that only counts."""

    def __init__(self):
        self.sent = []

    def send(self, address, method, payload):
        self.sent.append((address, method))


class Clock:
    """Time that passes while one waits."""

    def __init__(self):
        self.seconds = 0.0

    def __call__(self):
        return self.seconds

    def sleep(self, seconds):
        self.seconds += seconds

    def now(self):
        return NOW + timedelta(seconds=self.seconds)


def permit(**values):
    known = {
        "networks": (ip_network("10.0.0.0/24"),), "methods": frozenset({"icmp"}),
        "expires_at": NOW + timedelta(hours=1), "names": frozenset({"web1.example.org"}),
        "excluded_networks": (ip_network("10.0.0.128/25"),),
    }  # fmt: skip
    return Permit(**known | values)


def sender(wire, clock=None, is_stopped=lambda: False, **values):
    clock = clock or Clock()
    return Sender(permit(**values), wire, is_stopped=is_stopped, now=clock.now, clock=clock,
                  sleep=clock.sleep)  # fmt: skip


@pytest.mark.parametrize(
    ("address", "method", "name"),
    [
        pytest.param("10.0.1.1", "icmp", "", id="outside"),
        pytest.param("10.0.0.129", "icmp", "", id="excluded"),
        pytest.param("10.0.0.1", "snmp", "", id="another method"),
        pytest.param("web1.example.org", "icmp", "", id="a name that was not looked up"),
        pytest.param("10.0.0.129", "icmp", "web1.example.org", id="a named one, but excluded"),
        pytest.param("::ffff:10.0.1.1", "icmp", "", id="outside, written as IPv6"),
    ],
)
def test_no_packet_leaves_for_what_is_not_permitted(address, method, name):
    wire = Counter()

    with pytest.raises(Refused):
        sender(wire).send(address, method, b"x", name=name)
    with pytest.raises(Refused), sender(wire).connection(address, method, name=name):
        wire.send(address, method, b"x")

    assert wire.sent == []


@given(st.lists(st.ip_addresses(v=4), max_size=20))
def test_only_what_lies_within_leaves(addresses):
    wire = Counter()
    one = sender(wire)
    for address in addresses:
        try:
            one.send(str(address), "icmp", b"x")
        except Refused:
            continue

    inside = [str(a) for a in addresses if a in ip_network("10.0.0.0/25")]
    assert [address for address, _ in wire.sent] == inside


def test_a_permit_that_ends_while_one_waits_lets_nothing_out():
    wire, clock = Counter(), Clock()
    one = sender(wire, clock, packets_per_second=0.1, expires_at=NOW + timedelta(seconds=5))
    one.send("10.0.0.1", "icmp", b"x")

    with pytest.raises(Refused, match="ended"):
        one.send("10.0.0.2", "icmp", b"x")

    assert len(wire.sent) == 1


def test_all_is_stopped_within_two_seconds():
    wire, clock, told = Counter(), Clock(), []
    one = sender(wire, clock, lambda: clock.seconds >= 3.0 and not told.append(clock.seconds),
                 packets_per_second=10.0)  # fmt: skip

    def go_on():
        for number in range(1000):
            one.send(f"10.0.0.{number % 100}", "icmp", b"x")

    with pytest.raises(Refused, match="stopped"):
        go_on()

    assert told[0] - 3.0 <= 2.0
    assert len(wire.sent) <= 3.0 * 10 + 10
    with pytest.raises(Refused, match="stopped"):
        one.send("10.0.0.1", "icmp", b"x")


def test_the_rate_is_kept_and_falls_to_a_quarter_on_loss():
    wire, clock = Counter(), Clock()
    one = sender(wire, clock, packets_per_second=100.0)
    for _ in range(101):
        one.send("10.0.0.1", "icmp", b"x")
    assert clock.seconds == pytest.approx(1.0, abs=0.02)

    one.lost()
    for _ in range(25):
        one.send("10.0.0.1", "icmp", b"x")

    assert clock.seconds == pytest.approx(2.0, abs=0.06)


def test_a_host_bears_two_conversations_at_a_time():
    one = sender(Counter())

    with one.connection("10.0.0.1", "icmp"), one.connection("10.0.0.1", "icmp"):
        with pytest.raises(Refused, match="already has 2"), one.connection("10.0.0.1", "icmp"):
            pass
        with one.connection("10.0.0.2", "icmp"):
            pass
