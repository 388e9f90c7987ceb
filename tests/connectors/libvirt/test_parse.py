"""What virsh prints, read: hostile texts, odd units, byte orders."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fullscore.connectors.base import Garbled, Refused
from fullscore.connectors.libvirt import parse
from fullscore.connectors.libvirt.plan import plan

pytestmark = pytest.mark.once

UUID = "11223344-5566-7788-99aa-bbccddeeff00"
XML = "<domain><name>{name}</name><memory unit='{unit}'>{memory}</memory><vcpu>2</vcpu></domain>"


def machine(stats="state.state=1", **values):
    xml = XML.format(**{"name": "web1", "unit": "KiB", "memory": "1024"} | values)
    return parse.machine(UUID, {"xml": xml, "stats": stats})


@pytest.mark.parametrize(
    ("unit", "memory", "expected"),
    [
        ("KiB", "2048", 2 << 20),
        ("MiB", "3", 3 << 20),
        ("GB", "1", 10**9),
        ("b", "77", 77),
        ("KiB", "-5", 0),
        ("KiB", "9" * 40, 0),
        ("KiB", "", 0),
    ],
    ids=["KiB", "MiB", "decimal GB", "bytes", "negative", "absurd", "empty"],
)
def test_memory_is_read_in_its_unit(unit, memory, expected):
    assert machine(unit=unit, memory=memory).memory_bytes == expected


@pytest.mark.parametrize(
    ("stats", "expected"),
    [
        ("state.state=1", "running"),
        ("state.state=5", "off"),
        ("state.state=6", "crashed"),
        ("state.state=99", "unknown"),
        ("", "unknown"),
    ],
)
def test_a_state_is_a_word(stats, expected):
    assert machine(stats).state == expected


def test_waiting_is_summed_over_the_virtual_cpus():
    stats = "state.state=1\nvcpu.0.wait=300\nvcpu.1.wait=200\nvcpu.0.time=9"

    assert machine(stats).wait_ns == 500
    assert machine().wait_ns is None


@pytest.mark.parametrize(
    "xml",
    [
        "<domain><name>cut",
        '<!DOCTYPE d [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]><domain><name>&b;</name></domain>',
        '<!DOCTYPE d [<!ENTITY f SYSTEM "file:///etc/passwd">]><domain><name>&f;</name></domain>',
    ],
    ids=["cut off", "entities that grow", "a file"],
)
def test_hostile_xml_is_garbled(xml):
    with pytest.raises(Garbled):
        parse.machine(UUID, {"xml": xml})


def test_a_guest_cannot_pretend_to_be_another():
    output = b"=m= a|one\n=other= b|two\n=m= b|three\n\x1b[31mred"

    found = parse.parts(output, "=m=")

    assert found == {"a": "one\n=other= b|two\n", "b": "three\nred"}


def test_snapshots_are_read_whatever_their_names():
    text = (
        " s1        2026-11-26 13:21:45 +0000   running\n"
        " two words   2026-01-02 03:04:05 +0100   shutoff\n"
        " Name   Creation Time   State\n---\n"
    )

    found = parse.snapshots(text)

    assert [(s.name, s.taken_at.isoformat(), s.state) for s in found] == [
        ("s1", "2026-11-26T13:21:45+00:00", "running"),
        ("two words", "2026-01-02T03:04:05+01:00", "shutoff"),
    ]


def test_addresses_are_read_from_leases():
    text = (
        " vnet0      52:54:00:aa:bb:cc    ipv4         10.0.0.5/24\n"
        " -          -                    ipv6         fe80::1/64\n garbage\n"
        " vnet1      52:54:00:aa:bb:cc    ipv4         <script>/24\n"
    )

    assert parse.addresses(text) == ["10.0.0.5", "fe80::1"]


def test_the_other_byte_order_of_a_uuid():
    assert parse.swapped(UUID) == "44332211-6655-8877-99aa-bbccddeeff00"


@given(st.uuids().map(str))
def test_swapping_twice_gives_the_same(uuid):
    assert parse.swapped(parse.swapped(uuid)) == uuid


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(raw):
    found = parse.parts(b"=m= xml|" + raw, "=m=")
    with suppress(Garbled):
        parse.machine(UUID, found)


@pytest.mark.parametrize(
    ("act", "uuid", "values"),
    [
        ("snapshot", UUID, {"snapshot": "a; destroy x"}),
        ("snapshot", UUID, {"snapshot": "--all"}),
        ("snapshot", UUID, {}),
        ("revert", UUID, {"snapshot": "a b"}),
        ("migrate", UUID, {"host": "host/system?command=x"}),
        ("start", "web1; undefine web2", {}),
        ("undefine", UUID, {}),
    ],
    ids=["a second command", "an option", "nothing", "two words", "an address", "a name", "others"],
)
def test_nothing_but_plain_words_comes_into_a_command(act, uuid, values):
    with pytest.raises(Refused):
        plan(act, uuid, name="web1", values=values)
