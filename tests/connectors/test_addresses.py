"""Which addresses are refused, however they are written."""

import socket
from ipaddress import IPv4Address, IPv6Address, ip_network

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from fullscore.connectors.addresses import METADATA, lies_in, objection, read
from fullscore.connectors.guard import look_up

pytestmark = pytest.mark.once

REFUSED = [
    ("127.0.0.1", "this machine"),
    ("127.255.255.254", "this machine"),
    ("::1", "this machine"),
    ("0.0.0.0", "unspecified"),
    ("0.1.2.3", "unspecified"),
    ("::", "unspecified"),
    ("10.0.0.1", "private"),
    ("172.16.0.1", "private"),
    ("172.31.255.255", "private"),
    ("192.168.1.1", "private"),
    ("100.64.0.1", "private"),
    ("fd12:3456::1", "private"),
    ("fc00::1", "private"),
    ("169.254.1.1", "link-local"),
    ("fe80::1", "link-local"),
    ("fe80::1%lo", "link-local"),
    ("224.0.0.1", "multicast"),
    ("239.255.255.250", "multicast"),
    ("ff02::1", "multicast"),
    ("255.255.255.255", "reserved"),
    ("240.0.0.1", "reserved"),
    ("192.0.2.1", "reserved"),
    ("198.18.0.1", "reserved"),
    ("198.51.100.7", "reserved"),
    ("203.0.113.7", "reserved"),
    ("192.88.99.1", "reserved"),
    ("2001:db8::1", "reserved"),
    ("3fff::1", "reserved"),
    ("2001:0:4136:e378:8000:63bf:3fff:fdd2", "reserved"),
    ("fec0::1", "reserved"),
    ("5f00::1", "reserved"),
    ("100::1", "reserved"),
    ("64:ff9b:1::1", "reserved"),
    ("169.254.169.254", "metadata"),
    ("fd00:ec2::254", "metadata"),
    ("fd20:ce::254", "metadata"),
    ("100.100.100.200", "metadata"),
    ("192.0.0.192", "metadata"),
    ("168.63.129.16", "metadata"),
    ("::ffff:127.0.0.1", "this machine"),
    ("::ffff:7f00:1", "this machine"),
    ("::ffff:169.254.169.254", "metadata"),
    ("::127.0.0.1", "reserved"),
    ("::ffff:0:10.0.0.1", "reserved"),
    ("64:ff9b::7f00:1", "this machine"),
    ("64:ff9b::10.0.0.1", "private"),
    ("64:ff9b::169.254.169.254", "metadata"),
    ("2002:7f00:1::1", "this machine"),
    ("2002:c0a8:101::", "private"),
    ("2002:a9fe:a9fe::1", "metadata"),
    ("example.org", "not an address"),
    ("", "not an address"),
]
ORDINARY = [
    "1.1.1.1",
    "93.184.215.14",
    "172.15.255.255",
    "172.32.0.0",
    "100.63.255.255",
    "100.128.0.0",
    "192.0.1.0",
    "198.17.255.255",
    "198.20.0.0",
    "223.255.255.255",
    "2606:4700:4700::1111",
    "2001:200::1",
    "2a00:1450::1",
    "::ffff:1.1.1.1",
    "64:ff9b::1.1.1.1",
    "2002:101:101::1",
]


@pytest.mark.parametrize(("address", "why"), REFUSED, ids=[address for address, _ in REFUSED])
def test_a_special_address_is_refused_and_the_reason_said(address, why):
    assert why in objection(address)


@pytest.mark.parametrize("address", ORDINARY)
def test_an_ordinary_public_address_may_be_reached(address):
    assert objection(address) is None


@pytest.mark.parametrize(
    "spelling",
    [
        pytest.param("2130706433", id="decimal"),
        pytest.param("0x7f000001", id="hexadecimal"),
        pytest.param("017700000001", id="octal"),
        pytest.param("0177.0.0.1", id="an octal part"),
        pytest.param("0x7f.1", id="two parts"),
        pytest.param("127.1", id="short"),
        pytest.param("0", id="nothing at all"),
        pytest.param("0xa9fea9fe", id="metadata in hexadecimal"),
        pytest.param("2852039166", id="metadata in decimal"),
        pytest.param("::ffff:127.0.0.1", id="mapped"),
        pytest.param("localhost", id="by name"),
    ],
)
def test_every_spelling_the_system_understands_is_judged_by_where_it_leads(spelling):
    try:
        found = look_up(spelling, 443)
    except socket.gaierror:
        return  # a system that does not understand the spelling cannot be led astray by it

    assert found
    assert all(objection(address) for address in found)


@pytest.mark.parametrize(
    ("address", "allowed", "is_open"),
    [
        pytest.param("10.1.2.3", "10.1.0.0/16", True, id="inside"),
        pytest.param("10.2.0.0", "10.1.0.0/16", False, id="next to it"),
        pytest.param("::ffff:10.1.2.3", "10.1.0.0/16", True, id="mapped is the same host"),
        pytest.param("fd12::1", "fd12::/16", True, id="IPv6"),
        pytest.param("fe80::1%lo", "fe80::/10", True, id="with a zone"),
        pytest.param("64:ff9b::10.1.2.3", "10.1.0.0/16", False, id="translated goes elsewhere"),
        pytest.param("169.254.169.254", "169.254.0.0/16", False, id="metadata in a wide network"),
        pytest.param("169.254.169.254", "0.0.0.0/0", False, id="metadata in everything"),
        pytest.param("169.254.169.254", "169.254.169.254/32", True, id="metadata named alone"),
        pytest.param("fd00:ec2::254%lo", "fd00::/8", False, id="metadata with a zone"),
        pytest.param("64:ff9b::a9fe:a9fe", "64:ff9b::/96", False, id="metadata translated"),
        pytest.param("::169.254.169.254", "::/0", False, id="metadata, IPv4-compatible"),
        pytest.param("::ffff:0:a9fe:a9fe", "::/0", False, id="metadata, IPv4-translated"),
    ],
)
def test_an_operator_can_open_a_network(address, allowed, is_open):
    assert (objection(address, [ip_network(allowed)]) is None) == is_open


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_is_judged_alike_in_all_its_ipv6_forms(address):
    mapped = IPv6Address(0xFFFF << 32 | int(address))
    translated = IPv6Address(int(IPv6Address("64:ff9b::")) | int(address))
    tunnelled = IPv6Address(0x2002 << 112 | int(address) << 80 | 1)

    assert objection(str(mapped)) == objection(str(address))
    assert objection(str(translated)) == objection(str(address))
    assert objection(str(tunnelled)) == objection(str(address))


# Where we differ from Python on purpose: what leads through a translator is judged by where it
# leads (above), and nobody needs the relays and protocol assignments that count as global.
JUDGED_OTHERWISE = [ip_network(text) for text in ("64:ff9b::/96", "192.88.99.0/24", "192.0.0.0/24")]


@given(st.ip_addresses())
def test_what_python_calls_private_or_reserved_is_never_reached(address):
    meant = read(str(address))
    assume(not lies_in(meant, JUDGED_OTHERWISE))

    if meant.is_private or meant.is_multicast or meant.is_reserved or meant.is_link_local:
        assert objection(str(address))


@given(st.ip_addresses(v=4))
def test_what_python_calls_global_is_reached(address):
    assume(not lies_in(address, JUDGED_OTHERWISE) and address not in METADATA)

    if address.is_global and not address.is_multicast:
        assert objection(str(address)) is None


def test_a_mapped_address_reads_as_the_ipv4_address_the_kernel_speaks_to():
    assert read("::ffff:10.0.0.1") == IPv4Address("10.0.0.1")
    assert read("printer.example.org") is None
