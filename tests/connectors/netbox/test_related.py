"""What related records and cables say: written by hand in the shape that both products document.

Nautobot 2 at depth 1: a related record is told with its own fields, and those related to it as
`{"id", "object_type", "url"}`.
"""

import pytest

from fullscore.connectors.netbox import parse

pytestmark = pytest.mark.once
API = "https://nautobot.example.org/api"


def brief(path, ident, sort):
    return {"id": ident, "object_type": sort, "url": f"{API}/{path}/{ident}/"}


def place(ident, parent=None):
    return brief("dcim/locations", ident, "dcim.location") if ident else parent


LOCATION_TYPES = [{"id": f"lt-{name.lower()}", "name": name} for name in
                  ("Region", "Site", "Floor")]  # fmt: skip
LOCATIONS = [
    {"id": "l-eu", "name": "Europe", "parent": None,
     "location_type": brief("dcim/location-types", "lt-region", "dcim.locationtype")},
    {"id": "l-mb", "name": "Maribor", "parent": place("l-eu"),
     "location_type": brief("dcim/location-types", "lt-site", "dcim.locationtype")},
    {"id": "l-f2", "name": "Floor 2", "parent": place("l-mb"),
     "location_type": brief("dcim/location-types", "lt-floor", "dcim.locationtype")},
]  # fmt: skip
NAUTOBOT = [
    *(("dcim/location-types", one) for one in LOCATION_TYPES),
    *(("dcim/locations", one) for one in LOCATIONS),
    ("dcim/manufacturers", {"id": "m-1", "name": "Juniper"}),
    ("dcim/device-types", {"id": "dt-1", "model": "MX204",
                           "manufacturer": brief("dcim/manufacturers", "m-1",
                                                 "dcim.manufacturer")}),
    ("extras/roles", {"id": "r-1", "name": "Firewall"}),
    ("dcim/platforms", {"id": "p-1", "name": "Junos"}),
    ("extras/statuses", {"id": "s-1", "name": "Active"}),
    ("dcim/racks", {"id": "ra-1", "name": "R1", "location": place("l-f2")}),
    ("virtualization/clusters", {"id": "c-1", "name": "kvm", "location": place("l-mb")}),
    ("dcim/devices", {
        "id": "d-1", "name": "fw1", "serial": "JN1", "location": place("l-f2"),
        "rack": brief("dcim/racks", "ra-1", "dcim.rack"),
        "role": brief("extras/roles", "r-1", "extras.role"),
        "status": brief("extras/statuses", "s-1", "extras.status"),
        "platform": brief("dcim/platforms", "p-1", "dcim.platform"),
        # at depth 1 the type is told, and its maker is not
        "device_type": {"id": "dt-1", "object_type": "dcim.devicetype", "model": "MX204",
                        "url": f"{API}/dcim/device-types/dt-1/",
                        "manufacturer": brief("dcim/manufacturers", "m-1", "dcim.manufacturer")},
    }),
    ("virtualization/virtual-machines", {
        "id": "v-1", "name": "vm1",
        "cluster": brief("virtualization/clusters", "c-1", "virtualization.cluster")}),
    ("dcim/interfaces", {"id": "i-1", "name": "ge-0/0/0",
                         "device": brief("dcim/devices", "d-1", "dcim.device")}),
    ("virtualization/interfaces", {
        "id": "vi-1", "name": "eth0", "mac_address": "00:1B:21:AA:BB:08",
        "virtual_machine": brief("virtualization/virtual-machines", "v-1",
                                 "virtualization.virtualmachine")}),
    ("ipam/ip-addresses", {
        "id": "a-1", "address": "10.0.0.5/24", "interfaces": [],
        "vm_interfaces": [brief("virtualization/interfaces", "vi-1",
                                "virtualization.vminterface")]}),
    ("ipam/ip-addresses", {"id": "a-2", "address": "10.0.0.1/24"}),
    ("ipam/ip-address-to-interface", {
        "id": "x-1", "ip_address": brief("ipam/ip-addresses", "a-2", "ipam.ipaddress"),
        "interface": brief("dcim/interfaces", "i-1", "dcim.interface"), "vm_interface": None}),
]  # fmt: skip


def read(records):
    return {one.ref: one for one in parse.things(records)}


def test_what_nautobot_names_by_id_alone_is_found_among_what_was_read():
    told = read(NAUTOBOT)

    device = told["dcim/devices/d-1"]
    assert (device.kind, device.site, device.values) == ("firewall", "Maribor",
                                                         {"state": "active"})  # fmt: skip
    assert device.attributes["vendor"] == "Juniper"
    assert device.attributes["os"] == "Junos"
    assert ("serial", "JN1", "Juniper") in device.words
    assert told["dcim/racks/ra-1"].site == "Maribor"
    assert told["dcim/interfaces/i-1"].name == "fw1:ge-0/0/0"
    assert told["dcim/interfaces/i-1"].site == "Maribor"
    assert told["virtualization/virtual-machines/v-1"].site == "Maribor"


def test_a_region_is_no_site_and_no_room():
    told = read(NAUTOBOT)

    places = {one.name: one.kind for one in told.values() if one.kind in ("site", "room")}
    assert places == {"Maribor": "site", "Floor 2": "room"}
    assert told["dcim/locations/l-f2"].site == "Maribor"


def test_a_related_record_that_nobody_told_has_no_name_instead_of_a_number():
    (told,) = parse.things([("dcim/devices", {
        "id": "d-1", "name": "fw1", "location": place("l-9"),
        "role": brief("extras/roles", "r-9", "extras.role")})])  # fmt: skip

    assert told.site == ""
    assert "role" not in told.attributes


def test_machines_have_interfaces_and_their_addresses():
    told = read(NAUTOBOT)

    interface = told["virtualization/interfaces/vi-1"]
    assert (interface.name, interface.kind) == ("vm1:eth0", "interface")
    assert interface.links == (("part_of", "virtualization/virtual-machines/v-1"),)
    assert interface.words == (("mac", "00:1B:21:AA:BB:08", ""),)
    assert told["virtualization/virtual-machines/v-1"].words == (("address", "10.0.0.5", ""),)
    assert ("address", "10.0.0.1", "") in told["dcim/devices/d-1"].words


# ── cables ─────────────────────────────────────────────────────────────────────────────────────


def device(number, **values):
    return "dcim/devices", {"id": number, "name": f"d{number}", "site": {"id": 1, "name": "Lj"},
                            **values}  # fmt: skip


def interface(number, of):
    return "dcim/interfaces", {"id": number, "name": f"e{number}", "device": {"id": of}}


def cable(one, other):
    """Return a cable as NetBox tells it since 3.3."""
    ends = [[{"object_type": sort, "object_id": number}] for sort, number in (one, other)]
    return "dcim/cables", {"id": 1, "a_terminations": ends[0], "b_terminations": ends[1]}


def port(kind, number, **values):
    return f"dcim/{kind}-ports", {"id": number, "name": str(number), "device": {"id": 9},
                                  **values}  # fmt: skip


def connections(records):
    return {(ref, other) for ref, one in read(records).items()
            for kind, other in one.links if kind == "connects"}  # fmt: skip


@pytest.mark.parametrize("is_new", [False, True], ids=["one rear port", "NetBox 4.5"])
def test_a_cable_is_followed_through_two_panels_at_its_position(is_new):
    def front(number, rear, position):
        told = {"rear_port": {"id": rear}, "rear_port_position": position}
        return port("front", number, **({"rear_ports": [told]} if is_new else told))

    panels = [
        front(11, 1, 1), front(12, 1, 2), port("rear", 1), front(21, 2, 1), front(22, 2, 2),
        port("rear", 2), cable(("dcim.rearport", 1), ("dcim.rearport", 2)),
    ]  # fmt: skip
    leads = [
        cable(("dcim.interface", 101), ("dcim.frontport", 11)),
        cable(("dcim.interface", 102), ("dcim.frontport", 12)),
        cable(("dcim.frontport", 21), ("dcim.interface", 201)),
        cable(("dcim.frontport", 22), ("dcim.interface", 202)),
    ]

    told = connections([device(1), device(2), *(interface(n, n // 100) for n in
                        (101, 102, 201, 202)), *panels, *leads])  # fmt: skip

    assert told == {
        ("dcim/interfaces/101", "dcim/interfaces/201"),
        ("dcim/interfaces/102", "dcim/interfaces/202"),
    }


def test_a_circuit_connects_what_is_at_either_end_and_says_where():
    def end(number, side, site):
        return "circuits/circuit-terminations", {
            "id": number, "circuit": {"id": 7}, "term_side": side, "site": {"id": 1, "name": site},
        }  # fmt: skip

    told = [
        device(1), device(2), interface(101, 1), interface(201, 2), end(1, "A", "Lj"),
        end(2, "Z", "Mb"), ("circuits/circuits", {"id": 7, "cid": "T-1",
                                                  "provider": {"id": 1, "name": "Telco"}}),
        cable(("dcim.interface", 101), ("circuits.circuittermination", 1)),
        cable(("circuits.circuittermination", 2), ("dcim.interface", 201)),
    ]  # fmt: skip

    assert connections(told) == {
        ("dcim/interfaces/101", "circuits/circuits/7"),
        ("dcim/interfaces/201", "circuits/circuits/7"),
    }
    circuit = read(told)["circuits/circuits/7"]
    assert (circuit.attributes["a_end"], circuit.attributes["z_end"]) == ("Lj", "Mb")


def test_power_comes_from_feeds_and_outlets():
    told = read([
        device(1), device(2), ("dcim/power-feeds", {"id": 5, "name": "A"}),
        ("dcim/power-ports", {"id": 31, "device": {"id": 1}}),
        ("dcim/power-outlets", {"id": 41, "device": {"id": 2}}),
        ("dcim/power-ports", {"id": 32, "device": {"id": 2}}),
        cable(("dcim.powerport", 31), ("dcim.poweroutlet", 41)),
        cable(("dcim.powerfeed", 5), ("dcim.powerport", 32)),
    ])  # fmt: skip

    assert ("powered_by", "dcim/devices/2") in told["dcim/devices/1"].links
    assert ("powered_by", "dcim/power-feeds/5") in told["dcim/devices/2"].links


def test_panels_wired_in_a_circle_end():
    loop = [
        port("front", 1, rear_port={"id": 1}), port("front", 2, rear_port={"id": 2}),
        cable(("dcim.rearport", 1), ("dcim.frontport", 2)),
        cable(("dcim.rearport", 2), ("dcim.frontport", 1)),
        cable(("dcim.interface", 101), ("dcim.frontport", 1)),
    ]  # fmt: skip

    assert connections([device(1), interface(101, 1), *loop]) == set()
