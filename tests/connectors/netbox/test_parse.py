"""NetBox and Nautobot, both dialects, from pages written after their public documentation."""

import io
import json
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fullscore.connectors.base import Garbled
from fullscore.connectors.netbox import exports, parse

pytestmark = pytest.mark.once
RECORDINGS = Path(__file__).parent / "recordings"


def recorded(name):
    told = json.loads((RECORDINGS / f"{name}.json").read_text())
    return [(path, one) for path in parse.ENDPOINTS for one in told.get(path, [])]


def by_ref(records):
    return {one.ref: one for one in parse.things(records)}


def test_netbox_devices_stand_in_racks_and_are_known_by_vendor_and_serial():
    told = by_ref(recorded("netbox"))

    switch = told["dcim/devices/12"]
    assert (switch.kind, switch.name, switch.site) == ("device", "sw-lj-1", "Ljubljana")
    assert switch.words == (("serial", "FOC1234X0YZ", "Cisco"), ("address", "10.0.0.2", ""))
    assert switch.links == (("located_in", "dcim/racks/3"),)
    assert switch.attributes["model"] == "C9300-48P"
    assert switch.attributes["contract"] == "gold"
    assert switch.values == {"state": "active"}
    assert switch.tags == ("core",)


def test_a_role_says_what_a_device_is():
    told = by_ref(recorded("netbox"))

    assert told["dcim/devices/13"].kind == "host"  # device_role, as before NetBox 3.6


def test_netbox_machines_run_on_clusters_and_carry_bytes():
    vm = by_ref(recorded("netbox"))["virtualization/virtual-machines/5"]

    assert vm.links == (("runs_on", "virtualization/clusters/1"),)
    assert vm.attributes["memory_bytes"] == 8_192_000_000
    assert vm.attributes["cpu_count"] == 4


def test_cables_join_interfaces_in_either_dialect():
    netbox, nautobot = by_ref(recorded("netbox")), by_ref(recorded("nautobot"))

    assert netbox["dcim/interfaces/100"].name == "sw-lj-1:Gi1/0/1"
    assert ("connects", "dcim/interfaces/101") in netbox["dcim/interfaces/100"].links
    one = nautobot["dcim/interfaces/aaaaaaaa-0000-4000-8000-000000000001"]
    assert ("connects", "dcim/interfaces/aaaaaaaa-0000-4000-8000-000000000002") in one.links


def test_the_top_of_a_nautobot_tree_is_a_site_and_the_rest_are_rooms():
    told = by_ref(recorded("nautobot"))
    kinds = {one.name: (one.kind, one.site) for one in told.values() if "locations" in one.ref}
    device = next(one for one in told.values() if one.name == "rtr1")

    assert kinds == {"Maribor": ("site", ""), "Floor 2": ("room", "Maribor")}
    assert device.site == "Maribor"
    assert device.values == {"state": "active"}  # a status with a name
    assert device.links[0][1].startswith("dcim/locations/")


def test_circuits_carry_bits_and_vlans_their_number():
    told = by_ref(recorded("netbox"))

    circuit, vlan = told["circuits/circuits/9"], told["ipam/vlans/4"]
    assert (circuit.name, circuit.attributes["committed_bits_per_second"]) == (
        "Telekom LJ-001", 1_000_000_000,
    )  # fmt: skip
    assert vlan.name == "100 users"


def test_an_interface_of_nothing_is_an_error_of_its_own():
    (told,) = parse.things([("dcim/interfaces", {"id": 1, "name": "eth0"})])

    assert "no device" in told.error


json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=8)),
    lambda inner: st.one_of(st.lists(inner, max_size=3),
                            st.dictionaries(st.sampled_from(["id", "name", "site", "parent"]),
                                            inner, max_size=3)),
    max_leaves=8,
)  # fmt: skip
FIELDS = ("id", "name", "site", "location", "parent", "device", "status", "tags", "role", "cluster",
          "device_type", "custom_fields", "serial", "memory", "vcpus", "a_terminations", "scope",
          "b_terminations", "assigned_object", "address", "provider", "vid", "rack", "tenant",
          "power_panel", "interfaces", "commit_rate")  # fmt: skip


@given(
    st.lists(
        st.tuples(
            st.sampled_from(parse.ENDPOINTS),
            st.dictionaries(st.sampled_from(FIELDS), json_values, max_size=8),
        ),
        max_size=4,
    )
)
def test_whatever_a_record_holds_it_is_read_or_passed_over(records):
    told = parse.things(records)

    assert len(told) == sum(1 for path, _ in records if path in parse.READERS)


# ── exports ────────────────────────────────────────────────────────────────────────────────────


def zipped(**files):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name.replace("__", "."), text)
    return out.getvalue()


def test_a_folder_of_exports_is_read_in_order():
    device = {"id": 1, "name": "sw1", "site": {"name": "Lj"}}
    content = zipped(devices__json=json.dumps({"results": [device]}),
                     netbox_sites__csv="name,status\nLj,active\n")  # fmt: skip

    told = parse.things(exports.records(content))

    assert [(one.kind, one.name, one.site) for one in told] == [
        ("site", "Lj", ""), ("device", "sw1", "Lj"),
    ]  # fmt: skip


def test_a_csv_of_a_list_says_vendor_and_model():
    rows = exports.read("devices.csv", b"name,manufacturer,type,serial,site\nsw1,Cisco,C93,F1,Lj\n")

    (told,) = parse.things([("dcim/devices", one) for one in rows])

    assert told.words == (("serial", "F1", "Cisco"),)
    assert told.attributes["model"] == "C93"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        pytest.param(b"PK", "cannot be read", id="no archive"),
        pytest.param(zipped(readme__txt="x"), "no export", id="nothing known in it"),
        pytest.param(zipped(devices__json="{"), "cannot be read", id="broken JSON"),
        pytest.param(zipped(devices__json="7"), "no list", id="no list"),
        pytest.param(zipped(devices__json=" " * 3_000_000), "unpacks to", id="a bomb"),
    ],
)
def test_an_archive_that_is_none_is_refused(content, why):
    with pytest.raises(Garbled, match=why):
        exports.records(content)
