"""Reading what `virsh` prints. Nothing here talks to anybody; every text is untrusted."""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from xml.etree.ElementTree import Element

from defusedxml.ElementTree import fromstring

from fullscore.connectors.base import Garbled
from fullscore.connectors.libvirt.shapes import (
    STATES,
    Disk,
    Host,
    Machine,
    Network,
    Pool,
    Snapshot,
)
from fullscore.connectors.output import readable

UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# What may stand in a command again: a snapshot of another name is shown, never acted on.
SAFE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:+-]{0,99}")
_SNAPSHOT = re.compile(r" ?(\S.*?)\s{2,}(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [+-]\d{4})\s+(\S+)\s*")
_UNITS = {"b": 1, "bytes": 1, "kb": 1000, "k": 1024, "kib": 1024, "m": 1024**2, "mib": 1024**2,
          "mb": 1000**2, "g": 1024**3, "gib": 1024**3, "gb": 1000**3, "t": 1024**4,
          "tib": 1024**4}  # fmt: skip
LONGEST = 200
MOST = 200  # disks, addresses, snapshots of one machine


def parts(output: bytes, mark: str) -> dict[str, str]:
    """Return the output of many commands by the label each was announced with.

    Before each command `MARK label|` was printed; the mark is new each time, so that no text
    of a guest can pretend to be another's.
    """
    found: dict[str, str] = {}
    for part in readable(output).split(f"{mark} ")[1:]:
        label, _, text = part.partition("|")
        found[label.strip()] = text
    return found


def uuids(text: str) -> list[str]:
    """Read `list --all --uuid` and its like: one UUID a line, anything else is left out."""
    return [line.strip() for line in text.splitlines() if UUID.fullmatch(line.strip())]


def colons(text: str) -> dict[str, str]:
    """Read `nodeinfo`, `dominfo`: a word, a colon, a value."""
    rows = (line.partition(":") for line in text.splitlines())
    return {name.strip(): value.strip() for name, colon, value in rows if colon}


def host(found: Mapping[str, str]) -> Host:
    """Read nodeinfo, hostname, version and capabilities."""
    node = colons(found.get("nodeinfo", ""))
    if "CPU(s)" not in node:
        raise Garbled("The hypervisor did not say what it is made of (`virsh nodeinfo`).")
    version = colons(found.get("version", "")).get("Running hypervisor", "")
    uuid = ""
    if text := found.get("capabilities", "").strip():
        uuid = (_xml(text, "capabilities").findtext("host/uuid") or "").strip().lower()
    return Host(
        hostname=found.get("hostname", "").strip()[:LONGEST],
        uuid=uuid if UUID.fullmatch(uuid) else "",
        version=version[:LONGEST],
        cpu_count=_number(node["CPU(s)"]),
        memory_bytes=_number(node.get("Memory size", "0").split()[0]) * 1024,
    )


def machine(uuid: str, found: Mapping[str, str]) -> Machine:
    """Read dumpxml, dominfo, domstats, domifaddr and snapshot-list of one machine."""
    root = _xml(found["xml"], "machine")
    info, stats = colons(found.get("info", "")), equals(found.get("stats", ""))
    waits = [v for k, v in stats.items() if re.fullmatch(r"vcpu\.\d+\.wait", k)]
    return Machine(
        uuid=uuid,
        name=_text(root, "name") or uuid,
        state=STATES.get(_number(stats.get("state.state", "0")), "unknown"),
        cpu_count=_number(_text(root, "vcpu") or "0"),
        memory_bytes=_bytes(root.find("memory")),
        is_persistent=info.get("Persistent", "yes") == "yes",
        starts_by_itself=info.get("Autostart", "disable") == "enable",
        macs=_all(root, "devices/interface/mac", "address"),
        networks=_all(root, "devices/interface/source", "network"),
        addresses=tuple(addresses(found.get("addresses", "")))[:MOST],
        disks=tuple(_disks(root))[:MOST],
        snapshots=tuple(snapshots(found.get("snapshots", "")))[:MOST],
        wait_ns=sum(map(_number, waits)) if waits else None,
    )


def equals(text: str) -> dict[str, str]:
    """Read `domstats --raw`: name=value."""
    rows = (line.strip().partition("=") for line in text.splitlines())
    return {name: value for name, sign, value in rows if sign}


def addresses(text: str) -> list[str]:
    """Read `domifaddr`: the last of four columns, without the prefix length."""
    rows = [line.split() for line in text.splitlines()]
    found = (r[3].partition("/")[0] for r in rows if len(r) == 4 and r[2] in ("ipv4", "ipv6"))
    return [one for one in found if re.fullmatch(r"[0-9a-fA-F.:]{2,45}", one)]


def snapshots(text: str) -> list[Snapshot]:
    """Read `snapshot-list`: name, time of making, state of the machine then."""
    found = []
    for line in text.splitlines():
        if row := _SNAPSHOT.fullmatch(line):
            name, at, state = row.groups()
            taken_at = datetime.strptime(at, "%Y-%m-%d %H:%M:%S %z")
            found.append(Snapshot(name[:LONGEST], taken_at, state[:40]))
    return found


def pool(text: str) -> Pool:
    """Read `pool-dumpxml`."""
    root = _xml(text, "storage pool")
    return Pool(
        uuid=_text(root, "uuid"), name=_text(root, "name"), kind=root.get("type", "")[:20],
        path=_text(root, "target/path"), capacity_bytes=_bytes(root.find("capacity")),
        used_bytes=_bytes(root.find("allocation")),
    )  # fmt: skip


def network(text: str) -> Network:
    """Read `net-dumpxml`."""
    root = _xml(text, "network")
    forward, bridge = root.find("forward"), root.find("bridge")
    return Network(
        uuid=_text(root, "uuid"), name=_text(root, "name"),
        forward="isolated" if forward is None else forward.get("mode", "nat")[:20],
        bridge="" if bridge is None else bridge.get("name", "")[:40],
    )  # fmt: skip


def swapped(uuid: str) -> str:
    """Return a UUID with its first three fields in the other byte order.

    SMBIOS before 2.6 and some guests write them the other way round (DMTF DSP0134, 7.2.1).
    """
    a, b, c, *rest = uuid.split("-")
    turned = [bytes.fromhex(one)[::-1].hex() for one in (a, b, c)]
    return "-".join([*turned, *rest])


def _disks(root: Element) -> Iterable[Disk]:
    for disk in root.iterfind("devices/disk"):
        source, target = disk.find("source"), disk.find("target")
        if disk.get("device", "disk") != "disk":
            continue
        told = dict(source.attrib) if source is not None else {}
        place = next((told[k] for k in ("file", "dev", "volume", "name") if k in told), "")
        name = "" if target is None else target.get("dev", "")
        yield Disk(name[:40], place[:LONGEST])


def _xml(text: str, what: str) -> Element:
    try:
        root: Element = fromstring(text.strip())
    except (SyntaxError, ValueError) as error:  # its own refusals of entities are ValueErrors
        raise Garbled(f"What the hypervisor says of a {what} is no XML we read.") from error
    return root


def _text(root: Element, path: str) -> str:
    return (root.findtext(path) or "").strip()[:LONGEST]


def _all(root: Element, path: str, attribute: str) -> tuple[str, ...]:
    found = (one.get(attribute, "") for one in root.iterfind(path))
    return tuple(dict.fromkeys(word[:LONGEST] for word in found if word))[:MOST]


def _bytes(element: Element | None) -> int:
    if element is None or not (element.text or "").strip():
        return 0
    unit = _UNITS.get(element.get("unit", "KiB").lower(), 1024)
    return _number((element.text or "0").strip()) * unit


def _number(text: str) -> int:
    """Read a number; more digits than any machine has bytes are none."""
    return int(text) if re.fullmatch(r"\d{1,18}", text) else 0
