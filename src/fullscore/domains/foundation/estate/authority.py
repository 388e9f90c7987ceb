"""Who is believed about what: the record, or what is seen, and which source. One table, one place.

The record is *intended*; *actual* is the live claim of the highest-ranked source. Where they
differ, the attribute's policy decides: `observed` takes over what is seen, `ask` opens a difference
that a person decides, and for what is not named here the record stands: nobody but people knows an
owner, a criticality, an environment, a cost or a contract.
"""

from typing import Any, Literal

Policy = Literal["observed", "ask"]

POLICIES: dict[str, Policy] = {
    "os": "observed",
    "os_version": "observed",
    "kernel": "observed",
    "cpu_count": "observed",
    "memory_bytes": "observed",
    "serial": "observed",
    "model": "observed",
    "vendor": "observed",
    "hostname": "observed",
    "dhcp_address": "observed",
    "name": "ask",
    "site": "ask",
    "kind": "ask",
    "identity": "ask",
    "firmware": "ask",
    "address": "ask",
    "cabling": "ask",
    "vlan": "ask",
}
# How near a source stands to the thing itself: who reads it there is believed before who was told.
RANKS: dict[str, int] = {
    "probe": 60,
    "libvirt": 50,
    "cloud": 50,
    "snmp": 40,
    "scan": 30,
    "person": 20,
    "import": 10,
}
FIELDS = ("name", "site", "kind")  # columns of an item; the others stand among its attributes
# Columns that only people and their inventories say something about.
COLUMNS = ("owner", "contact", "environment", "criticality", "supported_until", "monthly_cost")
# What may be written into the record when a difference is accepted.
WRITABLE = frozenset(a for a, policy in POLICIES.items() if policy == "ask") - {"identity"}


def intended(item: Any, attribute: str) -> Any:
    """Return what the record says of an attribute; None when it says nothing."""
    if attribute == "site":
        return item.site.name if item.site_id else None
    if attribute in COLUMNS:
        value = getattr(item, attribute)
        return value if value is None or isinstance(value, int) else str(value)
    return getattr(item, attribute) if attribute in FIELDS else item.attributes.get(attribute)


def agrees(attribute: str, intended: Any, actual: Any) -> bool:
    """Say whether two values mean the same; a host may be recorded by its short or full name."""
    if attribute not in (*FIELDS, *COLUMNS):
        return bool(intended == actual)
    one, other = str(intended).lower().rstrip("."), str(actual).lower().rstrip(".")
    if attribute != "name":
        return one == other
    # “web (i-0a1)” is what a second “web” is called.
    return (
        one == other or one.startswith((f"{other}.", f"{other} (")) or other.startswith(f"{one}.")
    )
