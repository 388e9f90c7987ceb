"""Related records in full: what is told of them where they are named is not enough. Pure.

NetBox names a related record and says a few of its fields; Nautobot 2 gives
`{"id", "object_type", "url"}` below the depth asked for, so that a device at depth 1 has a device
type whose manufacturer is but an id. Whatever was read of its own is put in their place.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

Record = Mapping[str, Any]
Key = tuple[str, str]  # endpoint and id
_URL = re.compile(r"/api/(?P<endpoint>[a-z]+/[a-z-]+)/(?P<id>[^/?]+)/?$")
# Content types of Nautobot whose endpoint is not their plural with hyphens.
_TYPES = {
    "dcim.locationtype": "dcim/location-types", "dcim.devicetype": "dcim/device-types",
    "dcim.powerpanel": "dcim/power-panels", "dcim.powerfeed": "dcim/power-feeds",
    "virtualization.virtualmachine": "virtualization/virtual-machines",
    "virtualization.vminterface": "virtualization/interfaces",
    "virtualization.clustertype": "virtualization/cluster-types",
    "extras.status": "extras/statuses", "ipam.ipaddress": "ipam/ip-addresses",
}  # fmt: skip


def resolved(records: Sequence[tuple[str, Record]]) -> list[tuple[str, Record]]:
    """Return the records, each related one that was read too being that record itself.

    Records may lead back to one another: walk them no further than is asked.
    """
    made: list[tuple[str, dict[str, Any]]] = [(path, dict(one)) for path, one in records]
    known: dict[Key, dict[str, Any]] = {}
    for path, one in made:
        if one.get("id") not in (None, ""):
            known.setdefault((path, str(one["id"])), one)
    for _, one in made:
        for name, value in one.items():
            if isinstance(value, Mapping):
                one[name] = known.get(_key(value), value)
            elif isinstance(value, list):
                one[name] = [known.get(_key(v), v) if isinstance(v, Mapping) else v for v in value]
    return [(path, one) for path, one in made]


def _key(value: Record) -> Key:
    """Return where a related record stands: by its address, else by its type."""
    found = _URL.search(str(value.get("url") or ""))
    if found:
        return found["endpoint"], found["id"]
    sort = str(value.get("object_type") or "")
    return _TYPES.get(sort, f"{sort.replace('.', '/')}s"), str(value.get("id") or "")
