"""Reading hypervisors and acting on machines, through the real virsh and libvirt's test driver."""

import pytest

from fullscore.connectors.base import Refused
from fullscore.connectors.libvirt import client
from fullscore.connectors.libvirt.plan import plan
from tests.connectors.libvirt import nodes

pytestmark = [pytest.mark.real, pytest.mark.once]

DEFAULT = "test:///default"
TEST = "6695eb01-f6a4-8304-79aa-97f2502e193f"


@pytest.fixture(autouse=True)
def virsh():
    nodes.need_virsh()


def test_fifty_machines_are_read_with_their_pool_and_network(tmp_path):
    rows = [nodes.domain(n, is_off=n % 10 == 0, saved="old" if n == 7 else "") for n in range(50)]
    uri = nodes.node(tmp_path, *rows, memory_gib=64)

    read = client.read(client.here, uri)

    assert (len(read.machines), read.errors) == (50, ())
    assert (read.host.memory_bytes, read.host.cpu_count) == (64 << 30, 32)
    assert sum(m.state == "running" for m in read.machines) == 45
    seven = next(m for m in read.machines if m.uuid == nodes.uuid(7))
    assert (seven.name, seven.memory_bytes, seven.cpu_count) == ("web07", 1 << 30, 2)
    assert [(d.target, d.source) for d in seven.disks] == [("vda", "/pool/web07.qcow2")]
    assert (seven.macs, seven.networks) == (("52:54:00:00:00:07",), ("lan",))
    assert [(s.name, s.taken_at.timestamp()) for s in seven.snapshots] == [("old", 1790000000)]
    assert [(p.name, p.path) for p in read.pools] == [("images", "/pool")]
    assert [(n.name, n.forward, n.bridge) for n in read.networks] == [("lan", "route", "br0")]


def test_a_running_machine_tells_its_address():
    read = client.read(client.here, DEFAULT)

    assert [(m.name, m.addresses) for m in read.machines] == [("test", ("192.168.122.3",))]


def test_nobody_there_is_a_sentence():
    with pytest.raises(Refused, match="does not answer"):
        client.read(client.here, "test:///no/such/file.xml")


@pytest.mark.parametrize(
    ("act", "values", "said"),
    [
        ("shutdown", {}, "Shut test down: shut off"),
        ("snapshot", {"snapshot": "before-update"}, "Save test as before-update: before-update"),
    ],
)
def test_an_act_is_done_and_looked_at(act, values, said):
    made = plan(act, TEST, name="test", values=values)

    assert client.apply(made, client.here, DEFAULT) == [said]


def test_a_machine_that_is_off_is_started(tmp_path):
    uri = nodes.node(tmp_path, nodes.domain(1, is_off=True))
    made = plan("start", nodes.uuid(1), name="web01", values={})

    assert client.apply(made, client.here, uri) == ["Start web01: running"]


def test_a_machine_goes_back_to_its_snapshot(tmp_path):
    uri = nodes.node(tmp_path, nodes.domain(1, saved="old"))
    made = plan("revert", nodes.uuid(1), name="web01", values={"snapshot": "old"})

    assert made.loses
    assert client.apply(made, client.here, uri) == ["Put web01 back to old: old"]


@pytest.mark.parametrize(
    ("act", "values", "told"),
    [
        ("start", {}, "already active"),
        ("revert", {"snapshot": "never"}, "no domain snapshot"),
        ("migrate", {"host": "no-such-host.invalid"}, "no-such-host.invalid"),
    ],
)
def test_what_the_hypervisor_refuses_is_told_in_its_words(act, values, told):
    made = plan(act, TEST, name="test", values=values)

    with pytest.raises(Refused, match=told):
        client.apply(made, client.here, DEFAULT)


@pytest.mark.parametrize(
    ("uri", "is_allowed"),
    [
        ("qemu:///system", True),
        ("xen:///", True),
        ("qemu+ssh://host/system", False),
        ("qemu+ext:///system?command=/bin/sh", False),
        ("qemu:///system?socket=/tmp/x", False),
        ("test:///etc/passwd", False),
        ("qemu:///system\n", False),
    ],
)
def test_only_addresses_that_start_no_program_are_allowed(uri, is_allowed):
    assert bool(client.URI.fullmatch(uri)) is is_allowed
