"""A name is looked up once, every answer is checked, and time counts."""

import threading
import time
from dataclasses import replace
from ipaddress import ip_network

import pytest

from fullscore.connectors.base import Deadline, Refused, Unreachable
from fullscore.connectors.guard import Guard, for_known_hosts

pytestmark = pytest.mark.once


def leading_to(*addresses, **options):
    return Guard(look_up=lambda _host, _port: list(addresses), **options)


def test_a_public_name_gives_all_its_addresses():
    guard = leading_to("93.184.215.14", "2606:4700:4700::1111")

    found = guard.addresses("example.org", 443, deadline=Deadline(10))

    assert list(found) == ["93.184.215.14", "2606:4700:4700::1111"]


@pytest.mark.parametrize(
    "answers",
    [
        pytest.param(["10.0.0.1"], id="the only one"),
        pytest.param(["93.184.215.14", "10.0.0.1"], id="the last one"),
        pytest.param(["10.0.0.1", "93.184.215.14"], id="the first one"),
        pytest.param(["93.184.215.14", "::ffff:10.0.0.1"], id="in disguise"),
    ],
)
def test_one_bad_answer_refuses_them_all(answers):
    with pytest.raises(Refused, match="a private network"):
        leading_to(*answers).addresses("example.org", 443, deadline=Deadline(10))


def test_an_allowed_network_does_not_open_its_neighbours():
    guard = leading_to("10.0.0.1", "10.1.0.1", allowed=(ip_network("10.0.0.0/16"),))

    with pytest.raises(Refused, match=r"10\.1\.0\.1"):
        guard.addresses("example.org", 443, deadline=Deadline(10))


def test_a_port_outside_the_list_is_refused_before_anything_is_looked_up():
    asked = []
    guard = Guard(look_up=lambda host, port: asked.append(host) or ["93.184.215.14"])

    with pytest.raises(Refused, match="Port 22"):
        guard.addresses("example.org", 22, deadline=Deadline(10))

    assert asked == []


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(OSError("no such name"), id="unknown name"),
        pytest.param(UnicodeError("label too long"), id="a name that cannot be written"),
    ],
)
def test_a_name_without_an_address_is_unreachable(error):
    def fail(host, port):
        raise error

    with pytest.raises(Unreachable, match="has no address"):
        Guard(look_up=fail).addresses("nowhere.example", 443, deadline=Deadline(10))


def test_no_answer_at_all_is_unreachable():
    with pytest.raises(Unreachable, match="has no address"):
        leading_to().addresses("nowhere.example", 443, deadline=Deadline(10))


def test_a_name_server_that_never_answers_costs_no_more_than_the_time_given():
    answered = threading.Event()
    guard = Guard(look_up=lambda host, port: answered.wait(30) and [])

    try:
        began = time.monotonic()
        with pytest.raises(Unreachable, match="in time"):
            guard.addresses("slow.example", 443, deadline=Deadline(0.1))

        assert time.monotonic() - began < 5  # generous: the machine may be busy
    finally:
        answered.set()


@pytest.mark.parametrize(
    ("allowed", "address", "is_open"),
    [
        ("", "10.0.0.7", True),
        ("", "fd00::7", True),
        ("", "127.0.0.1", False),
        ("", "169.254.169.254", False),
        ("127.0.0.0/8, 192.0.2.0/24", "127.0.0.1", True),
    ],
)
def test_known_hosts_are_private_ones_and_never_this_machine_nor_a_clouds_metadata(
    allowed, address, is_open
):
    guard = replace(for_known_hosts(allowed), look_up=lambda _host, _port: [address])

    if is_open:
        assert list(guard.addresses("host", 2222, deadline=Deadline(10))) == [address]
    else:
        with pytest.raises(Refused):
            guard.addresses("host", 2222, deadline=Deadline(10))
