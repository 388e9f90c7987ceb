"""What NetBox and Nautobot say, as things of an inventory. Pure; both dialects.

Sources: the REST documentation of NetBox (https://netboxlabs.com/docs/netbox/, 3.3 to 4.x) and of
Nautobot 2 (https://docs.nautobot.com). Where they differ: a status is an object with a value
(NetBox), an object with a name (Nautobot, depth 1) or a text (exports, older versions); Nautobot
has one tree of locations, typed, where NetBox has regions, sites and locations; a role is
`device_role` before NetBox 3.6; ends of a cable are lists (NetBox) or one object each (Nautobot);
ids are numbers or UUIDs.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from fullscore.connectors.inventory.shapes import Thing
from fullscore.connectors.netbox import cabling
from fullscore.connectors.netbox.cabling import key_of
from fullscore.connectors.netbox.resolving import resolved

Record = Mapping[str, Any]
# In the order in which they are read: what others stand in comes first. Path, and whether a product
# that does not have it may answer 404.
# What makes no thing of its own tells what others are called, or where a cable leads.
ENDPOINTS: tuple[str, ...] = (
    "dcim/sites", "dcim/location-types", "dcim/locations", "dcim/manufacturers",
    "dcim/device-types", "dcim/platforms", "extras/roles", "extras/statuses", "tenancy/tenants",
    "dcim/racks", "dcim/power-panels", "dcim/power-feeds", "virtualization/cluster-types",
    "virtualization/clusters", "dcim/devices", "virtualization/virtual-machines",
    "dcim/interfaces", "virtualization/interfaces", "dcim/front-ports", "dcim/rear-ports",
    "dcim/power-ports", "dcim/power-outlets", "dcim/cables", "ipam/vlans", "ipam/ip-addresses",
    "ipam/ip-address-to-interface", "circuits/providers", "circuits/circuits",
    "circuits/circuit-terminations",
)  # fmt: skip
# Types of locations that hold sites rather than being one.
REGIONS = ("region", "continent", "country", "global")
STATES = {
    "planned": "planned", "staged": "staged", "staging": "staged", "inventory": "staged",
    "provisioning": "staged", "active": "active", "offline": "active", "failed": "active",
    "connected": "active", "decommissioning": "retiring", "retired": "retired",
    "decommissioned": "retired", "deprovisioning": "retiring", "reserved": "planned",
    "available": "planned", "deprecated": "retiring",
}  # fmt: skip
ROLES = (
    ("firewall", "firewall"), ("load balancer", "load balancer"),
    ("wireless controller", "wireless controller"), ("hypervisor", "hypervisor"),
    ("server", "host"), ("storage", "storage"),
)  # fmt: skip


def things(records: Sequence[tuple[str, Record]]) -> list[Thing]:
    """Return (endpoint, record) pairs as things, with addresses and cables joined to theirs."""
    records = resolved(records)
    made: list[Thing] = []
    addresses: dict[str, list[tuple[str, str, str]]] = {}
    ends: dict[str, dict[str, str]] = {}
    for endpoint, record in records:
        if endpoint in ("ipam/ip-addresses", "ipam/ip-address-to-interface"):
            for ref, word in _address(record):
                addresses.setdefault(ref, []).append(word)
        elif endpoint == "circuits/circuit-terminations":
            ref = f"circuits/circuits/{key_of(record.get('circuit'))}"
            ends.setdefault(ref, {}).update(_circuit_end(record))
    cables = cabling.links(records)
    for line, (endpoint, record) in enumerate(records, 1):
        read = READERS.get(endpoint)
        one = read(line, record) if read is not None else None
        if one is not None:
            one = replace(one, attributes={**one.attributes, **ends.get(one.ref, {})})
            made.append(_joined(one, addresses, cables))
    return made


def _joined(
    one: Thing,
    addresses: Mapping[str, list[tuple[str, str, str]]],
    cables: Mapping[str, list[tuple[str, str]]],
) -> Thing:
    words = (*one.words, *addresses.get(one.ref, ()))
    links = (*one.links, *cables.get(one.ref, ()))
    return replace(one, words=tuple(dict.fromkeys(words)), links=links)


# ── the words both dialects use ────────────────────────────────────────────────────────────────


def name_of(value: Any) -> str:
    """Return what a related record is called, however deep it was told."""
    if isinstance(value, Mapping):
        for key in ("name", "display", "model", "label", "value", "slug"):
            if value.get(key) not in (None, ""):
                return str(value[key])
        return ""
    return "" if value is None else str(value)


def state_of(record: Record) -> dict[str, str]:
    """Return the state that a status means; an unknown one says nothing."""
    status = record.get("status")
    if isinstance(status, Mapping):
        status = status.get("value") or status.get("name") or status.get("label") or ""
    state = STATES.get(str(status or "").strip().lower().replace("_", " "))
    return {"state": state} if state else {}


def site_of(record: Record) -> str:
    """Return the site: of NetBox its name, of Nautobot the one in the location's tree."""
    if record.get("site"):
        return name_of(record["site"])
    return name_of(_site_among(record.get("location")))


def _site_among(place: Any) -> Any:
    """Return the location of a tree that is a site: the uppermost that is no region."""
    chain = [place]
    while isinstance(chain[-1], Mapping) and chain[-1].get("parent") and len(chain) < 20:
        chain.append(chain[-1]["parent"])
    return next((one for one in reversed(chain) if not _is_region(one)), chain[-1])


def _is_region(place: Any) -> bool:
    sort = name_of(place.get("location_type")) if isinstance(place, Mapping) else ""
    return any(word in REGIONS for word in sort.lower().split())


def _tags(record: Record) -> tuple[str, ...]:
    told = record.get("tags") or ()
    listed = told if isinstance(told, list | tuple) else str(told).split(",")
    return tuple(dict.fromkeys(name_of(tag)[:60] for tag in listed if name_of(tag)))


def _extras(record: Record, **own: Any) -> dict[str, Any]:
    """Return what has no field of its own: tenant, tags, custom fields."""
    told = {name: value for name, value in own.items() if value not in (None, "", [], {})}
    for name in ("tenant", "asset_tag", "description"):
        if value := name_of(record.get(name)):
            told[name] = value[:300]
    custom = record.get("custom_fields")
    for name, value in custom.items() if isinstance(custom, Mapping) else ():
        if value not in (None, "", [], {}):
            told.setdefault(str(name)[:60], _plain(value))
    return told


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return name_of(value)
    return [_plain(one) for one in value] if isinstance(value, list) else value


def _thing(line: int, path: str, record: Record, kind: str, **more: Any) -> Thing:
    name = str(record.get("name") or "").strip()
    known = {"name": name, "site": site_of(record), "values": state_of(record),
             "attributes": _extras(record), "tags": _tags(record)}  # fmt: skip
    return Thing(ref=f"{path}/{key_of(record)}", kind=kind, line=line, **known | more)


# ── one reader per endpoint ────────────────────────────────────────────────────────────────────


def _site(line: int, record: Record) -> Thing:
    attributes = _extras(record, address=record.get("physical_address"),
                         time_zone=record.get("time_zone"))  # fmt: skip
    return _thing(line, "dcim/sites", record, "site", site="", attributes=attributes)


def _location(line: int, record: Record) -> Thing | None:
    """Return a site for what is one in a Nautobot tree, a room for what lies in it."""
    if not record.get("site") and _is_region(record):
        return None
    site = record.get("site") or _site_among(record)
    if site is record:
        attributes = _extras(record, address=record.get("physical_address"),
                             time_zone=record.get("time_zone"))  # fmt: skip
        return _thing(line, "dcim/locations", record, "site", site="", attributes=attributes)
    parent = record.get("parent")
    is_inside = bool(parent) and not _is_region(parent)
    links = (("located_in", f"dcim/locations/{key_of(parent)}"),) if is_inside else ()
    return _thing(line, "dcim/locations", record, "room", site=name_of(site), links=links)


def _rack(line: int, record: Record) -> Thing:
    units = record.get("u_height")
    return _thing(line, "dcim/racks", record, "rack", attributes=_extras(record, units=units),
                  links=_standing(record))  # fmt: skip


def _standing(record: Record) -> tuple[tuple[str, str], ...]:
    """Return where something stands, as far as that is no site."""
    if record.get("rack"):
        return (("located_in", f"dcim/racks/{key_of(record['rack'])}"),)
    place = record.get("location")
    is_site = not record.get("site") and key_of(_site_among(place)) == key_of(place)
    return (("located_in", f"dcim/locations/{key_of(place)}"),) if place and not is_site else ()


def _feed(line: int, record: Record) -> Thing:
    return _thing(line, "dcim/power-feeds", record, "power feed", site=_site_of_panel(record),
                  attributes=_extras(record, voltage=record.get("voltage"),
                                     amperage=record.get("amperage")))  # fmt: skip


def _site_of_panel(record: Record) -> str:
    panel = record.get("power_panel")
    return site_of(record) or (site_of(panel) if isinstance(panel, Mapping) else "")


def _cluster(line: int, record: Record) -> Thing:
    site = site_of(record) or (
        name_of(record.get("scope")) if record.get("scope_type") == "dcim.site" else ""
    )
    sort = name_of(record.get("type") or record.get("cluster_type"))
    attributes = _extras(record, type=sort)
    return _thing(
        line, "virtualization/clusters", record, "cluster", site=site, attributes=attributes
    )


def _device(line: int, record: Record) -> Thing:
    model = record.get("device_type") or {}
    vendor = name_of(model.get("manufacturer")) if isinstance(model, Mapping) else ""
    role = name_of(record.get("role") or record.get("device_role"))
    name = str(record.get("name") or "").strip() or name_of(record.get("display"))
    serial = str(record.get("serial") or "").strip()
    attributes = _extras(
        record, vendor=vendor, role=role, os=name_of(record.get("platform")),
        model=model.get("model") if isinstance(model, Mapping) else name_of(model),
        position=record.get("position"), serial=serial,
    )  # fmt: skip
    links = [*_standing(record)]
    if record.get("cluster"):
        links.append(("member_of", f"virtualization/clusters/{key_of(record['cluster'])}"))
    return _thing(
        line, "dcim/devices", record, _kind_of(role), name=name, attributes=attributes,
        words=((("serial", serial, vendor),) if serial else ()), links=tuple(links),
    )  # fmt: skip


def _kind_of(role: str) -> str:
    spelled = role.lower().replace("-", " ").replace("_", " ")
    return next((kind for word, kind in ROLES if word in spelled), "device")


def _vm(line: int, record: Record) -> Thing:
    memory = record.get("memory")  # MB, by both
    links = []
    if record.get("cluster"):
        links.append(("runs_on", f"virtualization/clusters/{key_of(record['cluster'])}"))
    site = _site_of_machine(record)
    attributes = _extras(
        record, os=name_of(record.get("platform")), cpu_count=_whole(record.get("vcpus")),
        memory_bytes=_whole(memory, 1_000_000), role=name_of(record.get("role")),
    )  # fmt: skip
    return _thing(line, "virtualization/virtual-machines", record, "vm", site=site,
                  attributes=attributes, links=tuple(links))  # fmt: skip


def _whole(value: Any, times: int = 1) -> int | None:
    try:
        return int(float(value) * times) if value not in (None, "") else None
    except (TypeError, ValueError, OverflowError):
        return None


def _interface(line: int, record: Record) -> Thing:
    """Return an interface by the name of its device: on every switch there is an `eth0`."""
    device = record.get("device")
    mac = str(record.get("mac_address") or name_of(record.get("primary_mac_address")) or "")
    error = "" if device else "It belongs to no device."
    return _thing(
        line, "dcim/interfaces", record, "interface",
        name=f"{name_of(device)}:{record.get('name') or ''}",
        site=site_of(device) if isinstance(device, Mapping) else "", values={},
        attributes=_extras(record, type=name_of(record.get("type")), mtu=record.get("mtu")),
        words=((("mac", mac, ""),) if mac else ()),
        links=(("part_of", f"dcim/devices/{key_of(device)}"),), error=error,
    )  # fmt: skip


def _vm_interface(line: int, record: Record) -> Thing:
    machine = record.get("virtual_machine")
    ref = f"virtualization/virtual-machines/{key_of(machine)}"
    mac = str(record.get("mac_address") or name_of(record.get("primary_mac_address")) or "")
    return _thing(
        line, "virtualization/interfaces", record, "interface",
        name=f"{name_of(machine)}:{record.get('name') or ''}",
        site=_site_of_machine(machine) if isinstance(machine, Mapping) else "", values={},
        attributes=_extras(record, mtu=record.get("mtu")),
        words=((("mac", mac, ""),) if mac else ()), links=(("part_of", ref),),
        error="" if machine else "It belongs to no virtual machine.",
    )  # fmt: skip


def _site_of_machine(record: Record) -> str:
    cluster = record.get("cluster")
    return site_of(record) or (site_of(cluster) if isinstance(cluster, Mapping) else "")


def _vlan(line: int, record: Record) -> Thing:
    number = record.get("vid")
    return _thing(line, "ipam/vlans", record, "vlan",
                  name=f"{number} {record.get('name') or ''}".strip(),
                  attributes=_extras(record, vid=number))  # fmt: skip


def _circuit(line: int, record: Record) -> Thing:
    provider = name_of(record.get("provider"))
    rate = _whole(record.get("commit_rate"), 1000)  # Kbps, by both
    return _thing(
        line, "circuits/circuits", record, "circuit", site="",
        name=f"{provider} {record.get('cid') or ''}".strip(),
        attributes=_extras(record, provider=provider, committed_bits_per_second=rate,
                           contract_number=record.get("cid")),
    )  # fmt: skip


def _circuit_end(record: Record) -> dict[str, str]:
    """Return at which site a circuit ends, by side."""
    side = str(record.get("term_side") or "").lower()[:1]
    told = record.get("termination") if record.get("termination_type") == "dcim.site" else None
    site = site_of(record) or name_of(told)
    return {f"{side}_end": site} if side and site else {}


def _address(record: Record) -> Iterator[tuple[str, tuple[str, str, str]]]:
    """Yield whose an address is, and the word it makes; the prefix length is nobody's identity.

    NetBox says what it is assigned to; Nautobot 2 lists interfaces, or joins one in a record.
    """
    told = record.get("ip_address")
    address = name_of(told.get("address") if isinstance(told, Mapping) else record.get("address"))
    word = ("address", address.split("/")[0], "")
    ends = [record.get(name) for name in ("assigned_object", "interface", "vm_interface")]
    for name in ("interfaces", "vm_interfaces"):
        listed = record.get(name)
        ends += listed if isinstance(listed, list) else []
    for one in ends:
        if not word[1] or not isinstance(one, Mapping):
            continue
        if device := key_of(one.get("device")):
            yield f"dcim/devices/{device}", word
        elif machine := key_of(one.get("virtual_machine")):
            yield f"virtualization/virtual-machines/{machine}", word


READERS: Mapping[str, Callable[[int, Record], Thing | None]] = {
    "dcim/sites": _site,
    "dcim/locations": _location,
    "dcim/racks": _rack,
    "dcim/power-feeds": _feed,
    "virtualization/clusters": _cluster,
    "dcim/devices": _device,
    "virtualization/virtual-machines": _vm,
    "dcim/interfaces": _interface,
    "virtualization/interfaces": _vm_interface,
    "ipam/vlans": _vlan,
    "circuits/circuits": _circuit,
}
